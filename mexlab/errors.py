"""Errors a person can act on: what is wrong, where, and what to do about it.

The command line prints them as one line and exits 1 (`mexlab.commandline`). Anything else that
is raised is a bug of ours and keeps its traceback.
"""

from pathlib import Path


class MexlabError(Exception):
    """A mistake or a missing thing that the user can put right.

    `what` says what is wrong, `where` names the file, row or option, `remedy` the next step.
    """

    def __init__(self, what: str, where: str | Path, remedy: str) -> None:
        self.what, self.where, self.remedy = what, str(where), remedy
        # All three stay in args, so that the error survives the way back from a worker process.
        super().__init__(what, str(where), remedy)

    def __str__(self) -> str:
        return f"{self.what}; {self.where}; {self.remedy}"


class InputError(MexlabError):
    """An argument or a file given by the user cannot be used."""


class StudyError(MexlabError):
    """The study folder, a session or a participant is not what it should be."""


class TableError(MexlabError):
    """A table on disk or in memory does not keep its schema."""


class VideoError(MexlabError):
    """A file cannot be read as a video, or not to its end."""


class ModelFileError(MexlabError):
    """A model file that an analyzer needs is not there or not the right one."""


class ConsentError(MexlabError):
    """Nobody may be used for what was asked."""


class TimeError(MexlabError):
    """Two streams do not meet within the tolerance, or a clock runs backwards."""
