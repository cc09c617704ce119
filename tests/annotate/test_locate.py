from dataclasses import replace
from datetime import UTC, datetime

import pytest

from annotate.emfacs import PROTOTYPES
from annotate.interval_settings import IntervalSettings
from annotate.locate import locate_session
from mexlab.errors import InputError, StudyError, TableError
from mexlab.kinds import kind_of
from mexlab.session import Answer, SelfReport, SessionHeader
from mexlab.study import Study
from mexlab.tables import AU_TABLE, INTERVALS, MOTION, SCENES
from mexlab.timebase import NS_PER_S
from tests.annotate.synthetic import au_table, motion_table

SETTINGS = IntervalSettings()
SMILE = {"AU06": 0.25, "AU12": 0.4}


@pytest.fixture
def session(tmp_path):
    study = Study.create(tmp_path / "study")
    with study.new_session("P001", datetime(2026, 11, 23, tzinfo=UTC)) as made:
        made.write_header(SessionHeader(made.id, "P001", "", "webcam.mp4", "", "imported"))
        name = made.id
    return study.session(name)


def given_scenes(session, *scenes):
    """Scenes as (emotion, seconds), one after the other."""
    ends, rows = 0.0, []
    for number, (emotion, seconds) in enumerate(scenes, start=1):
        rows.append((number, emotion, round(ends * NS_PER_S), round((ends + seconds) * NS_PER_S)))
        ends += seconds
    columns = dict(
        zip(("scene", "emotion", "start_ns", "end_ns"), zip(*rows, strict=True), strict=True)
    )
    SCENES.write(session.scenes_path, SCENES.build({k: list(v) for k, v in columns.items()}))
    return ends


def located(session, table, blind=False, settings=SETTINGS):
    AU_TABLE.write(session.aus_path("landmarker"), table)
    return locate_session(session, "landmarker", settings, blind).to_pylist()


def first(rows, scene):
    return next(row for row in rows if row["scene"] == scene and row["rank"] == 1)


def report(session, *answers):
    rows = []
    for scene, emotion, moment_s in answers:
        rows.append(Answer(scene, "emotion", emotion, "now"))
        if moment_s is not None:
            rows.append(Answer(scene, "moment_ns", round(moment_s * NS_PER_S), "now"))
    SelfReport("test", "1", "en", tuple(rows)).write(session.report_path)


@pytest.mark.parametrize(("duration_s", "kind"), [(0.3, "micro"), (1.5, "macro")])
def test_a_smile_is_found_named_and_timed(session, duration_s, kind):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 8))
    rows = located(session, au_table(seconds, [(12.0, duration_s, SMILE)]))
    smile = first(rows, 2)
    assert (smile["expressed"], smile["kind"], smile["evidence"]) == ("happiness", kind, "peak")
    assert smile["apex_ns"] / NS_PER_S == pytest.approx(12 + duration_s / 2, abs=0.08)
    assert smile["onset_ns"] / NS_PER_S == pytest.approx(12, abs=0.12)
    assert smile["offset_ns"] / NS_PER_S == pytest.approx(12 + duration_s, abs=0.12)
    assert 2 <= (smile["end_ns"] - smile["start_ns"]) / NS_PER_S <= 4
    assert first(rows, 1)["kind"] == "none"


@pytest.mark.parametrize("emotion", PROTOTYPES)
def test_every_prototype_is_called_by_its_name(session, emotion):
    seconds = given_scenes(session, ("neutral", 8), (emotion, 8))
    heights = {au: 0.3 for au in PROTOTYPES[emotion] if au != "AU23"}
    rows = located(session, au_table(seconds, [(11.0, 0.8, heights)], seed=3))
    assert first(rows, 2)["expressed"] == emotion


def test_a_held_expression_is_one_interval_from_its_rise_to_its_fall(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 10))
    steps = [(12 + 0.25 * k, 0.5, SMILE) for k in range(12)]  # humps that add up to a plateau
    rows = located(session, au_table(seconds, steps))
    held = first(rows, 2)
    assert held["kind"] == "macro"
    assert held["duration_ms"] == pytest.approx(3250, abs=500)


