"""Who gets in: beyond this computer pages and pictures want the token; and both languages, for
everybody: accessible names, contrast, nothing wider than the screen, nothing from elsewhere."""

import asyncio
import inspect
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner

from annotate.agreement.table import NAMES
from annotate.app.rendering import ASSETS
from annotate.app.server import build_app
from annotate.app.words import PROBLEM_WORDS, WORDS
from annotate.app.words_coding import CODING_WORDS
from annotate.cli import annotate
from annotate.coding.desk import CodingDesk
from mexlab.study import Study
from mexlab.web.listening import Access
from mexlab.web.pages import POLICY
from tests.annotate.review_study import coded_session, constant, served
from tests.browser import browser_page
from tests.conftest import refused

TOKEN = "a-token-of-this-start"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("access") / "study"
    Study.create(root)
    path = root / "study.toml"
    path.write_text(path.read_text().replace("adjudicators = []", 'adjudicators = ["judge"]'))
    study = Study.open(root)
    coded_session(study, "P001", constant(300), ("neutral", "fear"))
    return study


def answer(app, path, method="GET", **headers):
    """Status, headers and body of an ASGI application, without a socket."""
    head = {"host": "lab.example:8770", **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path.partition("?")[0], "raw_path": path.encode(),
        "query_string": path.partition("?")[2].encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in head.items()],
        "client": ("10.0.0.9", 5), "server": ("10.0.0.1", 8770),
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], head, b"".join(m.get("body", b"") for m in sent[1:])


def test_beyond_this_computer_nothing_answers_without_the_token(study):
    app = build_app(study, Access("0.0.0.0", 8770, TOKEN), "ana")
    key = CodingDesk(study, "ana").items()[0].key
    paths = [
        "/", "/who", f"/code/{key}", "/adjudication", "/agreement", "/agreement.csv", "/training",
        f"/item/{key}", f"/item/{key}/frames/whole/10", f"/item/{key}/frames/crop/10",
        f"/item/{key}/neutral/whole", f"/item/{key}/times", f"/item/{key}/curves",
        f"/item/{key}/next", f"/item/{key}/history", *(f"/assets/{name}" for name in ASSETS),
    ]  # fmt: skip
    for path in paths:
        for wrong in ("", "?token=wrong"):
            status, _, body = answer(app, path + wrong)
            assert status == 401, path
            assert b"\xff\xd8" not in body  # no JPEG
    assert answer(app, f"/item/{key}", "POST")[0] == 401
    status, headers, _ = answer(app, f"/item/{key}/frames/whole/10?token={TOKEN}")
    assert status == 303
    cookie = headers["set-cookie"].partition(";")[0]
    status, headers, body = answer(app, f"/item/{key}/frames/whole/10", cookie=cookie)
    assert status == 200
    assert b"\xff\xd8" in body
    assert headers["cache-control"] == "no-store"
    assert answer(app, "/", cookie=cookie)[0] == 200


def test_on_this_computer_only_its_own_name_is_answered(study):
    app = build_app(study, Access("127.0.0.1", 8770), "ana")
    assert answer(app, "/", host="localhost:8770")[0] == 200
    assert answer(app, "/", host="evil.example")[0] == 403
    key = CodingDesk(study, "ana").items()[0].key
    elsewhere = {"host": "localhost:8770", "origin": "http://evil.example"}
    assert answer(app, f"/item/{key}", "POST", **elsewhere)[0] == 403


def test_files_of_the_study_and_of_the_program_are_not_served(study):
    app = build_app(study, Access("127.0.0.1", 8770), "ana")
    session = study.sessions()[0].id
    for path in (
        f"/sessions/{session}/webcam.mp4", "/assets/../study.toml", "/assets/words.py",
        "/assets/..%2fwords.py", "/study.toml",
    ):  # fmt: skip
        assert answer(app, path, host="localhost:8770")[0] == 404, path


def test_pages_may_load_nothing_from_elsewhere(study):
    app = build_app(study, Access("127.0.0.1", 8770), "ana")
    _, headers, _ = answer(app, "/", host="localhost:8770")
    assert headers["content-security-policy"] == POLICY
    assert "default-src 'self'" in POLICY
    assert not re.search("unsafe|https?:|\\*", POLICY)


