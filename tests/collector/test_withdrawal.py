"""Withdrawing in the form: from that moment no command uses anything of the person."""

import json
import shutil

import pytest

from annotate.cli import annotate
from collector.cli import collector
from collector.form import links
from collector.form.filling import FIRST
from collector.run import allowed_participant
from mexlab.consent import SCOPES, withdrawn_at
from mexlab.errors import ConsentError
from mexlab.study import Study
from pipeline.cli import pipeline
from tests.collector.form_study import Client, served
from tests.conftest import refused, run_command


@pytest.fixture(scope="module")
def left(located_study, tmp_path_factory):
    """A study of three real recordings, from which R001 has just withdrawn in the form."""
    root = tmp_path_factory.mktemp("left") / "study"
    shutil.copytree(located_study.root, root)
    study = Study.open(root)
    session = study.session("R001")
    assert study.participant("R001").scopes == SCOPES
    with served(study) as port:
        client = Client(port)
        client.open(study, session)
        client.post(client.place, act="continue", emotion="fear")
        client.post(links.form_path(session, FIRST) + "/withdraw")
        assert client.get(client.place)[0] == 403
    return study


def test_it_stands_on_file(left):
    person = left.participant("R001")
    assert person.scopes == ()
    assert withdrawn_at(person.consents)
    assert left.participant("R002").scopes == SCOPES


@pytest.mark.parametrize("command", ["analyse", "locate", "plot"])
def test_nothing_looks_at_the_face(left, command):
    before = {p: p.stat().st_mtime_ns for p in left.root.rglob("*")}
    line = refused(annotate, command, left.root, "--session", left.session("R001").id)
    assert "no participant consented to being analysed" in line
    assert {p: p.stat().st_mtime_ns for p in left.root.rglob("*")} == before


def test_no_dataset_holds_a_frame(left, tmp_path):
    run_command(pipeline, "build-dataset", left.root, tmp_path / "set")
    header = json.loads((tmp_path / "set" / "dataset.json").read_text())
    assert [p.name for p in (tmp_path / "set" / "frames").iterdir()] == ["R002.parquet"]
    reasons = [e["reason"] for e in header["exclusions"] if e["subject"] == "R001"]
    assert reasons == ["no consent to being recorded, analysed"]


def test_no_export_holds_an_answer(left, tmp_path):
    run_command(collector, "export", left.root, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        assert "R001" not in path.name
        assert path.is_dir() or b"R001" not in path.read_bytes()


def test_nobody_is_recorded_again(left):
    assert allowed_participant(left, "R002", simulated=False).participant == "R002"
    with pytest.raises(ConsentError, match="no consent to being recorded"):
        allowed_participant(left, "R001", simulated=False)


def test_no_form_opens(left):
    session = left.session("R001")
    with served(left) as port:
        for form in ("self-report", "second-pass"):
            path = links.open_path(session, form, links.new_link(left, session, form))
            assert Client(port).get(path)[0] == 403
            assert Client(port).post(path)[0] == 403
