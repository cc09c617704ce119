"""Running ffmpeg: one command at a time, its binary from imageio-ffmpeg, its complaints one line.

Commands are built with ffmpeg-python. A child never outlives an error or Ctrl-C of its parent.
"""

import errno
import os
import re
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import ffmpeg
import imageio_ffmpeg

from mexlab.errors import VideoError

NO_SPACE = ("No space left on device", "Disk quota exceeded", "File too large")


def source(path: Path, **options: Any) -> Any:
    """An ffmpeg input; `file:` keeps odd names from being read as options or protocols."""
    return ffmpeg.input(f"file:{path.absolute()}", **options)


def target(path: Path) -> str:
    """An ffmpeg output's name, safe in the same way."""
    return f"file:{path.absolute()}"


def run(stream: Any, where: str | Path, feed: Iterable[bytes] = ()) -> str:
    """Run an ffmpeg-python output; what it said, as text.

    `feed` goes to its standard input as it is asked for. `where` names in an error what was being
    worked on. Raises VideoError with ffmpeg's last error line, or OSError for a full disk.
    """
    words = ("-hide_banner", "-nostats", "-loglevel", "level+info")
    command = (
        stream.global_args(*words).overwrite_output().compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    )
    with TemporaryFile() as said:  # not a pipe: nobody reads it while the pictures are fed
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said) as child:
            try:
                _feed(child, feed)
                child.wait()
            except BaseException:
                child.kill()
                raise
        said.seek(0)
        text = said.read().decode(errors="replace")
    if child.returncode:
        raise _failure(text, child.returncode, where)
    return text


def _feed(child: "subprocess.Popen[bytes]", feed: Iterable[bytes]) -> None:
    assert child.stdin is not None
    try:
        for block in feed:
            child.stdin.write(block)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it has ended, and says itself why


def _failure(text: str, code: int, where: str | Path) -> Exception:
    too_large = -getattr(signal, "SIGXFSZ", 0)
    if any(words in text for words in NO_SPACE) or (too_large and code == too_large):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(where))
    errors = re.findall(r"\[(?:error|fatal)\] (.+)", text)
    reason = errors[-1].strip() if errors else f"exit {code}"
    return VideoError(f"ffmpeg failed: {reason}", where, "check that the clip plays to its end")


def ffmpeg_version() -> str:
    """The version of the binary that is used."""
    return str(imageio_ffmpeg.get_ffmpeg_version())
