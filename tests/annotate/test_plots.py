"""`annotate plot` over real recordings: which files come, what is left out and said so."""

import shutil

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from annotate.cli import annotate
from annotate.plots import FIGURE_NAMES
from annotate.plots.draw import FIGURES
from mexlab.consent import decide
from mexlab.emotions import EMOTIONS
from mexlab.errors import StudyError
from mexlab.study import Study
from mexlab.tables import AU_TABLE, INTERVALS
from tests.browser import browser_page
from tests.conftest import refused

FILES = [
    *(f"peak-scene-{k}.png" for k in (1, 2, 3)),
    "emotions.png",
    *(f"change-scene-{k}.png" for k in (1, 2, 3)),
    "sheet-1.png",
    "interactive.html",
]


def plot(root, session, *options):
    """(names of the files printed, stderr) of the command, which must succeed."""
    arguments = ["plot", str(root), "--session", session, "--analyzer", "landmarker", *options]
    result = CliRunner().invoke(annotate, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    folder = Study.open(root).session(session).plots_path
    printed = result.stdout.splitlines()
    assert all((folder / line.removeprefix(f"{folder}/")).is_file() for line in printed)
    return [line.removeprefix(f"{folder}/") for line in printed], result.stderr


@pytest.fixture
def study(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


@pytest.fixture(scope="module")
def plotted(located_study, tmp_path_factory):
    """All figures of R001: (folder, names printed, stderr)."""
    root = tmp_path_factory.mktemp("plots") / "study"
    shutil.copytree(located_study.root, root)
    folder = Study.open(root).session("R001").plots_path
    folder.mkdir(parents=True)
    for name in ("peak-scene-9.png", "peaks-of-my-own.png"):
        (folder / name).write_bytes(b"an earlier run")
    return folder, *plot(root, "R001")


def test_every_figure_of_a_real_recording(plotted):
    folder, names, _ = plotted
    assert names == FILES
    for name in names:
        if name.endswith(".png"):
            assert cv2.imread(str(folder / name)).shape[1] > 900, name


def test_an_earlier_runs_files_of_a_figure_go_and_others_stay(plotted):
    folder, _, _ = plotted
    assert {path.name for path in folder.iterdir()} == {*FILES, "peaks-of-my-own.png"}


def test_the_face_is_outlined_in_white(plotted):
    peak = cv2.imread(str(plotted[0] / "peak-scene-3.png"))
    face = peak[120:500, 20:500]
    assert np.all(face == 255, axis=-1).sum() > 100


def test_the_film_is_decoded_once_for_all_figures(plotted):
    assert plotted[2].count("reading R001") == 1


def test_the_page_opens_offline_and_names_time_and_frame_under_the_mouse(plotted):
    with browser_page() as page:
        asked, errors = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.context.set_offline(True)
        page.goto((plotted[0] / "interactive.html").as_uri())
        page.wait_for_selector(".main-svg .xy .trace")
        box = page.locator(".nsewdrag").first.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_selector(".hoverlayer .legendtext")
        said = page.locator(".hoverlayer").first.text_content()
        lines = page.locator(".xy .trace.scatter path.js-line").all()
        drawn = [line.bounding_box() for line in lines]
    assert [url for url in asked if not url.startswith("file:")] == errors == []
    assert "00:00:09.8" in said
    assert "frame 23" in said
    assert "scene 3: film happiness" in said
    # Every emotion's curve starts at the left and ends at the right: no time was misread.
    assert len(drawn) >= len(EMOTIONS)
    assert all(abs(curve["width"] - box["width"]) < 8 for curve in drawn)


def test_one_figure_can_be_asked_for(study):
    names, said = plot(study.root, "R001", "--figure", "emotions")
    assert names == ["emotions.png"]
    assert "reading" not in said


def test_without_intervals_what_needs_none_is_drawn(study):
    study.session("R001").intervals_path.unlink()
    names, said = plot(study.root, "R001", *(f"--figure={n}" for n in FIGURE_NAMES if n != "sheet"))
    assert names == ["emotions.png", "interactive.html"]
    reason = "no intervals (none located yet: run annotate locate)"
    assert f"peak, left out: {reason}" in said
    assert f"change, left out: {reason}" in said


def test_a_recording_without_a_face_still_has_its_sheet(study):
    names, said = plot(study.root, "R003")
    assert names == ["sheet-1.png"]
    assert "emotions, left out: no AU scores (no frame shows a face)" in said


def test_a_recording_that_was_not_analysed_still_has_its_sheet(study):
    shutil.rmtree(study.session("R003").analysis_path)
    arguments = ["plot", str(study.root), "--session", "R003"]
    result = CliRunner().invoke(annotate, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert [line.rsplit("/", 1)[1] for line in result.stdout.splitlines()] == ["sheet-1.png"]
    assert "peak, left out: no AU scores (none of" in result.stderr


def test_a_table_without_emotions_and_landmarks(study):
    session = study.session("R001")
    table = session.aus("landmarker")
    bare = {
        name: table[name]
        for name in table.schema.names
        if name not in (*EMOTIONS, "landmarks", "AU28")
    }
    AU_TABLE.write(session.aus_path("openface"), AU_TABLE.build(bare))
    wanted = [f"--figure={name}" for name in FIGURE_NAMES if name != "sheet"]
    names, said = plot(study.root, "R001", "--analyzer", "openface", *wanted)
    assert names == [f"peak-scene-{k}.png" for k in (1, 2, 3)] + ["emotions.png"] + [FILES[-1]]
    assert "peak: no landmarks (openface gives none)" in said
    assert "emotions: no emotion scores (openface gives none)" in said
    assert "change, left out: no landmarks (openface gives none)" in said


def test_scenes_in_which_nothing_happened_are_drawn_too(study):
    session = study.session("R001")
    quiet = session.intervals().to_pylist()
    for row in quiet:
        nothing = dict.fromkeys(("onset_ns", "apex_ns", "offset_ns", "duration_ms"))
        row.update(nothing, kind="none", expressed="neutral")
    columns = {name: [row[name] for row in quiet] for name in INTERVALS.schema.names}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))
    names, _ = plot(study.root, "R001", "--figure", "change")
    assert names == [name for name in FILES if name.startswith("change")]


def _decided(study, name, scopes):
    study.save_participant(study.participant(name).deciding(decide(scopes, "paper")))


def test_figures_of_who_did_not_agree_to_excerpts_are_drawn_with_a_warning(study):
    assert "not for talks or papers" not in plot(study.root, "R003", "--figure", "sheet")[1]
    _decided(study, "R003", ["recorded", "analysed"])
    names, said = plot(study.root, "R003", "--figure", "sheet")
    assert names == ["sheet-1.png"]
    assert "not for talks or papers: R003" in said
    assert "no consent to being excerpts" in said


def test_who_did_not_agree_to_being_analysed_is_not_drawn(study):
    _decided(study, "R003", ["recorded"])
    assert "consented" in refused(annotate, "plot", study.root, "--session", "R003")
    assert not study.session("R003").plots_path.exists()


def test_an_analyzer_asked_for_by_name_must_have_been_there(study):
    line = refused(annotate, "plot", study.root, "--session", "R001", "--analyzer", "openface")
    assert line.startswith("error: no aus table; ")


def test_the_command_offers_every_figure():
    assert tuple(FIGURES) == FIGURE_NAMES


@pytest.mark.parametrize(("name", "message"), [("R", "several sessions"), ("Q", "no session")])
def test_a_session_is_found_by_its_beginning_only_if_there_is_one(located_study, name, message):
    with pytest.raises(StudyError, match=message):
        located_study.session(name)
    assert located_study.session("R001").header.participant == "R001"
