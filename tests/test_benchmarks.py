"""The benchmarks run, on little; their figures are for a quiet machine."""

from benchmarks.analyse import analysis_loop, bare_loop, make_session, peak_memory_bytes
from mexlab.study import Study


def test_the_analysis_benchmark_measures_both_loops_and_memory(tmp_path):
    root, name = make_session(tmp_path / "study", 1.0)
    session = Study.open(root).session(name)
    assert session.frames().num_rows == 30
    assert bare_loop(session.recording_path) > 0
    assert analysis_loop(root, name) > 0
    assert len(session.aus("landmarker")) == 30
    assert peak_memory_bytes(root, name) > 10**7
