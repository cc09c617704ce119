"""The whole way by the demo's own commands, on fewer and shorter simulated participants."""

import json
from dataclasses import replace

import pytest

from mexlab import demo
from mexlab.errors import InputError
from mexlab.study import Study

SMALL = demo.Size(participants=2, scene_s=4, epochs=4)


def test_the_whole_way(tmp_path, capfd):
    out = tmp_path / "demo"
    demo.run_demo(out, SMALL)
    printed = capfd.readouterr().out
    for line in (
        f"$ mexlab new {out}/study",
        f"$ annotate analyse {out}/study",
        f"$ pipeline report {out}/run",
        f"$ pipeline predict {out}/run",
        "What was made:",
        "Next, with your own recordings:",
    ):
        assert line in printed
    header = json.loads((out / "dataset" / "dataset.json").read_text())
    assert header["counts"]["subjects"] == 3
    assert (out / "run" / "report.html").stat().st_size > 10_000
    assert (out / "prediction" / "annotated.mp4").stat().st_size > 10_000
    assert len(Study.open(out / "study").sessions()) == 3


def test_a_second_demo_replaces_the_first(tmp_path):
    (tmp_path / demo.MARKER).touch()
    (tmp_path / "study").mkdir()
    demo._clear(tmp_path)
    assert not tmp_path.exists()
    demo._clear(tmp_path)


def test_what_no_demo_made_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="something no demo made is there"):
        demo.run_demo(tmp_path, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_failing_step_stops_the_demo(tmp_path):
    with pytest.raises(Exception, match="a step of the demo failed"):
        demo.run_demo(tmp_path / "demo", replace(SMALL, participants=0))


def test_the_real_face_is_not_among_the_simulated_ones():
    """Else one person would stand on two sides of a fold."""
    from collector.simulator.faces import dealt_face

    files = {dealt_face(index).file for index in range(demo.Size().participants)}
    assert not any(demo.VIDEO in file for file in files)
