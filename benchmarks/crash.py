"""`kill -9` at random moments of a recording: what is lost, and whether the rest is whole.

    uv run python -m benchmarks.crash [--times 10] [--seed 0]

Each time: record, kill, `collector recover`, decode to the end, play in Chromium, `mexlab verify`.
Ends with status 1 if anything did not hold.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from collector.recover import recover_study
from mexlab.clock import host_ns
from mexlab.study import Study
from mexlab.verify import verify_path
from mexlab.vision.video import Video
from tests.browser import browser_page, plays

MOST_LOST_S = 1.0


@dataclass(frozen=True)
class Crash:
    """One kill. Losses in s before the kill; `plays` is what Chromium said at the end."""

    after_s: float
    frames: int
    lost_video_s: float
    lost_presentation_s: float
    decoded: int
    plays: str
    problems: int

    @property
    def held(self) -> bool:
        lost = max(self.lost_video_s, self.lost_presentation_s)
        whole = self.decoded == self.frames > 0 and self.plays == "ended" and not self.problems
        return whole and lost <= MOST_LOST_S


def killed_recording(root: Path, after_s: float) -> tuple[int, int]:
    """Record into a study and kill the recorder; host times of session start and of the kill."""
    command = [sys.executable, "-m", "benchmarks.recording", str(root), "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        zero_ns = int(process.stdout.readline())
        time.sleep(after_s)
        killed_at = host_ns()
        process.kill()
    return zero_ns, killed_at


def crash(root: Path, after_s: float, page: object) -> Crash:
    """Kill, recover and look."""
    study = Study.create(root)
    zero_ns, killed_at = killed_recording(root, after_s)
    list(recover_study(study))
    (session,) = Study.open(root).sessions()
    frames = session.frames()
    video_ns = zero_ns + frames["capture_ns"][-1].as_py()
    shown_ns = zero_ns + session.presentation()["shown_ns"][-1].as_py()
    return Crash(
        after_s,
        len(frames),
        (killed_at - video_ns) / 1e9,
        (killed_at - shown_ns) / 1e9,
        sum(1 for _ in Video(session.recording_path).frames()),
        str(plays(page, session.recording_path)["outcome"]),
        len(verify_path(root)[0]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    held = 0
    with browser_page() as page:
        for _ in range(options.times):
            with tempfile.TemporaryDirectory() as folder:
                found = crash(Path(folder) / "study", rng.uniform(0.1, 12), page)
            print(found, flush=True)
            held += found.held
        print(f"{held} of {options.times} held")
    if held < options.times:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
