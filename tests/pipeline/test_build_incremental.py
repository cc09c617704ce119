"""A subject whose inputs are unchanged is taken over; what changed is built, and nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from child_builds import build_here
from click.testing import CliRunner
from corpus_trees import rows_of, write_frames, write_sheet

from benchmarks.building_study import ANALYZER, Recording, write_recording, write_study
from mexlab.consent import decide
from mexlab.emotions import EMOTIONS
from mexlab.fingerprint import write_manifest
from mexlab.session import Answer, SelfReport, Session
from mexlab.study import Study
from mexlab.tables import AU_TABLE, MOTION
from mexlab.verify import verify_path
from pipeline import incremental
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from pipeline.incremental import PROVENANCE, digest_of, session_inputs
from tests.annotate.coded import code

FOUND = {"verdict": "accept", "onset": 50, "apex": 60, "offset": 70, "emotion": "disgust"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return write_recording(tmp_path_factory.mktemp("recording") / "a.mp4", 4.8, (320, 180))


@pytest.fixture
def study(recording: Recording, tmp_path: Path) -> Study:
    """Three subjects with a clip each."""
    return write_study(tmp_path / "study", [recording] * 3)


def inodes(out: Path) -> dict[str, int]:
    """Subject -> which file on the disk holds its frames."""
    return {path.stem: path.stat().st_ino for path in out.glob("frames/*.parquet")}


def test_an_unchanged_study_is_taken_over_whole(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, subjects = build_here(study.root, out)
    assert subjects == "3 built"
    before = inodes(out)
    assert build_here(study.root, out) == (first, "3 unchanged")
    assert inodes(out) == before
    assert verify_path(out)[0] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "study"]


def test_one_new_decision_of_a_coder_builds_one_subject(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, _ = build_here(study.root, out)
    before = inodes(out)
    session = study.session("B002")
    for coder in ("ana", "ben"):
        code(session, coder, f"{session.id}-s1-r1", FOUND)
    changed, subjects = build_here(study.root, out)
    assert subjects == "1 built, 2 unchanged"
    after = inodes(out)
    assert {name for name in before if before[name] != after[name]} == {"B002"}
    rows = {row["subject"]: row for row in Dataset.open(out).clips().to_pylist()}
    assert (rows["B002"]["coded"], rows["B002"]["coders"]) == ("disgust", 2)
    assert changed != first
    assert build_here(study.root, tmp_path / "anew") == (changed, "3 built")


def test_a_report_a_participant_more_and_one_less(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    build_here(study.root, out)
    answer = Answer(1, "emotion", "anger", "now")
    SelfReport("test", "1", "en", (answer,)).write(study.session("B001").report_path)
    person = study.participant("B003")
    study.save_participant(person.deciding(decide((), "e-mail")))
    other = write_study(tmp_path / "other", [recording] * 4)
    for path in ("participants/B004.json", f"sessions/{other.session('B004').id}"):
        source, target = other.root / path, study.root / path
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    _, subjects = build_here(study.root, out)
    assert subjects == "2 built, 1 unchanged"
    dataset = Dataset.open(out)
    assert dataset.subjects == ["B001", "B002", "B004"]
    labels = {row["subject"]: row["label"] for row in dataset.clips().to_pylist()}
    assert labels["B001"] == EMOTIONS.index("anger")
    assert sorted(json.loads((out / PROVENANCE).read_text())["subjects"]) == dataset.subjects


@pytest.mark.parametrize(
    ("setting", "other"),
    [('policy = "reported"', 'policy = "target"'), ('title = ""', 'title = "x"')],
)
def test_another_policy_or_source_builds_all(
    study: Study, tmp_path: Path, setting: str, other: str
) -> None:
    out = tmp_path / "out"
    build_here(study.root, out)
    text = study.settings_path.read_text()
    assert setting in text
    study.settings_path.write_text(text.replace(setting, other))
    assert build_here(study.root, out)[1] == "3 built"


def test_other_settings_packages_or_code_build_all(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    build_here(study.root, out)
    assert build_here(study.root, out, "--margin", "1.4")[1] == "3 built"
    assert build_here(study.root, out, "--margin", "1.4")[1] == "3 unchanged"
    made_with = {**incremental.made_with(), "opencv-python": "0"}
    monkeypatch.setattr("pipeline.build.made_with", lambda: made_with)
    assert build_here(study.root, out, "--margin", "1.4")[1] == "3 built"


def broken(out: Path) -> None:
    path = out / "frames" / "B002.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def removed(out: Path) -> None:
    (out / "clips" / "B002.parquet").unlink()


def swapped(out: Path) -> None:
    (out / "clips" / "B002.parquet").write_bytes((out / "clips" / "B001.parquet").read_bytes())


@pytest.mark.parametrize("harm", [broken, removed, swapped])
def test_what_is_no_longer_whole_is_built_again(
    study: Study, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    out = tmp_path / "out"
    first, _ = build_here(study.root, out)
    harm(out)
    assert build_here(study.root, out) == (first, "1 built, 2 unchanged")
    assert verify_path(out)[0] == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 2, "subjects": {}}'])
def test_a_provenance_that_cannot_be_read_builds_all(
    study: Study, tmp_path: Path, text: str
) -> None:
    out = tmp_path / "out"
    build_here(study.root, out)
    (out / PROVENANCE).write_text(text)
    write_manifest(out)
    assert build_here(study.root, out)[1] == "3 built"


def test_every_file_that_a_clip_depends_on_is_an_input(study: Study) -> None:
    session = study.session("B001")
    MOTION.write(session.motion_path, MOTION.empty())
    SelfReport("test", "1", "en", ()).write(session.report_path)
    code(session, "ana", 0, FOUND)
    changes: dict[str, Callable[[], object]] = {
        path.name: lambda path=path: path.write_bytes(path.read_bytes() + b" ")
        for path in (
            *(session.frames_path, session.scenes_path, session.intervals_path, session.truth_path),
            *(session.motion_path, session.report_path, session.codes_path("ana")),
            session.aus_path(ANALYZER),
        )
    }
    changes["another coder"] = lambda: code(session, "ben", f"{session.id}-s1-r1", FOUND)
    changes["recording"] = lambda: change_header(session, recording_sha256="0" * 64)
    changes["modality"] = lambda: change_header(session, modality="grey")
    seen = {digest_of(files=session_inputs(session, ANALYZER))}
    for number, change in enumerate(changes.values(), start=2):
        change()
        seen.add(digest_of(files=session_inputs(Session(session.root), ANALYZER)))
        assert len(seen) == number
    session.events_path.write_text("{}\n")
    assert digest_of(files=session_inputs(Session(session.root), ANALYZER)) in seen


def change_header(session: Session, **cells: str) -> None:
    header = json.loads(session.header_path.read_text())
    session.header_path.write_text(json.dumps({**header, **cells}))


def test_a_subject_without_a_face_is_left_out_with_its_reason(study: Study, tmp_path: Path) -> None:
    session = study.session("B002")
    rows = session.aus(ANALYZER).to_pylist()
    for row in rows:
        row |= {"face": False, "landmarks": None}
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    AU_TABLE.write(session.aus_path(ANALYZER), AU_TABLE.build(columns), {"kind": "proxy"})
    build_here(study.root, tmp_path / "out")
    dataset = Dataset.open(tmp_path / "out")
    assert dataset.subjects == sorted(dataset.header.subjects) == ["B001", "B003"]
    assert dataset.header.counts["subjects"] == 2
    assert [(e.subject, e.reason) for e in dataset.header.exclusions] == [
        ("B002", "no face in the interval")
    ]


def test_an_import_takes_over_whose_pictures_are_unchanged(tmp_path: Path) -> None:
    root, out = tmp_path / "casme2", tmp_path / "out"
    moments = {"onset": 5, "apex": 9, "offset": 14}
    cells = [{**rows_of("casme2")[0], **moments, "subject": n, "filename": "EP01"} for n in (1, 2)]
    write_sheet(root, "casme2", cells)
    for n in (1, 2):
        write_frames(root / f"Cropped/sub0{n}/EP01", range(5, 15), 9, "reg_img{}.jpg", person=n)
    command = ["import", "casme2", str(root), str(out), "--size", "96", "--workers", "1"]
    hashes, said = [], []
    for _ in range(3):
        result = CliRunner().invoke(pipeline, command, catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        hashes.append(result.stdout.split()[-1])
        said += [line for line in result.stderr.splitlines() if line.startswith("subjects: ")]
        picture = root / "Cropped/sub02/EP01/reg_img9.jpg"
        if len(said) == 2:
            write_frames(picture.parent, [9], 9, "reg_img{}.jpg", person=0)
    assert said == ["subjects: 2 built", "subjects: 2 unchanged", "subjects: 1 built, 1 unchanged"]
    assert hashes[0] == hashes[1] != hashes[2]
