"""A recording from a camera, made by `collector run` in a study that is thrown away afterwards.

That command records while it plays a film; here it plays a placeholder of the wanted length to
nobody. Reads the camera; gives the recording's path inside `work`.
"""

import re
from pathlib import Path

from mexlab.atomic import write_text
from mexlab.errors import VideoError
from mexlab.study import Study
from pipeline.predict.stages import run_stage

SCENES = 7  # of every compilation
SHORTEST_SCENE_S = 0.5
ACTED_SCENE_S = 2.0  # a simulated participant needs room for an expression in each
COMPILATION = "1"
PERSON = "P001"


def record(spec: str, seconds: float, work: Path) -> Path:
    """Record for `seconds`, and while the film begins and ends.

    Raises MexlabError with the camera's own words where it cannot.
    """
    study = Study.create(work / "recording")
    text = study.settings_path.read_text(encoding="utf-8")
    # The whole picture: who else is in it must be seen.
    text, changed = re.subn(r"(?m)^crop = true", "crop = false", text)
    assert changed == 1, "the study template has one line `crop`"
    write_text(study.settings_path, text)
    simulated = spec.startswith("simulated")
    scene_s = max(ACTED_SCENE_S if simulated else SHORTEST_SCENE_S, seconds / SCENES)
    build = ["mexlab", "stimuli", "build", str(study.root), "--placeholder"]
    run_stage([*build, "--scene-s", f"{scene_s:.3f}", "--compilation", COMPILATION])
    person = ["--participant", PERSON]
    if not simulated:  # those register themselves
        consent = "recorded,analysed"
        run_stage(["collector", "participant", study.root, PERSON, "--consent", consent])
    playing = ["--compilation", COMPILATION, "--offscreen", "--no-form"]
    run_stage(["collector", "run", study.root, *person, *playing, "--camera", spec])
    sessions = Study.open(study.root).sessions()
    if not sessions:
        raise VideoError("nothing was recorded", spec, "check it with: collector check")
    return sessions[-1].recording_path
