"""The form as a device meets it: a real server, cookies, redirects; no script needed."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from collector.form import links
from collector.form.filling import FIRST, SECOND, begin
from collector.form.words import WORDS
from mexlab.consent import SCOPES, decide
from mexlab.study import Study
from tests.collector.desk_study import register, sat
from tests.collector.form_study import Client, served, waiting

ODD = (
    '¡Óyeme! "it\'s" <script>alert(1)</script> </textarea> &amp; '
    "\U0001f600\U0001f469\u200d\U0001f467 "
    "\u05e9\u05dc\u05d5\u05dd \u202eright to left\u202c\n\n\t=1+1 \\n {{x}}"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A study and the port of its form's server; each test registers somebody of its own."""
    study = waiting(tmp_path_factory.mktemp("forms") / "study")
    with served(study) as port:
        yield study, port


@pytest.fixture
def opened(lab, request):
    """A device with the form of somebody new open: client, study, session and its address."""
    study, port = lab
    name = f"P{len(study.sessions()) + 1:03d}"
    register(study, name)
    session, client = sat(study, name), Client(port)
    assert client.open(study, session)[0] == 303
    return client, study, session, links.form_path(session, FIRST)


def report_of(session):
    return json.loads(session.report_path.read_text(encoding="utf-8"))


def given(session, scene):
    answers = report_of(session)["answers"]
    return {a["question"]: a["value"] for a in answers if a["scene"] == scene}


def test_the_link_waits_for_a_press(lab):
    study, port = lab
    register(study, "L001")
    session = sat(study, "L001")
    path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
    for _ in range(3):  # programs that look at links before people do
        status, page = Client(port).get(path)
        assert status == 200
        assert "Empezar (Español)" in page
        assert "Start (English)" in page
    assert not session.report_path.exists()
    client = Client(port)
    assert client.post(path, language="en")[0] == 303
    assert client.place.endswith("/1")
    assert Client(port).get(path)[0] == 403
    assert Client(port).post(path, language="en")[0] == 403
    client.get(path)  # the same device may press it again
    assert client.place.endswith("/1")


def test_the_key_belongs_to_the_form_alone(lab):
    study, port = lab
    register(study, "L002")
    session, client = sat(study, "L002"), Client(port)
    path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
    _, headers, _ = client.ask("POST", path, {"language": "es"})
    cookie = headers["set-cookie"]
    assert f"Path=/form/self-report/{session.id}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=" in cookie  # a closed browser goes on


def test_answers_are_saved_before_the_next_question_shows(opened):
    client, _, session, base = opened
    status, page = client.post(f"{base}/1", act="continue", emotion="fear")
    assert status == 303
    assert client.place == f"{base}/2"
    assert "How much of each emotion" in page
    assert given(session, 1) == {"emotion": "fear", "emotion_text": None}


@pytest.mark.parametrize("act", ["continue", "stay"])
def test_odd_words_survive_and_are_never_html(opened, act):
    client, study, session, base = opened
    filling = begin(study, session, FIRST, "en")
    for number in range(4):
        filling = filling.save(number, dict.fromkeys(filling.steps[number].answers))
    long = (ODD + "ñ😀") * (10_000 // len(ODD) + 1)
    fields = {"seen_before": "no", "looked_away": "no", "tried_to_hide": "yes"}
    client.post(f"{base}/5", act=act, words=long.replace("\n", "\r\n"), **fields)
    assert given(session, 1)["words"] == long
    page = client.get(f"{base}/5")[1]
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1]
    assert unescape(shown) == long
    assert "<script>alert" not in page


def test_words_for_another_emotion_are_never_html(opened):
    client, _, session, base = opened
    client.post(f"{base}/1", act="continue", emotion="other", emotion_text='"><b>awe')
    assert given(session, 1)["emotion_text"] == '"><b>awe'
    assert 'value="&#34;&gt;&lt;b&gt;awe"' in client.get(f"{base}/1")[1]


