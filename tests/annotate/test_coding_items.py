from dataclasses import replace

import numpy as np
import pytest

from annotate.coding.desk import CodingDesk, Show
from annotate.coding.items import Window, draw, items_of, suggestion_of, window_of
from annotate.coding.quality import low_quality
from mexlab.consensus import ReviewSettings
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.tables import INTERVALS
from tests.annotate.coding_study import (
    HZ,
    add_person,
    item_of,
    study_to_code,
    write_aus,
    write_frames,
    write_intervals,
)

SETTINGS = ReviewSettings()


@pytest.fixture
def study(tmp_path):
    return study_to_code(tmp_path / "study")


def test_the_template_spells_out_the_defaults(tmp_path):
    study = Study.create(tmp_path / "study")
    assert study.section("review", ReviewSettings) == SETTINGS
    assert set(study._tables["review"]) == set(vars(SETTINGS))


def test_every_first_ranked_interval_is_an_item(study):
    items, left_out = items_of(study, SETTINGS)
    assert [(item.participant, item.scene) for item in items] == [
        (person, scene) for person in ("P001", "P002") for scene in (1, 2, 3)
    ]
    assert left_out == []


def test_further_ranks_are_coded_where_the_study_wants_them(study):
    session = study.session("P001")
    table = session.intervals()
    ranks = [1, 2, 3]
    table = table.set_column(
        table.schema.get_field_index("rank"),
        table.schema.field("rank"),
        [np.array(ranks, dtype=np.int8)],
    )
    INTERVALS.write(session.intervals_path, table)
    for ranks, expected in ((1, 1), (2, 2), (5, 3)):
        items, _ = items_of(study, replace(SETTINGS, ranks=ranks))
        assert sum(item.participant == "P001" for item in items) == expected


def test_sessions_without_consent_or_intervals_are_left_out_with_the_reason(study):
    study.withdraw("P001")
    study.session("P002").intervals_path.unlink()
    broken = add_person(study, "P003", 3)
    study.session("P003").intervals_path.write_bytes(b"PAR1 no more")
    add_person(study, "P004", 4)
    items, left_out = items_of(study, SETTINGS)
    assert {item.participant for item in items} == {"P004"}
    reasons = {exclusion.subject: exclusion.reason for exclusion in left_out}
    assert reasons["P001"] == "no consent to being analysed"
    assert reasons["P002"].startswith("no intervals table")
    assert reasons["P003"].startswith("damaged intervals table")
    assert broken.id in {exclusion.session for exclusion in left_out}


def test_a_key_is_opaque_and_stays_the_same(study):
    first, second = (items_of(Study.open(study.root), SETTINGS)[0] for _ in range(2))
    keys = [item.key for item in first]
    assert keys == [item.key for item in second]
    assert len(set(keys)) == len(keys) == 6
    assert all(len(key) == 12 and int(key, 16) >= 0 for key in keys)


def test_draws_are_even_and_depend_on_each_name():
    values = np.array([draw(1, "order", "ana", f"i{k}") for k in range(2000)])
    assert values.min() >= 0
    assert values.max() < 1
    assert np.abs(np.histogram(values, bins=10, range=(0, 1))[0] - 200).max() < 60
    assert (
        len({draw(1, "a", "bc"), draw(1, "ab", "c"), draw(2, "a", "bc"), draw(1, "a", "bd")}) == 4
    )


def test_the_middle_of_a_window_does_not_betray_the_apex(tmp_path):
    study = study_to_code(tmp_path / "long", people=1, scenes=3, scene_s=60.0)
    item = items_of(study, SETTINGS)[0][1]
    apex = suggestion_of(item).apex
    windows = [window_of(item, f"coder{k}", 0, SETTINGS) for k in range(200)]
    assert {window.last - window.first + 1 for window in windows} <= {
        7 * HZ + d for d in (-1, 0, 1)
    }
    assert all(apex in window for window in windows)
    places = np.array([(apex - w.first) / (w.last - w.first) for w in windows])
    assert places.std() > 0.12
    assert np.ptp(places) > 0.4
    assert windows[0] == window_of(item, "coder0", 0, SETTINGS)
    assert len(set(windows)) > 20


def test_how_long_a_window_is_says_nothing_of_what_was_found(tmp_path):
    study = study_to_code(tmp_path / "long", people=1, scenes=3, scene_s=60.0)
    item = items_of(study, SETTINGS)[0][1]
    start = item.row["start_ns"]
    moments = ("onset_ns", "apex_ns", "offset_ns")
    long = {name: start + k * 1_000_000_000 for k, name in enumerate(moments, 1)}
    rows = [
        {**item.row, "end_ns": start + 4_000_000_000, **long},
        {**item.row, "end_ns": start + 2_000_000_000, "kind": "none", **dict.fromkeys(moments)},
    ]
    lengths = {
        window.last - window.first + 1
        for row in rows
        for coder in ("ana", "ben", "cem")
        for window in (window_of(replace(item, row=row), coder, 0, SETTINGS),)
    }
    assert lengths <= {7 * HZ, 7 * HZ + 1}


