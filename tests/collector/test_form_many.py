"""A whole class fills in its forms at the same time, each device with answers of its own."""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor

from collector.form import links
from collector.form.filling import FIRST, Filling
from tests.collector.form_study import Client, served, waiting

PEOPLE = [f"P{number:03d}" for number in range(1, 21)]


def wanted(step, who, generator):
    """Fields of a page, as this person fills them in."""
    fields = {}
    for question in step.page.questions:
        if question.kind == "choice":
            fields[question.id] = generator.choice(question.options).value
        elif question.kind == "scales":
            for option in question.options:
                fields[f"{question.id}_{option.value}"] = str(generator.randint(0, 8))
        elif question.kind == "moment":
            fields[question.id] = f"0:{generator.randint(0, 9):02d}"
        elif question.kind == "text":
            fields[question.id] = f"{who} in scene {step.about[0]}: \U0001f600 {generator.random()}"
        else:
            fields[question.id] = str(generator.randint(1, 4))
    return fields


def fill_in(study, port, participant):
    """Every page, saved piecemeal before it is sent, as the script in the browser does."""
    session, client = study.session(participant), Client(port)
    client.open(study, session)
    generator, entered = random.Random(participant), {}
    steps = Filling.read(study, session, FIRST).steps
    for number, step in enumerate(steps, start=1):
        fields = wanted(step, participant, generator)
        if number % 4 == 0:
            first = dict(list(fields.items())[:1])
            assert client.post(client.place, act="stay", **first)[0] == 204
        assert client.post(client.place, act="continue", **fields)[0] == 303
        assert client.place.endswith(f"/{number + 1}" if number < len(steps) else "/end")
        entered |= {(step.about[0], name): value for name, value in fields.items()}
    client.post(client.place)
    return entered


def test_twenty_forms_at_once_lose_and_mix_up_nothing(tmp_path):
    study = waiting(tmp_path / "study", *PEOPLE)
    with served(study) as port, ThreadPoolExecutor(len(PEOPLE)) as devices:
        entered = list(devices.map(lambda who: fill_in(study, port, who), PEOPLE))
    for participant, fields in zip(PEOPLE, entered, strict=True):
        session = study.session(participant)
        report = json.loads(session.report_path.read_text("utf-8"))
        assert report["finished_at"]
        found = {(a["scene"], a["question"]): a["value"] for a in report["answers"]}
        assert len(found) == len(report["answers"])
        for (scene, name), text in fields.items():
            if name == "moment":
                assert found[scene, "moment_ns"] == int(text[2:]) * 10**9
            else:
                assert str(found[scene, name]) == text
        derived = {"intensity", "emotion_text", "moment_ns", "moment_how"}
        assert {name for _, name in found} == {n for _, n in fields if n != "moment"} | derived
        assert all(participant in found[scene, "words"] for scene in range(1, 8))


def test_two_devices_with_one_link_are_one(tmp_path):
    study = waiting(tmp_path / "study", "P001")
    session = study.session("P001")
    with served(study) as port, ThreadPoolExecutor(8) as devices:
        path = links.open_path(session, FIRST, links.new_link(study, session, FIRST))
        opened = list(devices.map(lambda _: Client(port).post(path, language="en")[0], range(8)))
    assert sorted(opened) == [303] + [403] * 7
    assert re.fullmatch("[0-9a-f]{64}", links.latest(session, FIRST).key)
