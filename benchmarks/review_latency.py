"""From a key press to the next frame on the screen, in Chromium, with long curves loaded.

    uv run python -m benchmarks.review_latency [--minutes 20] [--steps 100] [--size 1280x720]

The recording carries its frame numbers in the picture. A real key press is timed from the moment
the browser received it to the first display frame after the player's canvas held the next number,
which is read from the canvas' own pixels. The clip is loaded; what is measured is the page.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mexlab.study import Study
from tests.annotate.review_study import (
    SCENE_FRAMES,
    STRIP,
    coded_session,
    constant,
    served,
)
from tests.annotate.review_study import SIZE as STRIP_SIZE
from tests.browser import browser_page

MOST_MS = 100.0  # what the median must stay under

# Notes for each right or left arrow how long it took until the canvas held another number.
WATCH = """
([strip, whole]) => {
  const film = document.getElementById('film'), context = film.getContext('2d');
  const number = () => {
    const [x, y] = [film.width / whole[0], film.height / whole[1]];
    const [left, top, width, height] = [strip[0] * x, strip[1] * y, strip[2] * x, strip[3] * y];
    const data = context.getImageData(0, 0, film.width, film.height).data;
    const white = (row, column) => {
      const px = Math.round(left + ((column + 0.5) * width) / 8);
      const py = Math.round(top + ((row + 0.5) * height) / 4);
      return data[4 * (py * film.width + px)] > 128;
    };
    let gray = 0;
    for (let bit = 1; bit < 15; bit += 1) gray = gray * 2 + white(bit < 8 ? 0 : 2, bit % 8);
    for (let shift = 1; shift < 14; shift *= 2) gray ^= gray >> shift;
    return gray;
  };
  const again = 'took' in window;
  window.took = [];
  if (again) return;
  addEventListener('keydown', async (event) => {
    if (!event.key.startsWith('Arrow')) return;
    const before = number(), wanted = before + (event.key === 'ArrowRight' ? 1 : -1);
    const display = () => new Promise((done) => requestAnimationFrame(done));
    do await display(); while (number() !== wanted);
    await display(); // what was drawn before this has been handed over to the screen
    window.took.push(performance.now() - event.timeStamp);
  }, true);
}
"""


def long_study(root: Path, minutes: float, size: tuple[int, int], hz: float = 30.0) -> Study:
    """A study with one recording of so many minutes, all of it with curves."""
    study = Study.create(root)
    count = max(2 * SCENE_FRAMES, round(minutes * 60 * hz))
    coded_session(study, "B001", constant(count, hz), ("neutral", "fear"), size=size)
    return study


@contextmanager
def opened(study: Study) -> Iterator[Any]:
    """The coding page with its clip and its curves loaded."""
    with served(study, "bench") as address, browser_page() as page:
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.goto(address)
        page.locator("#go-on").click()
        page.wait_for_selector("#film[data-frame]")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        yield page


def latencies_ms(page: Any, steps: int) -> list[float]:
    """One key press after the other, forth and back; how long each took."""
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    page.evaluate(WATCH, [list(STRIP), list(STRIP_SIZE)])
    for step in range(steps):
        page.keyboard.press("ArrowRight" if step % 40 < 30 else "ArrowLeft")
        page.wait_for_function("count => window.took.length === count", arg=step + 1)
    return list(page.evaluate("window.took"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20, help="of curves")
    parser.add_argument("--steps", type=int, default=100, help="key presses")
    parser.add_argument("--size", default="1280x720", help="of the recording, px")
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        study = long_study(Path(folder) / "study", arguments.minutes, (width, height))
        with opened(study) as page:
            for curves in ("around the clip", "of everything"):
                took = latencies_ms(page, arguments.steps)
                median, high = np.median(took), np.percentile(took, 90)
                verdict = "under" if median < MOST_MS else "NOT under"
                print(
                    f"curves {curves}: key press to frame, median {median:.0f} ms ({verdict} "
                    f"{MOST_MS:.0f} ms), 90 % under {high:.0f} ms, {len(took)} presses"
                )
                page.keyboard.press("z")
                page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