def test_a_quiet_scene_says_so_and_lies_inside(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 8))
    rows = located(session, au_table(seconds))
    quiet = first(rows, 2)
    assert (quiet["kind"], quiet["expressed"], quiet["evidence"]) == ("none", "neutral", "none")
    assert (
        quiet["onset_ns"] is quiet["apex_ns"] is quiet["offset_ns"] is quiet["duration_ms"] is None
    )
    assert 8 * NS_PER_S <= quiet["start_ns"] < quiet["end_ns"] <= 16 * NS_PER_S
    assert quiet["end_ns"] - quiet["start_ns"] == 2 * NS_PER_S


def test_a_quiet_scene_is_placed_at_the_reported_moment_unless_blind(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 8))
    report(session, (2, "fear", 5.0))
    table = au_table(seconds)
    told = first(located(session, table), 2)
    assert (told["start_ns"], told["end_ns"]) == (12 * NS_PER_S, 14 * NS_PER_S)
    assert (told["reported"], told["evidence"]) == ("fear", "report")
    blind = first(located(session, table, blind=True), 2)
    assert (blind["reported"], blind["evidence"]) == (None, "none")


def test_the_reported_moment_decides_between_two_like_movements(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 12))
    table = au_table(seconds, [(10.0, 0.5, SMILE), (16.0, 0.5, SMILE)])
    for moment_s, apex_s in ((2.5, 10.25), (8.0, 16.25)):
        report(session, (2, "happiness", moment_s))
        row = first(located(session, table), 2)
        assert row["apex_ns"] / NS_PER_S == pytest.approx(apex_s, abs=0.1)
        assert row["evidence"] == "both"
        assert row["from_report_ms"] == pytest.approx(1000 * (apex_s - 8 - moment_s), abs=100)


def test_candidates_stay_in_rank_order(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 12))
    weak = {au: height / 2 for au, height in SMILE.items()}
    rows = located(session, au_table(seconds, [(10.0, 0.5, weak), (16.0, 0.5, SMILE)]))
    ranked = [row for row in rows if row["scene"] == 2]
    assert [row["rank"] for row in ranked[:2]] == [1, 2]
    assert ranked[0]["apex_ns"] > ranked[1]["apex_ns"]


def test_blinks_are_not_expressions(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 8))
    rows = located(session, au_table(seconds, blinks=(2.0, 5.5, 9.0, 11.5, 14.0)))
    assert first(rows, 2)["kind"] == "none"


def test_a_scene_without_a_face_has_no_row(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 8), ("anger", 8))
    rows = located(session, au_table(seconds, hidden=((8.5, 15.0),)))
    assert {row["scene"] for row in rows} == {1, 3}


def test_no_face_at_all_gives_an_empty_table(session):
    seconds = given_scenes(
        session,
        ("neutral", 4),
    )
    assert located(session, au_table(seconds, hidden=((0, 99),))) == []


def test_a_short_scene_is_taken_whole(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 1.2))
    row = first(located(session, au_table(seconds)), 2)
    assert (row["start_ns"], row["end_ns"]) == (8 * NS_PER_S, round(9.2 * NS_PER_S))


def test_an_interval_at_a_scenes_edge_is_shifted_inside(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 8))
    row = first(located(session, au_table(seconds, [(8.2, 0.5, SMILE)])), 2)
    assert row["start_ns"] == 8 * NS_PER_S
    assert (row["end_ns"] - row["start_ns"]) / NS_PER_S >= 2


def test_without_a_neutral_scene_the_calm_half_is_the_baseline(session):
    seconds = given_scenes(session, ("fear", 8), ("happiness", 8))
    row = first(located(session, au_table(seconds, [(12.0, 0.6, SMILE)])), 2)
    assert row["expressed"] == "happiness"
    assert INTERVALS.metadata(session.intervals_path)["baseline"] == "calm half of the recording"


def test_a_smile_held_over_the_cut_belongs_to_each_scene_as_far_as_it_goes(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 4), ("happiness", 8))
    steps = [(11 + 0.25 * k, 0.5, SMILE) for k in range(14)]  # rises at 11, falls at 14.75
    row = first(located(session, au_table(seconds, steps)), 3)
    assert row["onset_ns"] == row["start_ns"] == 12 * NS_PER_S
    assert row["apex_ns"] > row["onset_ns"]
    assert row["offset_ns"] / NS_PER_S == pytest.approx(14.75, abs=0.3)


def test_a_shortest_interval_above_the_longest_is_refused():
    with pytest.raises(InputError, match="min_s 5 is above max_s 4"):
        IntervalSettings(min_s=5.0)


