"""Coding by keyboard alone, in a browser: what is marked is what was on the screen, and blindness.

The recordings carry their frame numbers in the picture, which are read from screenshots of the
player, one recording at a constant rate and one at a varying one.
"""

import re

import cv2
import numpy as np
import pytest

from mexlab.codes import codes_of
from mexlab.emotions import EMOTIONS
from tests.annotate.review_study import coded_study, number_in, served
from tests.browser import browser_page

CLIPS = 10


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    study = coded_study(tmp_path_factory.mktemp("coding") / "study")
    with served(study) as address:
        yield study, address


@pytest.fixture
def page():
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(10_000)
        yield page


def enter(page, address, coder):
    """Say who codes, and open the first clip; with the keyboard."""
    page.goto(f"{address}/who")
    page.locator("#coder").focus()
    page.keyboard.type(coder)
    page.keyboard.press("Enter")
    page.wait_for_selector("#go-on")
    page.locator("#go-on").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#film[data-frame]")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def saved(page):
    page.wait_for_selector("#saving[data-state=saved]")


def on_screen(page):
    """The number in the player's picture, from a screenshot of it."""
    canvas = page.locator("#film")
    shot = cv2.imdecode(np.frombuffer(canvas.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    width, height = canvas.evaluate("film => [film.width, film.height]")
    scale = min(shot.shape[1] / width, shot.shape[0] / height)
    wide, high = round(width * scale), round(height * scale)
    left, top = (shot.shape[1] - wide) // 2, (shot.shape[0] - high) // 2
    return number_in(shot[top : top + high, left : left + wide])


def mark(page, key, moves):
    """Move, mark what is then shown; the number in the picture and the one the page shows."""
    press(page, *moves, key)
    line = page.locator(f"[data-moment={ {'o': 'onset', 'a': 'apex', 'x': 'offset'}[key] }] b")
    page.wait_for_function("line => /^\\d+$/.test(line.textContent)", arg=line.element_handle())
    number = on_screen(page)
    assert number is not None
    assert page.locator("#frame").text_content() == str(number)
    assert line.text_content() == str(number)
    return number


def key_of(page):
    return re.search("/code/([0-9a-f]+)", page.url)[1]


def code_clip(page, rng):
    """One clip as a coder does it; what it came to."""
    emotion = int(rng.integers(7))
    told = {"key": key_of(page), "emotion": EMOTIONS[emotion]}
    leaps = ["Shift+ArrowRight"] * int(rng.integers(1, 4))
    told["onset"] = mark(page, "o", [*leaps, *["ArrowRight"] * int(rng.integers(0, 6))])
    told["apex"] = mark(page, "a", ["ArrowRight"] * int(rng.integers(1, 9)))
    back = ["End", *["ArrowLeft"] * int(rng.integers(0, 5))]
    told["offset"] = mark(page, "x", back)
    press(page, str(emotion + 1), "f")
    page.keyboard.type("12c4a")
    press(page, "Enter", "c", "c", "t")
    page.keyboard.type("brief")
    press(page, "Escape")
    return told


def submit_and_go_on(page):
    here = key_of(page)
    press(page, "Enter")
    page.wait_for_selector("#reveal:not([hidden])")
    press(page, "Enter")
    page.wait_for_url(lambda url: here not in url)


def codes(study, coder):
    """Frames and emotion -> code, of all sessions."""
    found = [
        code
        for session in study.sessions()
        if session.codes_path(coder).exists()
        for code in codes_of(session.codes_path(coder)).values()
    ]
    return {(code.onset, code.apex, code.offset, code.emotion): code for code in found}


def test_ten_clips_by_keyboard_each_mark_on_the_frame_shown(lab, page):
    study, address = lab
    rng = np.random.default_rng(11)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    enter(page, address, "ana")
    told = []
    for number in range(CLIPS):
        told.append(code_clip(page, rng))
        if number == 4:  # the browser is closed and opened in the middle of a clip
            saved(page)
            page.reload()
            page.wait_for_selector("#film[data-frame]")
            assert key_of(page) == told[-1]["key"]
            for moment in ("onset", "apex", "offset"):
                shown = page.locator(f"[data-moment={moment}] b").text_content()
                assert shown == str(told[-1][moment])
            assert page.locator("#aus").text_content() == "AU04 A ×AU12 C ×"
            assert page.locator("#comment").input_value() == "brief"
        submit_and_go_on(page)
        if number < CLIPS - 1:
            page.wait_for_selector("#film[data-frame]")
    assert page.locator("#go-on").count() == 0
    found = codes(study, "ana")
    assert len({entry["key"] for entry in told}) == CLIPS
    for entry in told:
        code = found[entry["onset"], entry["apex"], entry["offset"], entry["emotion"]]
        assert code.submitted == "code"
        assert not code.unblinded
        assert dict(code.aus) == {"AU04": "A", "AU12": "C"}
        assert (code.confidence, code.comment) == (2, "brief")
    by_session = [len(codes_of(session.codes_path("ana"))) for session in study.sessions()]
    assert by_session == [5, 5]  # both the constant and the varying rate
    assert problems == []
