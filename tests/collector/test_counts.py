"""The numbers of a methods section, from a study whose numbers are known."""

from dataclasses import replace

import pytest

from collector.app.overview import WORDS, methods
from collector.counts import (
    MISSING,
    Checks,
    Felt,
    attention,
    by,
    compilations,
    completion,
    counted,
    felt,
    genders,
)
from collector.form.filling import FIRST, begin
from collector.roster import Standing, roster
from mexlab.emotions import EMOTIONS
from mexlab.participants import AGE_BANDS, Participant
from mexlab.study import Study
from mexlab.web.language import Speaker
from tests.collector.desk_study import analysed, filled_in, from_elsewhere, register, reviewed, sat


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def everybody(study):
    return roster(study, study.participants())


def people(*kinds):
    return [
        Standing(Participant(f"P{n:03d}", demographics=kind), ()) for n, kind in enumerate(kinds)
    ]


def test_counted_is_who_was_recorded_and_allows_it(study):
    for name in ("P001", "P002", "P003", "P004", "P005"):
        register(study, name, None if name == "P004" else ("recorded", "analysed"))
    for name in ("P001", "P002", "P004"):
        sat(study, name)
    sat(study, "P005", state="aborted")
    study.withdraw("P002")
    assert [s.person.participant for s in counted(everybody(study))] == ["P001"]


def test_completion_counts_each_step(study):
    for number in range(1, 8):
        register(study, f"P00{number}", None if number == 1 else ("recorded",))
    sessions = {n: sat(study, f"P00{n}") for n in range(3, 8)}
    for number in range(4, 8):
        filled_in(study, sessions[number], EMOTIONS)
    for number in (5, 6, 7):
        analysed(sessions[number])
    for number in (6, 7):
        reviewed(sessions[number])
    study.withdraw("P007")
    assert completion(everybody(study)) == {
        "registered": 7,
        "consented": 5,
        "recorded": 4,
        "reported": 3,
        "analysed": 2,
        "reviewed": 1,
        "withdrawn": 1,
    }


def test_every_gender_has_its_place_and_nothing_is_guessed():
    asked = [{"gender": value} for value in ("man", "man", "woman", "undisclosed", "agender")]
    found = genders(people(*asked, {}))
    assert list(found.items()) == [
        ("woman", 1),
        ("man", 2),
        ("other", 0),
        ("undisclosed", 1),
        ("agender", 1),
        (MISSING, 1),
    ]
    assert MISSING not in by(people({"age_band": "18-24"}), "age_band", AGE_BANDS)


def test_compilations_are_counted_by_recording(study):
    for name, compilation in (("P001", 2), ("P002", 2), ("P003", None)):
        register(study, name)
        sat(study, name, compilation=compilation)
    assert compilations(everybody(study), range(1, 4)) == {1: 0, 2: 2, 3: 0, None: 1}


def test_emotions_by_film(study):
    for name in ("P001", "P002", "P003", "P004"):
        register(study, name)
    filled_in(study, sat(study, "P001"), EMOTIONS)
    filled_in(study, sat(study, "P002"), ("none", "other", "fear", "fear", None, "anger", "anger"))
    from_elsewhere(sat(study, "P003"), scene1="neutral")
    begin(study, sat(study, "P004"), FIRST, "es")  # not finished: does not count
    found = felt(everybody(study))
    assert (found.reports, found.unanswered) == (3, 1 + 6)
    assert found.table["neutral"] | {"neutral": 0, "none": 0} == dict.fromkeys(
        found.table["fear"], 0
    )
    assert (found.table["neutral"]["neutral"], found.table["neutral"]["none"]) == (2, 1)
    assert found.table["happiness"]["happiness"] == found.table["happiness"]["anger"] == 1
    assert (len(found.table), {len(row) for row in found.table.values()}) == (7, {9})
    assert sum(sum(row.values()) for row in found.table.values()) == 3 * 7 - found.unanswered


def test_attention_checks(study):
    for name, answer in (("P001", 2), ("P002", 3), ("P003", None)):
        register(study, name)
        filled_in(study, sat(study, name), EMOTIONS, attention=answer)
    register(study, "P004")
    from_elsewhere(sat(study, "P004"), scene1="fear")
    assert attention(everybody(study)) == Checks(passed=1, asked=3)


def test_an_attention_check_in_every_scene_is_asked_seven_times(study):
    own = study.instrument_path
    own.write_text(own.read_text().replace("after_scene = 4", ""))
    register(study, "P001")
    filled_in(study, sat(study, "P001"), EMOTIONS)
    assert attention(everybody(study)) == Checks(passed=7, asked=7)


NOTHING = Felt({}, 0, 0)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "85 individuals: 21.18% female, 76.47% male, 2.35% gender undisclosed."),
        (
            "es",
            "85 participantes: 21,18\xa0% mujeres, 76,47\xa0% hombres, "
            "2,35\xa0% género sin declarar.",
        ),
    ],
)
def test_the_sentence_of_the_paper(language, says):
    asked = ["woman"] * 18 + ["man"] * 65 + ["undisclosed"] * 2
    standings = people(*({"gender": value, "age_band": "18-24"} for value in asked))
    said = methods(standings, NOTHING, Checks(0, 0), Speaker(language, WORDS))
    assert said[0] == says


def test_the_sentence_names_other_and_missing_and_checks():
    standings = people({"gender": "other", "age_band": "25-34"}, {})
    felt_, checks = replace(NOTHING, reports=2), Checks(1, 2)
    assert methods(standings, felt_, checks, Speaker("en", WORDS)) == [
        "2 individuals: 50.00% another gender, 50.00% gender not on file.",
        "Age: 25–34 50.00%, not on file 50.00%.",
        "Complete self-reports: 2. Attention checks passed: 1 of 2 (50.00%).",
    ]
    one = methods(standings[:1], felt_, Checks(0, 0), Speaker("en", WORDS))
    assert one[0].startswith("1 individual:")
    assert one[-1].endswith("none asked.")
    assert methods([], NOTHING, Checks(0, 0), Speaker("en", WORDS)) == ["Nobody is counted yet."]