def test_settings_are_kept_with_the_intervals(session):
    seconds = given_scenes(session, ("neutral", 8))
    located(session, au_table(seconds), settings=replace(SETTINGS, threshold_z=9.0))
    assert '"threshold_z": 9.0' in INTERVALS.metadata(session.intervals_path)["settings"]


def test_a_damaged_au_table_is_named(session):
    given_scenes(session, ("neutral", 8))
    session.aus_path("landmarker").parent.mkdir(parents=True)
    session.aus_path("landmarker").write_bytes(b"rubbish")
    with pytest.raises(TableError, match="damaged aus table"):
        locate_session(session, "landmarker", SETTINGS, blind=False)


@pytest.mark.parametrize(
    ("duration_ms", "kind"),
    [(300, "micro"), (480, "micro"), (500, "uncertain"), (510, "uncertain"), (520, "macro")],
)
def test_half_a_frame_around_half_a_second_is_uncertain(duration_ms, kind):
    assert kind_of(duration_ms, 1000 / 30, SETTINGS.micro_max_ms) == kind


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_a_recording_of_a_few_frames_is_no_accident(session, frames):
    given_scenes(session, ("neutral", frames / 30))
    rows = located(session, au_table(frames / 30))
    assert len(rows) <= 1
    assert all(row["kind"] == "none" for row in rows)


def test_a_scene_shorter_than_a_frame_is_taken_whole(session):
    seconds = given_scenes(session, ("neutral", 8.01), ("fear", 0.01), ("anger", 8))
    row = first(located(session, au_table(seconds)), 1)
    assert row["kind"] == "none"


def test_the_flank_of_the_next_scenes_movement_is_not_this_scenes(session):
    seconds = given_scenes(session, ("neutral", 8), ("fear", 5), ("happiness", 8))
    rows = located(session, au_table(seconds, [(12.6, 1.2, SMILE)]))
    assert first(rows, 2)["kind"] == "none"
    assert first(rows, 3)["expressed"] == "happiness"


CORNERS_UP = {"mouth_left_v": -0.5, "mouth_right_v": -0.5, "mouth_left_u": 0.4}
LIDS_DOWN = {"eye_left_v": 4.0, "eye_right_v": 4.0, "brow_left_v": 0.3}


def test_motion_that_the_scores_do_not_show_is_found_and_lids_alone_are_a_blink(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 8), ("fear", 8))
    events = [(11.0, 0.3, CORNERS_UP), (20.0, 0.25, LIDS_DOWN)]
    MOTION.write(session.motion_path, motion_table(seconds, events))
    rows = located(session, au_table(seconds))
    smile = first(rows, 2)
    assert (smile["kind"], smile["expressed"]) == ("micro", "happiness")
    assert smile["apex_ns"] / NS_PER_S == pytest.approx(11.15, abs=0.02)
    assert first(rows, 3)["kind"] == "none"


def test_a_motion_table_of_other_frames_is_refused(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 8))
    MOTION.write(session.motion_path, motion_table(seconds, hz=25))
    with pytest.raises(TableError, match=r"of other frames.*annotate analyse"):
        located(session, au_table(seconds))


def test_a_neutral_scene_without_a_face_is_no_baseline(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 12), ("fear", 12))
    table = au_table(seconds, [(11.0, 0.5, SMILE)], hidden=[(0, 7.9)])
    rows = located(session, table)
    assert first(rows, 2)["apex_ns"] / NS_PER_S == pytest.approx(11.25, abs=0.1)
    assert first(rows, 3)["kind"] == "none"
    about = INTERVALS.metadata(session.intervals_path)
    assert about["baseline"] == "calm half of the recording"


def test_a_frame_without_scores_and_no_landmarks_at_all_are_no_accident(session):
    seconds = given_scenes(session, ("neutral", 8), ("happiness", 8))
    table = au_table(seconds, [(11.0, 0.5, SMILE)])
    holes = {name: table[name].to_pylist() for name in table.column_names}
    holes["AU12"][100] = holes["AU06"][100] = None
    holes["landmarks"] = [None] * len(table)
    rows = located(session, AU_TABLE.build(holes))
    assert first(rows, 2)["apex_ns"] / NS_PER_S == pytest.approx(11.25, abs=0.1)


def test_a_session_not_analysed_is_named(session):
    given_scenes(session, ("neutral", 8))
    with pytest.raises(StudyError, match=r"not analysed by landmarker.*annotate analyse"):
        locate_session(session, "landmarker", SETTINGS, blind=False)
