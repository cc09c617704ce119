"""What goes over the network before a submission: nothing of film, report, suggestion, others.

Two studies differ in exactly what is hidden; to a coder who has not submitted they must answer
alike, byte for byte, on every route of an item.
"""

import http.client
import json
import re
import shutil
from urllib.parse import urlencode, urlsplit

import pyarrow as pa
import pytest

from annotate.coding.desk import CodingDesk
from mexlab.study import Study
from mexlab.tables import INTERVALS
from tests.annotate.review_study import coded_session, constant, served

JSON = {"accept": "application/json", "content-type": "application/json"}
REVEALED = ("fear", "happiness", "first-coder", "a secret thought")


def ask(address, path, body=None, coder="second", **headers):
    """Status, headers and body."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    headers["cookie"] = f"mexlab_coder={coder}; mexlab_language=en"
    connection.request("GET" if body is None else "POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), content


def act(address, key, **wish):
    status, _, content = ask(address, f"/item/{key}", json.dumps(wish), **JSON)
    return status, json.loads(content)


def otherwise(study):
    """The same study as far as it is to be seen: hidden columns and other coders' codes differ."""
    for session in study.sessions():
        rows = session.intervals().to_pylist()
        for row in rows:
            row |= {"target": "anger", "reported": None, "expressed": "disgust", "kind": "macro"}
            for moment in ("onset_ns", "apex_ns", "offset_ns"):
                row[moment] = row["start_ns"] + 7_000_000
        INTERVALS.write(session.intervals_path, pa.Table.from_pylist(rows, schema=INTERVALS.schema))
        shutil.rmtree(session.review_path, ignore_errors=True)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """One in which a first coder has submitted everything, and its like."""
    root = tmp_path_factory.mktemp("blind") / "study"
    study = Study.create(root)
    coded_session(study, "P001", constant(300), ("neutral", "fear"))
    desk = CodingDesk(study, "first-coder")
    for item in desk.items():
        first = desk.seen(item).window.first
        marks = {"onset": first + 3, "apex": first + 5, "offset": first + 9, "emotion": "disgust"}
        for field, value in {**marks, "AU09": "D", "comment": "a secret thought"}.items():
            desk.act(item, "set", field, value)
        desk.act(item, "submit")
    like = root.with_name("like")
    shutil.copytree(root, like)
    otherwise(Study.open(like))
    return study, Study.open(like)


