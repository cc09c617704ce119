import shutil

import cv2
import numpy as np
import pytest

from annotate.cli import annotate
from mexlab.errors import StudyError
from mexlab.study import Study
from tests.conftest import run_command


def test_the_figures_of_a_real_recording(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    printed = run_command(annotate, "plot", tmp_path / "study", "--session", "R001").split()
    plots = Study.open(tmp_path / "study").session("R001").plots_path
    assert [str(plots / name) for name in (
        "peak-scene-1.png", "peak-scene-2.png", "peak-scene-3.png", "emotions.png"
    )] == printed  # fmt: skip
    for path in printed:
        image = cv2.imread(path)
        assert image.shape[1] > 1000
    # The outline is drawn in white on the face: the left picture has pure white strokes.
    peak = cv2.imread(str(plots / "peak-scene-3.png"))
    face = peak[100:400, 20:500]
    assert np.all(face == 255, axis=-1).sum() > 100


@pytest.mark.parametrize(("name", "message"), [("R", "several sessions"), ("Q", "no session")])
def test_a_session_is_found_by_its_beginning_only_if_there_is_one(located_study, name, message):
    with pytest.raises(StudyError, match=message):
        located_study.session(name)
    assert located_study.session("R001").header.participant == "R001"
