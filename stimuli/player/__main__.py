"""The player's process: `python -m stimuli.player`, started by `stimuli.player.process`.

Reads JSON lines on stdin: first the showing, then orders. Writes JSON lines on stdout: events.
Ends when told to close, and by itself within a second when stdin ends because the parent died.
`--probe` prints the displays and sound outputs as JSON instead.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtMultimedia import QMediaDevices
from PySide6.QtWidgets import QApplication

from mexlab.clock import host_ns
from mexlab.errors import InputError, MexlabError
from stimuli.player.displays import AudioOutput, Display, Surroundings
from stimuli.player.presenter import Presenter
from stimuli.player.process import Showing
from stimuli.player.screensaver import hold_off

GRACE_S = 0.7  # for an orderly end once stdin has ended


class Orders(QObject):
    """Lines of stdin, read in a thread of their own and handed to Qt's thread."""

    came = Signal(str)
    ended = Signal()

    def read(self) -> None:
        for line in sys.stdin:
            self.came.emit(line)
        self.ended.emit()
        time.sleep(GRACE_S)
        os._exit(0)  # Qt's thread hangs: nobody is left to show anything to


def main(arguments: list[str]) -> int:
    """Exit code: 0 closed as told, 1 after an `error` event, 70 for a bug."""
    for name in ("SIGINT", "SIGHUP"):  # the parent decides what Ctrl-C means
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    out = _private_stdout()
    showing = None if "--probe" in arguments else Showing.from_json(json.loads(input()))
    app = QApplication(["mexlab"])
    if showing is None:
        print(json.dumps(surroundings().to_json()), file=out, flush=True)
        return 0
    tell = _teller(out)
    sys.excepthook = _failing(tell)
    try:
        presenter = Presenter(showing, tell)
        presenter.window.place(screen(showing.display), showing.window)
    except MexlabError as error:
        tell("error", what=error.what, where=error.where, remedy=error.remedy)
        return 1
    if not showing.offscreen:
        hold_off()
    orders = Orders()
    orders.came.connect(lambda line: obey(presenter, json.loads(line)))
    orders.ended.connect(app.quit)
    reading = threading.Thread(target=orders.read, daemon=True)
    QTimer.singleShot(0, presenter.open)
    QTimer.singleShot(0, reading.start)
    code = app.exec()
    out.flush()
    os._exit(code)  # the reading thread waits in stdin; there is nothing left to save


def obey(presenter: Presenter, order: dict[str, Any]) -> None:
    """One order of the parent."""
    match order["do"]:
        case "play":
            presenter.play(Path(order["log"]) if order["log"] else None, order["zero_ns"])
        case "pause":
            presenter.pause()
        case "resume":
            presenter.resume()
        case "marker":
            presenter.marker(order["note"])
        case "abort":
            presenter.abort("operator")
        case "close":
            QGuiApplication.quit()


def surroundings() -> Surroundings:
    """Displays and sound outputs as Qt sees them."""
    primary, default = QGuiApplication.primaryScreen(), QMediaDevices.defaultAudioOutput()
    displays = []
    for index, one in enumerate(QGuiApplication.screens()):
        at, size = one.geometry().topLeft(), one.geometry().size()
        place = (at.x(), at.y(), size.width(), size.height())
        refresh_hz = round(one.refreshRate(), 3)
        displays.append(Display(index, one.name(), *place, refresh_hz, one == primary))
    outputs = QMediaDevices.audioOutputs()
    audio = tuple(AudioOutput(one.description(), one == default) for one in outputs)
    return Surroundings(tuple(displays), audio)


def screen(number: int) -> QScreen:
    """The display of this number. Raises InputError that lists those there are."""
    screens = QGuiApplication.screens()
    if 0 <= number < len(screens):
        return screens[number]
    there = ", ".join(map(str, surroundings().displays))
    where = "--display, or display under [player] in study.toml"
    raise InputError(f"no display {number}", where, f"choose one of: {there}")


def _private_stdout() -> TextIO:
    """Stdout for messages alone: what a library prints there goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _teller(out: TextIO) -> Any:
    def tell(event: str, at_host_ns: int | None = None, **details: Any) -> None:
        at = host_ns() if at_host_ns is None else at_host_ns
        try:
            print(json.dumps({"event": event, "host_ns": at, "details": details}), file=out)
            out.flush()
        except BrokenPipeError:  # the parent died; stdin's end closes the player
            QGuiApplication.quit()

    return tell


def _failing(tell: Any) -> Any:
    """What ends the process when a slot raises: Qt would print it and go on."""

    def fail(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        code = 1
        if isinstance(error, MexlabError):
            tell("error", what=error.what, where=error.where, remedy=error.remedy)
        elif isinstance(error, OSError):
            what = f"the presentation log cannot be written ({error.strerror})"
            tell("error", what=what, where=str(error.filename), remedy="make room on the disk")
        else:
            traceback.print_exception(kind, error, trace)
            sys.stderr.flush()
            code = 70
        QGuiApplication.exit(code)

    return fail


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