def test_something_left_out_is_asked_about_once(opened):
    client, _, session, base = opened
    status, page = client.post(f"{base}/1", act="continue")
    assert status == 422
    assert WORDS["left_out"][1] in page
    assert "answers" not in given(session, 1)
    assert 'name="reminded" value="yes"' in page
    assert client.post(f"{base}/1", act="continue", reminded="yes")[0] == 303
    assert given(session, 1) == {"emotion": None, "emotion_text": None}


def test_a_page_passed_over_is_an_answer_too(opened):
    client, _, session, base = opened
    client.post(f"{base}/1", act="stay", emotion="fear")
    assert given(session, 1)["emotion"] == "fear"
    client.post(f"{base}/1", act="skip", emotion="fear")
    assert client.place == f"{base}/2"
    assert given(session, 1) == {"emotion": None, "emotion_text": None}


def test_what_is_typed_wrong_comes_back_with_the_rest_saved(opened):
    client, study, session, base = opened
    filling = begin(study, session, FIRST, "en")
    for number in range(3):
        filling = filling.save(number, dict.fromkeys(filling.steps[number].answers))
    status, page = client.post(f"{base}/4", act="continue", moment="soon", moment_sure="3")
    assert status == 422
    assert WORDS["not_a_moment"][1] in page
    assert 'value="soon"' in page
    assert given(session, 1)["moment_sure"] == 3
    client.post(f"{base}/4", act="continue", moment="0:05", moment_sure="3")
    assert given(session, 1)["moment_ns"] == 5_000_000_000
    # Typed wrong later, the good one stays until there is a better one.
    client.post(f"{base}/4", act="stay", moment="0:0", moment_sure="3")
    assert given(session, 1)["moment_ns"] == 5_000_000_000
    client.post(f"{base}/4", act="stay", moment="", moment_sure="3", shown="moment")
    assert given(session, 1)["moment_ns"] is None


def test_a_stale_page_takes_nothing_back(opened):
    """Another tab, or a page drawn before what was typed had arrived."""
    client, study, session, base = opened
    filling = begin(study, session, FIRST, "en")
    for number in range(4):
        filling = filling.save(number, dict.fromkeys(filling.steps[number].answers))
    client.post(f"{base}/5", act="stay", words="precious", seen_before="no", shown="words")
    client.post(f"{base}/5", act="stay", looked_away="no", words="", shown="looked_away")
    client.post(f"{base}/5", act="continue", tried_to_hide="no", reminded="yes", shown="")
    assert given(session, 1)["words"] == "precious"
    assert given(session, 1)["looked_away"] == "no"
    assert 'value="seen_before looked_away tried_to_hide words"' in client.get(f"{base}/5")[1]


def test_leaving_is_possible_whatever_is_wrong(opened):
    client, study, session, base = opened
    session.report_path.write_text("{")
    assert client.get(f"{base}/1")[0] == 500
    assert client.get(f"{base}/withdraw")[0] == 200
    client.post(f"{base}/withdraw")
    assert study.participant(session.header.participant).scopes == ()


@pytest.mark.parametrize("damage", ["{}", '{"option_order": []}', None])
def test_damaged_files_are_said_in_words(opened, damage):
    client, _, session, base = opened
    if damage is None:
        session.instrument_path.unlink()
    else:
        report = report_of(session)
        session.report_path.write_text(json.dumps({**report, **json.loads(damage), "x": 1}))
    status, page = client.get(f"{base}/1")
    assert status == 500
    assert "Falta algo en este ordenador" in page


def test_nobody_jumps_ahead(opened):
    client, _, session, base = opened
    for place in ("2", "36", "37", "0", "end"):
        client.get(f"{base}/{place}")
        assert client.place == f"{base}/1"
    client.post(f"{base}/9", act="continue", emotion="fear")
    client.post(f"{base}/end")
    assert report_of(session)["answers"] == []
    assert report_of(session)["finished_at"] is None


def filled(client, base):
    """Every page passed over."""
    while re.search(r"/\d+$", client.place):
        client.post(client.place, act="skip")


