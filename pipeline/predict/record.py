"""A recording from a camera, made by `collector record`: the whole picture, for who else is in it.

Reads the camera; gives the recording's path inside `work`, which is thrown away afterwards.
"""

from pathlib import Path

from mexlab.errors import MexlabError, VideoError
from pipeline.predict.stages import run_stage

RECORDING = "recording.mp4"


def record(spec: str, seconds: float, work: Path) -> Path:
    """Record for `seconds`. Raises MexlabError with the camera's own words where it cannot."""
    video = work / RECORDING
    try:
        run_stage(["collector", "record", video, "--camera", spec, "--seconds", str(seconds)])
    except MexlabError as error:
        if not video.exists():
            raise
        # The command keeps what it has; here that goes with `work`.
        remedy = "nothing of it is kept; check the camera with: collector check"
        raise VideoError(error.what, error.where, remedy) from error
    return video
