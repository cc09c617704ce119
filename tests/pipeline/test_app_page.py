"""The explorer in a browser: filters, a clip frame by frame, and the way back to its recording."""

import base64

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.form.dataset import Dataset, frames_path
from tests.annotate.review_study import number_in
from tests.annotate.test_review_access import serious
from tests.browser import browser_page
from tests.pipeline.explorer_study import MARKS, served, traced
from tests.pipeline.synthetic_dataset import write_dataset

# Which of these encoded pictures the canvas shows to the last bit.
SHOWN = """
async ({ id, encoded }) => {
  const film = document.getElementById(id);
  const pixels = (source) => {
    const canvas = new OffscreenCanvas(film.width, film.height);
    canvas.getContext('2d').drawImage(source, 0, 0);
    return canvas.getContext('2d').getImageData(0, 0, film.width, film.height).data;
  };
  window.expected ??= await Promise.all(encoded.map(async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return pixels(await createImageBitmap(new Blob([bytes], { type: 'image/png' })));
  }));
  const shown = pixels(film);
  return [...window.expected.keys()]
    .filter((n) => shown.every((value, at) => value === window.expected[n][at]));
}
"""
# How many pixels a canvas is wide, how wide it is shown, and whether anything is drawn on it.
PAINTED = """
(id) => {
  const canvas = document.getElementById(id), { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  return [width, canvas.getBoundingClientRect().width, data.some((value) => value)];
}
"""
# Whatever does not fit in its box.
CUT = """
() => [...document.querySelectorAll(
    'button, select, h1, h2, dt, dd, output, figcaption, .keys span, .head nav, .transport, .known'
  )]
  .filter((e) => e.offsetParent && getComputedStyle(e).display !== 'inline')
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def study_and_dataset(tmp_path_factory):
    return traced(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def dataset(study_and_dataset):
    return study_and_dataset[1]


@pytest.fixture
def page():
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(10_000)
        yield page


def ready(page):
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#film[data-frame]")


def open_clip(page, address, query="?subject=P001&scene=2"):
    page.goto(f"{address}/data/1{query}")
    page.locator(".cards a").first.click()
    ready(page)


def rows_of(dataset, clip_id, columns):
    subject = clip_id.partition("-")[0]
    table = pq.read_table(frames_path(dataset, subject), columns=["clip_id", *columns])
    return [row for row in table.to_pylist() if row["clip_id"] == clip_id]


def image_in(page, canvas):
    """RGB, uint8 (height, width, 3)."""
    address = page.evaluate("(id) => document.getElementById(id).toDataURL('image/png')", canvas)
    encoded = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
    return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def source_number(page, frame):
    """The number in the recorded picture beside, once it shows the row asked for."""
    page.wait_for_selector(f"#source[data-frame='{frame}']")
    return number_in(image_in(page, "source"))


def test_a_filter_leaves_the_clips_that_meet_it(dataset, page):
    with served(dataset) as address:
        page.goto(address)
        page.wait_for_url("**/data/1")
        assert page.locator(".cards li").count() == 6
        page.locator("select[name=subject]").select_option("P002")
        page.wait_for_url("**subject=P002**")
        assert page.locator(".cards li").count() == 3
        page.locator("select[name=kind]").select_option("micro")
        page.wait_for_url("**kind=micro**")
        assert page.locator(".cards li").count() == 2
        told = page.locator(".cards li").all_text_contents()
        assert all("P002" in text for text in told)
        assert "page=" not in page.url
        assert "q=" not in page.url  # what is empty stays out of the address
        page.locator("input[name='sharpness.min']").fill("120")
        page.keyboard.press("Enter")
        page.wait_for_url("**sharpness.min=120**")
        assert page.locator(".cards li").count() == 1
        page.locator("select[name=coded]").select_option("disgust")
        page.wait_for_selector("#nothing")
        assert page.locator(".cards").count() == 0
        assert page.locator("#tally").text_content().startswith("0 ")
        page.locator("#nothing a").click()
        page.wait_for_selector(".cards")
        assert page.locator(".cards li").count() == 6


def test_counts_lead_to_the_clips_they_count(dataset, page):
    with served(dataset) as address:
        page.goto(f"{address}/data/1?by=target")
        row = page.locator(".counts tbody tr").nth(1)
        assert row.locator("td").all_text_contents() == ["1", "1", "1", "3"]
        row.locator("td a").nth(1).click()
        page.wait_for_url("**target=fear**")
        assert "subject=P002" in page.url
        assert page.locator(".cards li").count() == 1


def test_each_frame_on_the_screen_is_exactly_the_one_of_its_row(dataset, page):
    with served(dataset) as address:
        open_clip(page, address)
        clip_id = page.locator("h1").text_content()
        rows = rows_of(dataset, clip_id, ("frame", "source_frame", "image", "t_ns"))
        encoded = [base64.b64encode(row["image"]["bytes"]).decode() for row in rows]
        assert len({row["source_frame"] for row in rows}) > 40
        asked = [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("Shift+ArrowRight", 12)]
        asked += [("ArrowLeft", 11), ("End", len(rows) - 1), ("a", 17), ("ArrowRight", 18)]
        for key, frame in asked:
            page.keyboard.press(key)
            page.wait_for_selector(f"#film[data-frame='{frame}']")
            assert page.locator("#frame").text_content() == str(frame)
            assert page.evaluate(SHOWN, {"id": "film", "encoded": encoded}) == [frame]
            number = rows[frame]["source_frame"]
            assert page.locator("#row-source").text_content() == str(number)
            assert page.locator("#flow").get_attribute("data-frame") == str(frame)
            assert source_number(page, frame) == number


def test_back_to_recording_session_codes_and_answers(dataset, page):
    with served(dataset) as address:
        open_clip(page, address)
        page.locator(".languages button[value=en]").click()
        ready(page)
        page.keyboard.press("a")
        page.wait_for_selector("#film[data-frame='17']")
        assert page.locator("#row-match").get_attribute("data-same") == "true"
        known = page.locator(".known").text_content()
        assert page.locator("#row-at").text_content() in known
        session = page.locator("h1").text_content().removesuffix("-s2")
        for told in (session, "webcam.mp4", "scene", "micro"):
            assert told.lower() in known.lower(), told
        for moment in ("onset", "apex", "offset"):
            assert str(MARKS[moment]) in page.locator(".codes").text_content()
        codes = page.locator(".codes li").all_text_contents()
        assert len(codes) == 3  # two coders, and what they agree on
        assert "ana" in codes[0]
        assert "seen by ana" in codes[0]
        assert "AU09 C" in codes[0]
        assert "the one that counts" in codes[2]
        answers = page.locator("#answers").inner_text()
        assert "Which emotion did you feel most strongly" in answers
        assert "Disgust" in answers
        assert "1.25 s" in answers
        page.keyboard.press("Escape")
        page.wait_for_selector(".cards")
        assert "subject=P001" in page.url  # the filter is as it was


def test_without_a_study_the_dataset_says_what_it_knows(dataset, page, tmp_path):
    alone = tmp_path / "alone" / "dataset"
    alone.parent.mkdir()
    dataset.rename(alone)
    try:
        with served(alone) as address:
            open_clip(page, address)
            assert page.locator("#source").count() == 0
            assert "--study" in page.locator(".known").text_content()
            assert page.locator("#row-source").text_content() != "–"
            assert page.locator("#film").get_attribute("data-frame") == "0"
    finally:
        alone.rename(dataset)


def test_a_study_that_does_not_match_is_told(study_and_dataset, dataset, page):
    """A frame at another time than its row says is not passed off as the one it was made from."""
    study, _ = study_and_dataset
    path = frames_path(dataset, "P001")
    before = path.read_bytes()
    table = pq.read_table(path)
    later = [t + (1000 if n % 2 else 0) for n, t in enumerate(table["t_ns"].to_pylist())]
    column = table.schema.get_field_index("t_ns")
    pq.write_table(table.set_column(column, table.schema.field("t_ns"), [later]), path)
    try:
        with served(dataset, study=study) as address:
            open_clip(page, address)
            first = page.locator("#row-match").get_attribute("data-same")
            page.keyboard.press("ArrowRight")
            page.wait_for_selector("#film[data-frame='1']")
            assert {first, page.locator("#row-match").get_attribute("data-same")} == {
                "true",
                "false",
            }
    finally:
        path.write_bytes(before)


def test_playing_goes_on_by_itself_and_the_flow_can_lead_to_the_apex(dataset, page):
    with served(dataset) as address:
        open_clip(page, address)
        assert page.locator("#no-flow").is_visible()  # nothing lies before the first frame
        page.keyboard.press("Space")
        page.wait_for_function("() => Number(document.getElementById('frame').textContent) > 8")
        page.keyboard.press("Space")
        page.keyboard.press("f")
        assert page.locator("#flow").get_attribute("data-mode") == "apex"
        assert page.locator("#no-flow").is_hidden()
        box = page.locator("#cursor").bounding_box()
        page.mouse.click(box["x"] + 98, box["y"] + 40)
        page.wait_for_selector("#film[data-frame='0']")


def test_the_next_clip_is_the_next_one_that_the_filter_shows(dataset, page):
    with served(dataset) as address:
        open_clip(page, address, "?kind=micro")
        seen = [page.locator("h1").text_content()]
        while page.locator("#after").count():
            page.keyboard.press("n")
            page.wait_for_url(lambda url, last=seen[-1]: last not in url)
            ready(page)
            seen.append(page.locator("h1").text_content())
        clips = Dataset.open(dataset).clips().to_pylist()
        assert seen == [clip["clip_id"] for clip in clips if clip["kind"] == "micro"]


@pytest.mark.parametrize("clip_id", ["take 1/a", "50%2F50 ñ"])
def test_a_clip_may_be_called_anything(tmp_path, page, clip_id):
    root = write_dataset(tmp_path / "dataset")
    for path in root.rglob("*.parquet"):
        table = pq.read_table(path)
        place = table.schema.get_field_index("clip_id")
        ids = [clip_id if old == "P001-2" else old for old in table["clip_id"].to_pylist()]
        pq.write_table(table.set_column(place, table.schema.field(place), [ids]), path)
    with served(root) as address:
        page.goto(f"{address}/data/1?subject=P001")
        card = page.locator(".cards a").nth(1)
        assert card.locator("img").evaluate("async (img) => (await img.decode(), img.naturalWidth)")
        card.click()
        ready(page)
        assert page.locator("h1").text_content() == clip_id
        for key, name in (("p", "P001-1"), ("n", clip_id)):
            page.keyboard.press(key)
            page.wait_for_url(lambda url, other=name == "P001-1": url.count("P001-1") == other)
            ready(page)
            assert page.locator("h1").text_content() == name


def test_curves_are_as_sharp_as_the_screen_at_any_size(dataset, page):
    sharp = page.context.browser.new_page(device_scale_factor=2)
    with served(dataset) as address:
        open_clip(sharp, address)
        for width in (1280, 900):
            sharp.set_viewport_size({"width": width, "height": 800})
            sharp.wait_for_timeout(200)
            for canvas in ("plot", "cursor"):
                wide, shown, painted = sharp.evaluate(PAINTED, canvas)
                assert wide == pytest.approx(2 * shown, abs=1)
                assert painted


def test_damaged_files_are_named_on_the_page(tmp_path, page):
    root = write_dataset(tmp_path / "dataset")
    (root / "clips" / "P002.parquet").write_bytes(b"PAR1 not a table")
    whole = frames_path(root, "P003").read_bytes()
    frames_path(root, "P003").write_bytes(whole[: len(whole) // 2])
    with served(root) as address:
        page.goto(f"{address}/data/1")
        assert "clips/P002.parquet" in page.locator(".notice").text_content()
        assert "Traceback" not in page.content()
        subjects = page.locator(".counts tbody th").all_text_contents()
        assert subjects == ["P001", "P003", "P004"]
        page.goto(f"{address}/data/1/clip/P003-1")
        assert "frames/P003.parquet" in page.locator(".notice").text_content()
        page.goto(f"{address}/data/1/clip/P001-1")
        ready(page)


def test_a_damaged_picture_is_said_and_the_others_are_shown(tmp_path, page):
    root = write_dataset(tmp_path / "dataset")
    path = frames_path(root, "P001")
    content = bytearray(path.read_bytes())
    picture = rows_of(root, "P001-1", ("image",))[1]["image"]["bytes"]
    at = content.index(picture)
    content[at : at + len(picture)] = bytes(len(picture))
    path.write_bytes(content)
    with served(root) as address:
        page.goto(f"{address}/data/1/clip/P001-1")
        ready(page)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "() => document.getElementById('busy').textContent.includes('no picture')"
        )
        assert page.locator("#busy").is_visible()
        assert page.locator("#film").get_attribute("data-frame") == "0"
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#film[data-frame='2']")
        assert page.locator("#busy").is_hidden()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_both_languages_fit_are_accessible_and_load_nothing_from_elsewhere(
    dataset, page, width, height
):
    page.set_viewport_size({"width": width, "height": height})
    problems, hosts = [], set()
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    with served(dataset) as address:
        for language in ("es", "en"):
            page.goto(f"{address}/data/1")
            page.locator(f".languages button[value={language}]").click()
            for path in ("/data/1", "/data/1?label=anger", "/data/1?sharpness.min=x", "/data/9"):
                page.goto(address + path)
                page.wait_for_load_state("networkidle")
                assert page.locator("html").get_attribute("lang") == language
                assert width > 1280 or serious(page) == [], path  # the same at any width
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, path
                assert page.evaluate(CUT) == [], path
            open_clip(page, address)
            page.wait_for_load_state("networkidle")
            assert width > 1280 or serious(page) == []
            assert page.evaluate(CUT) == []
            sides = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert sides[0] <= width
            assert sides[1] <= height
        assert [problem for problem in problems if "404" not in problem] == []
        assert hosts == {address.removeprefix("http://")}