def routes(state):
    """Every address that the page asks for about an item."""
    key, chunk = state["key"], state["chunk"]
    yield f"/code/{key}?show=unreviewed"
    for part in ("", "/times", "/curves", "/neutral/whole", "/neutral/crop", "/next"):
        yield f"/item/{key}{part}"
    numbers = range(state["first"] // chunk, state["last"] // chunk + 1)
    for view in ("whole", "crop"):
        yield from (f"/item/{key}/frames/{view}/{number}" for number in numbers)
    yield from (f"/item/{key}/frames/{view}/{numbers[2]}" for view in ("flow", "magnified-10"))


def without_date(headers):
    return {name: value for name, value in headers.items() if name.lower() != "date"}


def test_before_submitting_nothing_hidden_shows_in_any_answer(studies):
    with served(studies[0]) as here, served(studies[1]) as there:
        keys = re.findall('href="/code/([0-9a-f]+)', ask(here, "/")[2].decode())
        compared = set()
        for key in keys:
            state = json.loads(ask(here, f"/item/{key}", **JSON)[2])
            assert state["revealed"] is None
            assert state["suggestion"] is None
            for path in routes(state):
                headers = JSON if path.startswith("/item/") else {}
                status, head, content = ask(here, path, **headers)
                assert status == 200, path
                assert (status, without_date(head), content) == (
                    lambda answer: (answer[0], without_date(answer[1]), answer[2])
                )(ask(there, path, **headers)), path
                for hidden in (b"first-coder", b"secret", b"P001", b"webcam", b"20261123"):
                    assert hidden not in content, (path, hidden)
                compared.add(path.replace(key, ""))
        assert len(compared) > 20
        assert ask(here, "/")[2] == ask(there, "/")[2]


def test_the_submission_brings_everything_in_sight(studies, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(studies[0].root, root)
    with served(Study.open(root)) as address:
        desk = CodingDesk(Study.open(root), "second")
        key = next(item.key for item in desk.items() if item.row["target"] == "fear")
        assert act(address, key, act="set", field="verdict", value="reject")[0] == 200
        status, state = act(address, key, act="submit", id="1-1")
        assert status == 200
        assert (state["state"], state["counts"]["submitted"]) == ("submitted", 1)
        told = json.dumps(state)
        assert [word for word in REVEALED if word not in told] == []
        assert state["suggestion"]["expressed"] == "fear"


def test_an_act_sent_again_is_done_once(studies, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(studies[0].root, root)
    with served(Study.open(root)) as address:
        key = CodingDesk(Study.open(root), "second").items()[0].key
        for emotion in ("fear", "anger"):
            act(address, key, act="set", field="emotion", value=emotion)
        for _ in range(3):
            status, state = act(address, key, act="undo", id="7-1")
        assert (status, state["code"]["emotion"]) == (200, "fear")
        assert act(address, key, act="undo", id="7-2")[1]["code"]["emotion"] is None


@pytest.mark.parametrize(
    "wish",
    [
        {"act": "set", "field": "emotion", "value": "boredom"},
        {"act": "set", "field": "onset", "value": 10_000},
        {"act": "shown", "value": "suggestion"},
        {"act": "submit"},
        {"act": "submit", "value": "final"},
        {"act": "set", "field": ["onset"], "value": 1},
        {},
    ],
)
def test_what_cannot_be_is_refused_in_words_without_a_path(studies, wish):
    with served(studies[0]) as address:
        key = CodingDesk(studies[0], "third").items()[0].key
        status, _, content = ask(address, f"/item/{key}", json.dumps(wish), "third", **JSON)
        answer = json.loads(content)
        assert status == 404
        assert set(answer) == {"error", "remedy"}
        assert "P001" not in content.decode()


def test_an_unknown_clip_and_nonsense_are_refused(studies):
    with served(studies[0]) as address:
        key = CodingDesk(studies[0], "second").items()[0].key
        assert ask(address, "/code/000000000000")[0] == 404
        for path in ("frames/whole/x", "frames/../0", "frames/whole/999", "frames/body/0"):
            assert ask(address, f"/item/{key}/{path}")[0] == 404, path
        assert ask(address, f"/item/{key}", "x" * 300_000, **JSON)[0] == 413
        assert ask(address, f"/item/{key}", "not json", **JSON)[0] == 404


def test_after_a_withdrawal_nothing_is_shown(studies, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(studies[0].root, root)
    study = Study.open(root)
    with served(study) as address:
        key = CodingDesk(study, "second").items()[0].key
        paths = [f"/item/{key}", f"/item/{key}/frames/whole/1", f"/item/{key}/neutral/whole"]
        assert [ask(address, path)[0] for path in paths] == [200, 200, 200]
        study.withdraw("P001")
        assert [ask(address, path)[0] for path in paths] == [403, 403, 403]
        assert key not in ask(address, "/")[2].decode()


def test_nobody_codes_without_a_name(studies):
    with served(studies[0]) as address:
        key = CodingDesk(studies[0], "second").items()[0].key
        for path in ("/", f"/code/{key}", f"/item/{key}/frames/whole/1"):
            status, headers, _ = ask(address, path, coder="")
            assert (status, headers["location"]) == (303, "/who")
        assert ask(address, f"/item/{key}", coder="../x", **JSON)[0] == 403
        form = {"content-type": "application/x-www-form-urlencoded"}
        for name, status in (("../../x", 422), ("", 422), ("ana", 303)):
            answer = ask(address, "/who", urlencode({"coder": name}), "", **form)
            assert answer[0] == status, name
    with served(studies[0], coder="fixed") as address:
        assert b"fixed" in ask(address, "/", coder="")[2]
        assert ask(address, "/who", coder="")[0] == 303


def test_curves_can_be_hidden_until_the_coder_has_decided(studies, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(studies[0].root, root)
    settings = (root / "study.toml").read_text()
    assert "curves = true" in settings
    (root / "study.toml").write_text(settings.replace("curves = true", "curves = false"))
    with served(Study.open(root)) as address:
        key = CodingDesk(Study.open(root), "second").items()[0].key
        assert json.loads(ask(address, f"/item/{key}", **JSON)[2])["curves"] == "hidden"
        assert ask(address, f"/item/{key}/curves")[0] == 404
        act(address, key, act="set", field="verdict", value="uncodable")
        assert act(address, key, act="submit")[1]["curves"] == "shown"
        assert ask(address, f"/item/{key}/curves")[0] == 200