def test_a_window_stays_in_its_scene_and_holds_the_whole_suggestion(study):
    for item in items_of(study, SETTINGS)[0]:
        scene = Window(*((item.scene - 1) * 10 * HZ, item.scene * 10 * HZ - 1))
        suggestion = suggestion_of(item)
        for coder in ("ana", "ben", "cem"):
            window = window_of(item, coder, 7, SETTINGS)
            assert window.first in scene
            assert window.last in scene
            assert window.last - window.first + 1 >= 4 * HZ
            known = [f for f in (suggestion.onset, suggestion.offset) if f is not None]
            assert all(frame in window for frame in known)


def test_a_short_scene_is_shown_with_what_is_around_it(tmp_path):
    study = study_to_code(tmp_path / "short", people=1, scenes=3, scene_s=3.0)
    item = items_of(study, SETTINGS)[0][1]
    window = window_of(item, "ana", 0, SETTINGS)
    assert window.last - window.first + 1 == pytest.approx(4 * HZ, abs=1)
    alone = study_to_code(tmp_path / "alone", people=1, scenes=1, scene_s=3.0)
    only = window_of(items_of(alone, SETTINGS)[0][0], "ana", 0, SETTINGS)
    assert only == Window(0, 3 * HZ - 1)  # no more was recorded


def test_a_suggestion_is_in_frame_numbers(study):
    desk = CodingDesk(study, "ana")
    happened = suggestion_of(item_of(desk, scene=2))
    assert (happened.onset, happened.apex, happened.offset) == (362, 367, 375)
    assert (happened.expressed, happened.kind) == ("disgust", "macro")
    nothing = suggestion_of(item_of(desk, scene=1))
    assert (nothing.onset, nothing.apex, nothing.offset, nothing.kind) == (None, None, None, "none")


def test_each_coder_has_an_order_of_their_own_that_stays(study):
    def order(coder):
        return [item.key for item in CodingDesk(study, coder).queue()]

    assert order("ana") == order("ana")
    assert len({tuple(order(f"coder{k}")) for k in range(8)}) > 4
    assert sorted(order("ana")) == sorted(order("ben"))


def test_a_queue_by_scene_and_by_participant(study):
    desk = CodingDesk(study, "ana")
    by_scene = desk.queue(Show("all", scene=2))
    assert sorted(item.participant for item in by_scene) == ["P001", "P002"]
    by_person = desk.queue(Show("all", participant="P002"))
    assert sorted(item.scene for item in by_person) == [1, 2, 3]
    with pytest.raises(InputError, match="no queue 'lost'"):
        desk.queue(Show("lost"))


@pytest.mark.parametrize(
    ("reason", "aus"),
    [
        ("face", {"face": np.arange(750) % 5 > 0}),
        ("score", {"score": 0.3}),
        ("turn", {"yaw": np.where(np.arange(750) % 20 < 10, -9.0, 9.0)}),
        (None, {"yaw": 60.0}),
        (None, {"face": np.arange(750) % 50 > 0}),
    ],
)
def test_what_makes_an_interval_hard_to_judge(study, reason, aus):
    session = study.session("P001")
    write_aus(session, **aus)
    found = low_quality(session, "landmarker", SETTINGS)
    assert set(found.values()) == {(reason,) if reason else ()}
    assert len(found) == 3


def test_dropped_frames_count_only_inside_the_interval_and_without_an_analysis(study):
    session = study.session("P001")
    write_frames(session, 750, dropped=(350, 360, 380, 10, 11, 12))
    found = low_quality(session, "landmarker", SETTINGS)
    assert [found[f"{session.id}-s{scene}-r1"] for scene in (1, 2, 3)] == [(), ("dropped",), ()]
    assert set(low_quality(session, "landmarker", replace(SETTINGS, max_dropped=3)).values()) == {
        ()
    }


def test_the_low_quality_queue_holds_those_and_no_others(study):
    write_frames(study.session("P001"), 750, dropped=(350, 360, 380))
    found = CodingDesk(study, "ana").queue(Show("low-quality"))
    assert [(item.participant, item.scene) for item in found] == [("P001", 2)]


def test_intervals_located_anew_are_read_anew(study):
    desk = CodingDesk(study, "ana")
    item = item_of(desk)
    desk.act(item, "set", "apex", window_of(item, "ana", 0, SETTINGS).first)
    assert not desk.seen(item).moved
    write_intervals(study.session("P001"), later_s=3.0)
    fresh = desk.item(item.key)
    assert suggestion_of(fresh).apex - suggestion_of(item).apex == 3 * HZ
    assert desk.seen(fresh).moved


def test_an_unknown_key_is_one_line(study):
    with pytest.raises(InputError, match="no such item any more; 0123456789ab"):
        CodingDesk(study, "ana").item("0123456789ab")
