"""Other stages as commands: what they say passes on, and their one line of error becomes ours.

They are run from beside this interpreter, so that it works without an activated environment.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mexlab.errors import MexlabError

_ERROR = "error: "
ENDING_S = 10.0  # a command that was told to end gets so long


def run_stage(command: Sequence[str | Path]) -> None:
    """Run a command to its end; its progress and notices go to stderr as they come.

    Raises MexlabError with the command's own words where it refuses. Whatever breaks this off
    ends the command too.
    """
    name = str(command[0])
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or name
    arguments = [program, *map(str, command[1:])]
    refusal = ""
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if line.startswith(_ERROR):
                    refusal = line.removeprefix(_ERROR).strip()
                else:
                    print(line, end="", file=sys.stderr, flush=True)
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        said = f"{name} {command[1]} failed"
        what, _, rest = (refusal or said).partition("; ")
        where, _, remedy = rest.partition("; ")
        raise MexlabError(what, where or name, remedy or "see its message above")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
