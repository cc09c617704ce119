"""What goes wrong on a coder's day: two coders in one browser, a server that is away, a participant
who withdraws, keys held down, pictures that cannot be had, damaged files."""

import json
import subprocess
import sys

import pytest

from mexlab.codes import Act, append_act
from mexlab.study import Study
from tests.annotate.review_study import coded_session, constant, served
from tests.annotate.test_review_blind import JSON, act, ask
from tests.annotate.test_review_page import acts, open_clip
from tests.browser import browser_page


@pytest.fixture
def study(tmp_path):
    study = Study.create(tmp_path / "study")
    coded_session(study, "P001", constant(300), ("neutral", "fear"))
    return study


@pytest.fixture
def page():
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(10_000)
        yield page


def become(page, address, name):
    """Say, in this browser, who codes."""
    page.goto(f"{address}/who")
    page.locator("#coder").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#go-on")


def test_two_coders_in_one_browser_do_not_mark_for_each_other(study, page):
    with served(study) as address:
        become(page, address, "ana")
        open_clip(page, address)
        page.request.post(f"{address}/who", form={"coder": "ben"})  # as another tab would
        page.keyboard.press("r")
        page.wait_for_selector("#stopped[open]")
        assert "otra persona" in page.locator("#stopped").text_content()
        assert list(study.sessions()[0].review_path.glob("*")) == []
        page.keyboard.press("Enter")
        page.wait_for_selector("#go-on")
        assert "ben" in page.locator(".coder").text_content()


def test_an_act_counts_only_for_the_coder_whose_page_it_comes_from(study):
    with served(study) as address:
        key = json.loads(ask(address, f"/item/{a_key(address)}", **JSON)[2])["key"]
        wish = {"act": "set", "field": "verdict", "value": "reject"}
        assert act(address, key, **wish, coder="first") == (403, {"error": "coder"})
        assert act(address, key, **wish, coder="second")[1]["code"]["verdict"] == "reject"


def a_key(address):
    return ask(address, "/")[2].decode().partition('href="/code/')[2][:12]


def test_the_page_goes_on_when_the_server_is_back(study, page):
    with served(study, "patient") as address:
        open_clip(page, address)
        first = page.url
        page.keyboard.press("r")
        page.wait_for_selector("#saving[data-state=saved]")
        page.route("**/item/**", lambda route: route.abort())
        page.keyboard.press("PageDown")
        page.wait_for_timeout(300)
        page.unroute("**/item/**")
        page.wait_for_url(lambda url: url != first)
        page.wait_for_selector("#film[data-frame]")
        page.keyboard.press("n")
        page.wait_for_selector("#saving[data-state=saved]")
        assert acts(study, "patient") == [("set", "verdict", v) for v in ("reject", "uncodable")]


def test_a_withdrawal_half_way_is_said_and_nothing_more_is_shown(study, page):
    with served(study, "late") as address:
        open_clip(page, address)
        study.withdraw("P001")
        page.keyboard.press("r")
        page.wait_for_selector("#stopped[open]")
        assert "no hay consentimiento" in page.locator("#stopped-why").text_content()
        assert page.locator("#film[data-frame]").count() == 0
        page.keyboard.press("Enter")
        page.wait_for_selector(".filters")


def test_a_key_held_down_acts_once_and_steps_many_times(study, page):
    with served(study, "heavy") as address:
        open_clip(page, address)
        start = int(page.locator("#frame").text_content())
        for key in ("ArrowRight", "r", "Enter"):
            for _ in range(5):
                page.keyboard.down(key)
            page.keyboard.up(key)
        page.wait_for_selector("#reveal:not([hidden])")
        page.wait_for_load_state("networkidle")
        assert acts(study, "heavy") == [("set", "verdict", "reject"), ("submit", None, None)]
        assert int(page.locator("#frame").text_content()) == start + 5