def test_the_end_is_the_participants_word(opened):
    client, _, session, base = opened
    filled(client, base)
    assert client.place == f"{base}/end"
    assert report_of(session)["finished_at"] is None
    client.post(f"{base}/2", act="stay", intensity_fear="4")
    assert WORDS["thanks"][1] in client.post(f"{base}/end")[1]
    assert report_of(session)["finished_at"]
    before = session.report_path.read_bytes()
    for place in ("", "/1", "/36"):
        client.get(base + place)
        assert client.place == f"{base}/end"
    client.post(f"{base}/1", act="continue", emotion="fear")
    assert session.report_path.read_bytes() == before


def test_withdrawing_ends_it_everywhere(opened):
    client, study, session, base = opened
    client.post(f"{base}/1", act="continue", emotion="fear")
    assert WORDS["withdraw_text"][1] in client.get(f"{base}/withdraw")[1]
    assert study.participant(session.header.participant).scopes == SCOPES
    assert WORDS["withdrawn"][1] in client.post(f"{base}/withdraw")[1]
    assert study.participant(session.header.participant).scopes == ()
    for place in ("", "/1", "/1/still", "/1/film", "/end", "/withdraw"):
        assert client.get(base + place)[0] == 403
    assert client.post(f"{base}/2", act="continue", intensity_fear="3")[0] == 403
    assert "intensity_fear" not in given(session, 1)
    allowed, left_out = study.consenting(study.counted_sessions()[0], ("recorded",))
    assert session.id not in [s.id for s in allowed]
    assert session.id in [e.session for e in left_out]


def test_without_consent_there_is_no_form(lab):
    study, port = lab
    register(study, "N001", granted=("analysed",))
    session = sat(study, "N001")
    path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
    assert Client(port).get(path)[0] == 403
    assert Client(port).post(path)[0] == 403
    assert not session.report_path.exists()


def test_consent_taken_back_at_the_desk_closes_the_form(opened):
    client, study, session, base = opened
    person = study.participant(session.header.participant)
    study.save_participant(person.deciding(decide(("analysed",), "form")))
    assert client.get(f"{base}/1")[0] == 403
    assert client.post(f"{base}/1", act="continue", emotion="fear")[0] == 403
    assert given(session, 1) == {}


PLACES = ("", "/open/x", "/1", "/2", "/1/still", "/1/film", "/1/face", "/end", "/withdraw")


def test_one_persons_key_opens_nobody_elses_form(opened, lab):
    client, study, session, base = opened
    register(study, "B001")
    other, port = sat(study, "B001"), lab[1]
    assert Client(port).open(study, other)[0] == 303
    theirs = links.form_path(other, FIRST)
    own = client.cookies[base]
    strangers = [Client(port), Client(port), Client(port)]
    strangers[1].cookies = {"/": own}
    strangers[2].cookies = {"/": f"mexlab_form={links.new_link(study, session, SECOND)}"}
    for stranger in strangers:
        for place in PLACES:
            assert stranger.get(theirs + place)[0] == 403, place
            assert stranger.get(theirs.replace(FIRST, SECOND) + place)[0] == 403, place
        for place in ("/1", "/end", "/withdraw"):
            assert stranger.post(theirs + place, act="continue", emotion="fear")[0] == 403
    assert given(other, 1) == {}
    assert study.participant("B001").scopes == SCOPES
    assert client.get(f"{base}/1")[0] == 200


def test_a_new_link_shuts_out_the_tablet_that_was_lost(opened):
    client, study, session, base = opened
    client.post(f"{base}/1", act="continue", emotion="fear")
    again = Client(client.port)
    assert again.open(study, session)[0] == 303
    assert again.place == f"{base}/2"
    assert client.get(f"{base}/2")[0] == 403
    assert given(session, 1)["emotion"] == "fear"


