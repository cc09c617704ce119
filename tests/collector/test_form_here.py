"""The form on this computer's own screen, as `collector run` opens it after the film."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from collector.serve.server import fill_in_here
from tests.collector.form_study import Client, waiting


@pytest.fixture
def study(tmp_path):
    return waiting(tmp_path / "study", "P001")


def handed_over(study, participant_does):
    """Let the participant do this in a browser; what was said, and where the form was."""
    session, said, doings = study.session("P001"), [], []

    def act(address):
        client = Client(address.port)
        client.get(address.path)
        client.post(address.path, language="en")
        participant_does(client)
        return client, address

    def browse(door):
        doing = browser.submit(act, urlsplit(door))
        # Whatever goes wrong there must end the waiting here.
        doing.add_done_callback(lambda done: done.exception() and study.withdraw("P001"))
        doings.append(doing)

    with ThreadPoolExecutor(1) as browser:
        fill_in_here(study, session, said.append, browse, linger_s=0.5)
        return session, said, doings[0].result()


def test_it_ends_when_the_form_is_finished(study):
    def fill_in(client):
        while not client.place.endswith("/end"):
            client.post(client.place, act="skip")
        client.post(client.place)

    session, said, (client, address) = handed_over(study, fill_in)
    assert session.report().finished_at
    assert address.hostname == "127.0.0.1"
    assert "the self-report is at http://127.0.0.1" in said[0]
    with pytest.raises(ConnectionError):
        client.get("/")  # the server has gone


def test_it_ends_when_the_participant_withdraws(study):
    handed_over(study, lambda client: client.post(client.place.rsplit("/", 1)[0] + "/withdraw"))
    assert study.participant("P001").scopes == ()


def test_there_is_no_desk_on_it(study):
    seen = []

    def look(client):
        seen.extend(client.ask("GET", path)[0] for path in ("/", "/participants", "/media/x"))
        client.post(client.place.rsplit("/", 1)[0] + "/withdraw")

    handed_over(study, look)
    assert seen == [404, 404, 404]