def test_a_comment_stays_with_its_clip_whatever_way_it_is_left(study, page):
    with served(study, "writer") as address:
        open_clip(page, address)
        first = page.url
        page.keyboard.press("PageDown")
        page.wait_for_url(lambda url: url != first)
        page.wait_for_selector("#film[data-frame]")
        page.wait_for_load_state("networkidle")
        second = page.url
        page.keyboard.press("t")
        page.wait_for_function("() => document.activeElement.id === 'comment'")
        page.keyboard.type("half a thought")
        page.go_back()
        page.wait_for_url(lambda url: url != second)
        page.wait_for_selector("#film[data-frame]")
        page.wait_for_load_state("networkidle")
        assert page.locator("#comment").input_value() == ""
        page.go_forward()
        page.wait_for_url(second)
        page.wait_for_function("() => document.getElementById('comment').value.endsWith('thought')")
        assert acts(study, "writer") == [("set", "comment", "half a thought")]


def test_a_picture_that_cannot_be_had_holds_nothing_up(study, page):
    with served(study, "unseen") as address:
        open_clip(page, address)
        shown = page.locator("#frame").text_content()
        page.route("**/frames/crop/*", lambda route: route.fulfill(status=500, body="no"))
        for key in ("v", "ArrowRight", "o"):
            page.keyboard.press(key)
        page.wait_for_function("() => document.getElementById('message').textContent.length > 10")
        assert "no hay imagen" in page.locator("#busy").text_content()
        page.keyboard.press("r")
        page.wait_for_selector("[data-verdict=reject][aria-pressed=true]")
        page.wait_for_selector("#saving[data-state=saved]")
        assert acts(study, "unseen") == [("set", "verdict", "reject")]
        assert page.locator("#frame").text_content() == shown


def test_half_an_emoji_is_refused_not_tried_for_ever(study):
    with served(study) as address:
        key = a_key(address)
        status, said = act(address, key, act="set", field="comment", value="\ud83d")
        assert status == 404
        assert "no comment" in said["error"]
        assert act(address, key, act="set", field="comment", value="\U0001f600")[0] == 200


def test_a_damaged_file_is_said_once_with_its_place_to_who_runs_the_server(study, capsys):
    session = study.sessions()[0]
    with served(study) as address:
        key = a_key(address)
        append_act(session.codes_path("second"), Act("set", "I1", "apex", 3))
        with session.codes_path("second").open("a") as file:
            file.write('{"act": "set", "interval_id": "I1", "field": "apex", "value": "soon"}\n')
        status, said = act(address, key, act="set", field="verdict", value="reject")
        assert status == 500  # 503 would be tried again and again
        assert "damaged coder's file" in said["error"]
        assert str(session.root) not in json.dumps(said)
        assert str(session.codes_path("second")) in capsys.readouterr().err
        assert b"damaged coder" in ask(address, "/training")[2]


def test_a_damaged_file_is_not_taken_for_too_few_coders(study):
    path = study.settings_path
    path.write_text(path.read_text().replace("adjudicators = []", 'adjudicators = ["judge"]'))
    (session,) = study.sessions()
    append_act(session.codes_path("ana"), Act("set", "I1", "apex", 3))
    with served(Study.open(study.root)) as address:
        assert b"No two coders" in ask(address, "/agreement", coder="judge")[2]
        with session.codes_path("ana").open("a") as file:
            file.write('{"act": "dance", "interval_id": "I1"}\n')
        status, _, said = ask(address, "/agreement", coder="judge")
        assert (status, b"damaged coder" in said) == (500, True)


def test_who_runs_the_server_is_told_why_sessions_have_nothing_to_code(study):
    study.sessions()[0].intervals_path.unlink()
    program = "from annotate.cli import annotate; annotate()"
    command = [sys.executable, "-c", program, "review", str(study.root)]
    options = ["--no-open", "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as server:
        said = server.stdout.readline()
        server.terminate()
    assert said.startswith("left out P001-20261123T101500: no intervals table")
