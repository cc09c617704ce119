"""The system's chromium, headless, driven by playwright; tests that want it skip where it lacks."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
)

# Plays the video at eight times its speed to its end, then says what the browser saw.
PLAY = """
async (path) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const ended = new Promise((done) => {
    video.onended = () => done('ended');
    video.onerror = () => done('error ' + video.error.message);
  });
  video.src = path;
  video.playbackRate = 8;
  await video.play().catch((error) => error);
  const outcome = await ended;
  return {outcome, duration: video.duration, width: video.videoWidth};
}
"""


@contextmanager
def browser_page() -> Iterator["object"]:
    """A blank page."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield browser.new_page()
        browser.close()


def plays(page, video: Path) -> dict:
    """Outcome (`ended` or the error), duration in s and width in px, as the browser sees them."""
    html = video.with_name("play.html")
    html.write_text("<body></body>")
    page.goto(html.as_uri())
    found = page.evaluate(PLAY, video.name)
    html.unlink()
    return found
