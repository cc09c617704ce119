"""The coding page in a browser: broken connections, undo, blindness, playing, the third opinion."""

import json
import shutil

import pytest

from annotate.coding.desk import CodingDesk
from mexlab.codes import acts_of
from mexlab.study import Study
from tests.annotate.review_study import coded_session, served, varying
from tests.browser import browser_page

WOULD_ASK = """
() => {
  const event = new Event('beforeunload', { cancelable: true });
  dispatchEvent(event);
  return event.defaultPrevented;
}
"""
# Notes when which frame was drawn, until the player stops.
NOTE = """
() => {
  const film = document.getElementById('film');
  window.drawn = [];
  new MutationObserver(() => window.drawn.push([performance.now(), Number(film.dataset.frame)]))
    .observe(film, { attributeFilter: ['data-frame'] });
}
"""
SECRET = "a thought of the first coder"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("page") / "study"
    Study.create(root)
    path = root / "study.toml"
    path.write_text(path.read_text().replace("adjudicators = []", 'adjudicators = ["judge"]'))
    study = Study.open(root)
    coded_session(study, "P001", varying(300), ("neutral", "fear"))
    desk = CodingDesk(study, "first-coder")
    for item in desk.items():
        first = desk.seen(item).window.first
        marks = {"onset": first + 3, "apex": first + 5, "offset": first + 9, "emotion": "disgust"}
        for field, value in {**marks, "AU09": "D", "comment": SECRET}.items():
            desk.act(item, "set", field, value)
        desk.act(item, "submit")
    return study


@pytest.fixture
def page():
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(10_000)
        yield page


def open_clip(page, address):
    page.goto(address)
    page.locator("#go-on").click()
    page.wait_for_selector("#film[data-frame]")
    page.wait_for_load_state("networkidle")


def value(page, moment):
    return page.locator(f"[data-moment={moment}] b").text_content()


def acts(study, coder):
    """Act, field and value of everything the coder did, in order."""
    session = study.sessions()[0]
    found = acts_of(session.codes_path(coder)).values()
    return [(act.act, act.field, act.value) for about in found for act in about]


def test_a_broken_connection_loses_nothing_and_is_not_left(study, page):
    with served(study, "away") as address:
        open_clip(page, address)
        page.route("**/item/*", lambda route: route.abort())
        page.keyboard.press("r")
        page.wait_for_selector("#saving[data-state=failed]")
        page.keyboard.press("c")
        assert page.evaluate(WOULD_ASK) is True
        assert not study.sessions()[0].codes_path("away").exists()
        page.unroute("**/item/*")
        page.wait_for_selector("#saving[data-state=saved]")
        assert page.evaluate(WOULD_ASK) is False
        done = [("set", "verdict", "reject"), ("set", "confidence", 1)]
        assert acts(study, "away") == done


def test_an_answer_that_is_lost_does_not_double_the_act(study, page):
    with served(study, "twice") as address:
        open_clip(page, address)
        page.keyboard.press("3")
        page.keyboard.press("4")
        page.wait_for_selector("#saving[data-state=saved]")
        lost = []

        def lose(route):
            if lost or route.request.method != "POST":
                return route.continue_()
            lost.append(route.fetch())  # it arrives, the answer does not
            return route.abort()

        page.route("**/item/*", lose)
        page.keyboard.press("u")
        page.wait_for_selector("#saving[data-state=failed]")
        page.wait_for_selector("#saving[data-state=saved]")
        assert [act for act, *_ in acts(study, "twice")] == ["set", "set", "undo"]
        assert page.locator("[data-emotion=surprise]").get_attribute("aria-pressed") == "true"