@pytest.mark.parametrize(
    "path",
    [
        "/form/",
        "/form/self-report",
        "/form/self-report/P001-20261123T101500/" + "9" * 5000,
        "/form/self-report/P999-20261123T101500/1",
        "/form/self-report/../1",
        "/form/other-form/P001-20261123T101500/1",
        "/form/self-report/%2e%2e%2fparticipants/1",
        "/form/self-report/P001-20261123T101500/open/",
        "/form/self-report/P001-20261123T101500/open/x",
        "/form/static/form.css",
    ],
)
def test_other_addresses_lead_nowhere(lab, path):
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        status, _, body = Client(lab[1]).ask(method, path)
        assert status == 403, method
        assert b"P001" not in body


def test_a_body_too_large_is_refused(opened):
    client, _, session, base = opened
    assert client.post(f"{base}/1", act="continue", emotion="fear", x="x" * 5_000_000)[0] == 413
    assert given(session, 1) == {}


def test_the_language_follows_the_button(lab):
    study, port = lab
    register(study, "S001")
    session, client = sat(study, "S001"), Client(port)
    page = client.open(study, session, language="es")[1]
    assert '<html lang="es">' in page
    assert "¿Qué emoción sintió" in page
    assert report_of(session)["language"] == "es"


def test_a_study_of_one_language_offers_one(tmp_path):
    root = waiting(tmp_path / "study", "P001").root
    settings = (root / "study.toml").read_text("utf-8")
    (root / "study.toml").write_text(settings.replace('["es", "en"]', '["en"]'), "utf-8")
    study = Study.open(root)
    session = study.session("P001")
    with served(study) as port:
        path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
        page = Client(port).get(path)[1]
        assert "Empezar" not in page
        assert Client(port).post(path, language="es")[0] == 303
    assert report_of(session)["language"] == "en"


def test_a_broken_study_is_said_calmly(tmp_path):
    study = waiting(tmp_path / "study", "P001")
    session = study.session("P001")
    study.instrument_path.write_text("nonsense = ")
    with served(study) as port:
        path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
        status, page = Client(port).post(path, language="es")
        assert status == 500
        assert "Falta algo en este ordenador" in page
        assert "not valid TOML" in page
        assert str(tmp_path) not in page
        assert Client(port).get(path)[0] == 200  # the link is not used up


# What the page gives to whoever cannot see it


class Fields(HTMLParser):
    """Inputs with their accessible names, in document order."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.label_for, self.stack = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "label":
            self.stack.append(attributes.get("for"))
        if tag in ("input", "textarea", "select") and attributes.get("type") != "hidden":
            named = bool(attributes.get("aria-label")) or bool(self.stack)
            name = attributes.get("name") or attributes.get("data-part")
            self.fields.append((name, named, attributes))
        if tag == "label" and attributes.get("for"):
            self.label_for[attributes["for"]] = True

    def handle_endtag(self, tag):
        if tag == "label" and self.stack:
            self.stack.pop()


def test_every_field_of_every_page_has_a_name(opened):
    client, _, _, _ = opened
    seen = set()
    while re.search(r"/\d+$", client.place):
        page = client.get(client.place)[1]
        found = Fields(page)
        assert found.fields
        for name, named, attributes in found.fields:
            assert named or attributes.get("id") in found.label_for, (client.place, name)
            seen.add(name)
        client.post(client.place, act="skip")
    assert {"emotion", "emotion_text", "intensity_fear", "valence", "arousal", "moment"} < seen
    assert {"moment_unknown", "moment_sure", "words", "seen_before", "attention"} < seen


def test_pages_run_no_script_but_their_own(opened):
    client, _, _, base = opened
    _, headers, body = client.ask("GET", f"{base}/1")
    policy = headers["content-security-policy"]
    nonce = re.search("script-src 'nonce-([^']+)'", policy)[1]
    assert "default-src 'none'" in policy
    assert body.decode().count(f'<script nonce="{nonce}">') == body.decode().count("<script") == 1
    assert "style=" not in body.decode()
    assert headers["cache-control"] == "no-store"
