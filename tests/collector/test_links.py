"""One link, one device, one form."""

import json

import pytest

from collector.form import links
from collector.form.filling import FIRST, SECOND
from mexlab.errors import StudyError
from tests.collector.form_study import waiting


@pytest.fixture
def study(tmp_path):
    return waiting(tmp_path / "study", "P001", "P002")


@pytest.fixture
def session(study):
    return study.session("P001")


def test_a_link_opens_once(study, session):
    token = links.new_link(study, session, FIRST)
    assert links.is_good(session, FIRST, token)
    key = links.open_link(session, FIRST, token)
    assert links.opens(session, FIRST, key)
    assert not links.is_good(session, FIRST, token)
    assert links.open_link(session, FIRST, token) is None
    assert links.opens(session, FIRST, key)


def test_nothing_else_opens(study, session):
    assert not links.opens(session, FIRST, "")
    assert not links.is_good(session, FIRST, "")
    token = links.new_link(study, session, FIRST)
    key = links.open_link(session, FIRST, token)
    for wrong in ("", token, key[:-1], key + "x", "é", json.dumps(None)):
        assert not links.opens(session, FIRST, wrong)
    assert not links.opens(session, SECOND, key)
    assert not links.opens(study.session("P002"), FIRST, key)


def test_a_new_link_shuts_out_the_device_before(study, session):
    key = links.open_link(session, FIRST, links.new_link(study, session, FIRST))
    token = links.new_link(study, session, FIRST)
    assert not links.opens(session, FIRST, key)
    assert links.opens(session, FIRST, links.open_link(session, FIRST, token))


def test_the_two_forms_have_links_of_their_own(study, session):
    first = links.open_link(session, FIRST, links.new_link(study, session, FIRST))
    second = links.open_link(session, SECOND, links.new_link(study, session, SECOND))
    assert links.opens(session, FIRST, first)
    assert links.opens(session, SECOND, second)


def test_neither_link_nor_key_lie_on_disk(study, session):
    token = links.new_link(study, session, FIRST)
    key = links.open_link(session, FIRST, token)
    for path in study.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert token.encode() not in content
            assert key.encode() not in content


def test_a_damaged_file_says_what_to_do(study, session):
    for damage in ("{", "[]", '{"self-report": {"link": 3}}'):
        session.access_path.write_text(damage)
        with pytest.raises(StudyError, match="make a new link"):
            links.opens(session, FIRST, "x")