def test_undo_goes_back_to_the_beginning(study, page):
    with served(study, "undoing") as address:
        open_clip(page, address)
        for key in ("ArrowRight", "o", "ArrowRight", "a", "2", "r"):
            page.keyboard.press(key)
        page.wait_for_selector("#saving[data-state=saved]")
        assert value(page, "onset") == "–"  # nothing is expressed: no moments
        pressed = page.locator("[data-verdict=reject][aria-pressed=true]")
        assert pressed.count() == 1
        page.keyboard.press("u")
        page.wait_for_selector("[data-verdict=reject][aria-pressed=false]")
        assert value(page, "apex") != "–"
        for _ in range(6):
            page.keyboard.press("u")
        page.wait_for_selector("#saving[data-state=saved]")
        assert [value(page, moment) for moment in ("onset", "apex", "offset")] == ["–"] * 3


def test_what_cannot_be_marked_is_said_at_once(study, page):
    with served(study, "wrong") as address:
        open_clip(page, address)
        page.keyboard.press("End")
        page.keyboard.press("o")
        page.wait_for_selector("#saving[data-state=saved]")
        page.keyboard.press("Home")
        page.keyboard.press("a")
        page.wait_for_function("() => document.getElementById('message').textContent.length > 10")
        assert value(page, "apex") == "–"
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('message').textContent.includes(':')")
        assert page.locator("#reveal").is_hidden()
        assert [act for act, *_ in acts(study, "wrong")] == ["set"]


def test_nothing_of_the_first_coder_reaches_the_second_before_submitting(study, page):
    heard = []

    def hear(response):
        heard.append((response.url, str(response.headers), response.body()))

    page.on("response", hear)
    with served(study, "second-coder") as address:
        open_clip(page, address)
        for key in ("v", "v", "m", "z", "ArrowRight", "o"):
            page.keyboard.press(key)
        page.wait_for_selector("#film[data-view^=magnified]")
        page.wait_for_load_state("networkidle")
        state = [json.loads(body) for url, _, body in heard if url.endswith("?show=unreviewed")
                 and "/item/" in url and "/next" not in url]  # fmt: skip
        assert state
        assert all(s["revealed"] is None and s["suggestion"] is None for s in state)
        assert len(heard) > 20
        for url, headers, body in heard:
            for hidden in ("first-coder", SECRET, "P001-2026", "webcam"):
                assert hidden.encode() not in body, url
                assert hidden not in url + headers
        assert "first-coder" not in page.content()
        page.remove_listener("response", hear)
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        page.wait_for_selector("#reveal:not([hidden])")
        assert "first-coder" in page.locator("#revealed").text_content()
        assert SECRET in page.locator("#revealed").text_content()


def test_unblinding_asks_first_and_is_logged(study, page):
    with served(study, "curious") as address:
        open_clip(page, address)
        page.keyboard.press("b")
        page.wait_for_selector("#asking[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#asking", state="hidden")
        assert page.locator("#reveal").is_hidden()
        page.keyboard.press("b")
        page.wait_for_selector("#asking[open]")
        page.keyboard.press("Enter")
        page.wait_for_selector("#reveal:not([hidden])")
        assert acts(study, "curious") == [("unblind", None, None)]
        assert "first-coder" in page.locator("#revealed").text_content()


def test_playing_follows_the_true_times_and_loops(study, page):
    with served(study, "player") as address:
        open_clip(page, address)
        page.evaluate(NOTE)
        for key in ("End", "Shift+ArrowLeft", "Shift+ArrowLeft"):
            page.keyboard.press(key)
        page.wait_for_timeout(400)
        page.evaluate("window.drawn.length = 0")
        page.keyboard.press("Space")
        page.wait_for_function("() => window.drawn.length >= 10")
        page.wait_for_function("() => document.getElementById('play').textContent !== 'parar'")
        drawn = page.evaluate("window.drawn")
        times = varying(300)
        frames = [frame for _, frame in drawn]
        assert frames == sorted(frames)
        last = int(page.locator("#frame").text_content())
        assert frames[-1] == last
        took_s = (drawn[-1][0] - drawn[0][0]) / 1000
        film_s = times[frames[-1]] - times[frames[0]]
        assert took_s == pytest.approx(film_s, abs=0.4)
        page.keyboard.press("l")
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Space")
        page.wait_for_function(f"() => window.drawn.at(-1)[1] < {last - 20}")  # begun again
        page.keyboard.press("Space")