def test_every_text_has_its_places_in_both_languages():
    for key, (spanish, english) in {**WORDS, **PROBLEM_WORDS, **CODING_WORDS}.items():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (spanish, english)]
        assert fields[0] == fields[1], key
        assert spanish, key
        assert english, key


def refusals_in(folder):
    """What the modules of a folder raise, and what to do then, where both are fixed texts."""
    raised = re.compile(r'Error\(\s*"([^"]+)",[^"]*(?:"[^"]*",\s*)?"([^"]+)"\s*\)')
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    said = {text for source in sources for pair in raised.findall(source) for text in pair}
    return {text for text in said if "{" not in text}


def test_whatever_these_pages_refuse_they_refuse_in_both_languages():
    said = refusals_in(Path(inspect.getfile(build_app)).parent)
    assert {"no face is known here", "code the rest"} <= said
    assert said - set(PROBLEM_WORDS) == set()


def test_every_measure_has_its_name():
    assert {f"measure_{name}" for name in NAMES} <= set(WORDS)


def test_mistakes_end_in_one_line(study, tmp_path):
    assert "no such study" in refused(annotate, "review", tmp_path / "none", "--no-open")
    assert "no name for a coder" in refused(
        annotate, "review", study.root, "--coder", "a/b", "--no-open", "--port", 0
    )
    help_text = CliRunner().invoke(annotate, ["review", "--help"]).output
    assert "--coder" in help_text
    assert "token" in help_text


def serious(page):
    """What axe finds, a line each."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] != "minor"]


def submitted_by(study, coder, emotion):
    desk = CodingDesk(study, coder)
    for item in desk.items():
        first = desk.seen(item).window.first
        marks = {"onset": first + 3, "apex": first + 5, "offset": first + 9, "emotion": emotion}
        for field, value in {**marks, "AU09": "D"}.items():
            desk.act(item, "set", field, value)
        desk.act(item, "submit")


@pytest.mark.parametrize(("language", "width", "height"), [("es", 1280, 720), ("en", 1920, 1080)])
def test_every_page_for_everybody(study, language, width, height):
    for coder, emotion in (("ana", "disgust"), ("ben", "anger")):
        submitted_by(study, coder, emotion)
    with served(study, "judge") as address, browser_page() as page:
        page.set_viewport_size({"width": width, "height": height})
        problems, hosts = [], set()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))

        def look(where):
            page.wait_for_load_state("networkidle")
            assert page.locator("html").get_attribute("lang") == language
            assert serious(page) == [], where
            wide, high = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert wide <= width, where
            return high

        page.goto(address)
        page.locator(f".languages button[value={language}]").click()
        for path in ("/", "/agreement", "/training", "/code/000000000000"):
            page.goto(address + path)
            look(path)
        page.goto(f"{address}/adjudication?settled=yes")
        look("adjudication")
        page.locator("table button").first.click()
        page.wait_for_selector("#film[data-frame]")
        assert look("third opinion") <= height
        assert page.evaluate(CUT) == []
        assert page.evaluate(BELOW) <= 0
        page.goto(f"{address}/code/{page.url.split('/code/')[1].partition('?')[0]}")
        page.wait_for_selector("#film[data-frame]")
        assert look("coding") <= height
        assert page.evaluate(CUT) == []
        assert page.evaluate(BELOW) <= 0
        page.keyboard.press("?")
        assert serious(page) == []
        assert [p for p in problems if "404" not in p] == []
        assert hosts == {address.removeprefix("http://")}


# How far the marks with their button reach below their box.
BELOW = (
    "() => document.getElementById('marks').scrollHeight - "
    "document.getElementById('marks').clientHeight"
)
# Buttons, headings and values whose text does not fit in their box.
CUT = """
() => [...document.querySelectorAll(
    'button, h2, dt, dd, output, .head span, .keys span, .marks, .reveal, .transport'
  )]
  .filter((e) => e.offsetParent && getComputedStyle(e).display !== 'inline')
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80))
"""