def test_a_click_on_the_curves_goes_there(study, page):
    with served(study, "clicker") as address:
        open_clip(page, address)
        page.keyboard.press("z")
        box = page.locator("#cursor").bounding_box()
        page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
        page.wait_for_function("() => Number(document.getElementById('frame').textContent) >= 297")
        page.mouse.click(box["x"] + 106, box["y"] + 8)
        page.wait_for_function("() => Number(document.getElementById('frame').textContent) <= 3")


def test_an_adjudicator_decides_with_the_other_codes_beside(study, page):
    desk = CodingDesk(study, "other-coder")
    for item in desk.items():
        desk.act(item, "set", "verdict", "reject")
        desk.act(item, "submit")
    with served(study, "judge") as address:
        page.goto(f"{address}/adjudication")
        cases = page.locator("table button")
        assert cases.count() == 2
        cases.first.click()
        page.wait_for_selector("#film[data-frame]")
        page.wait_for_selector("#history li")
        beside = page.locator("#reveal").text_content()
        assert "first-coder" in beside
        assert "other-coder" in beside
        for key in ("r", "g", "Enter"):
            page.keyboard.press(key)
        page.wait_for_function(
            "() => document.getElementById('notes').textContent.includes('enviado')"
        )
        page.keyboard.press("Enter")
        page.wait_for_url("**/adjudication")
        assert page.locator("table button").count() == 1
        done = acts(study, "judge")
        assert ("submit", None, "gold") in done
        assert done[0] == ("unblind", None, None)
    with served(study, "other-coder") as address:
        page.goto(f"{address}/adjudication")
        assert page.locator("table").count() == 0
        page.goto(f"{address}/training")
        assert page.locator(".facts").count() == 1


def test_a_suggestion_that_the_study_shows_is_taken_over_by_one_key(study, page, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(study.root, root)
    path = root / "study.toml"
    path.write_text(path.read_text().replace('suggestion = "never"', 'suggestion = "always"'))
    shown = Study.open(root)
    desk = CodingDesk(shown, "helped")
    key = next(item.key for item in desk.items() if item.row["apex_ns"] is not None)
    with served(shown, "helped") as address:
        page.goto(f"{address}/code/{key}")
        page.wait_for_selector("#film[data-frame]")
        apex = 150 + 66
        assert str(apex) in page.locator("#suggested").text_content()
        page.keyboard.press("y")
        page.wait_for_selector("[data-emotion=fear][aria-pressed=true]")
        assert value(page, "apex") == str(apex)
        page.keyboard.press("u")
        page.wait_for_selector("[data-emotion=fear][aria-pressed=false]")
        page.wait_for_selector("#saving[data-state=saved]")
        done = [(act, value) for act, _, value in acts(shown, "helped")]
        assert done[0] == ("shown", "suggestion")


def test_the_mouse_does_what_the_keys_do(study, page):
    with served(study, "mouse") as address:
        open_clip(page, address)
        for name in ("play", "play", "speed", "loop", "view", "magnify", "zoom"):
            page.locator(f"#{name}").click()
        assert page.locator("#speed b").text_content() == "1/2"
        assert page.locator("#loop b").text_content() == "clip"
        assert page.locator("#magnify b").text_content() == "× 5"
        page.locator("[data-emotion=anger]").click()
        page.locator("[data-confidence='4']").click()
        page.locator("#comment").fill("seen")
        page.locator("[data-verdict=uncodable]").click()
        page.keyboard.press("Enter")
        page.wait_for_selector("#reveal:not([hidden])")
        page.locator("#back").click()
        assert page.locator("#reveal").is_hidden()
        assert acts(study, "mouse") == [
            ("set", "emotion", "anger"),
            ("set", "confidence", 4),
            ("set", "comment", "seen"),
            ("set", "verdict", "uncodable"),
            ("submit", None, None),
        ]
