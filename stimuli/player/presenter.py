"""What happens on the screen, in order: instructions, waiting, film, closing clip, thanks.

Every picture that the film player delivers is painted at once, and logged with its media time, its
delivery and the moment after it was handed to the screen. Nothing is taken from start + elapsed.
"""

from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, QUrl, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtMultimedia import QAudioOutput, QMediaDevices, QMediaPlayer, QVideoFrame, QVideoSink

from mexlab.clock import host_ns
from mexlab.errors import VideoError
from stimuli.player import keys
from stimuli.player.process import Showing
from stimuli.player.record import FrameTimes, Record
from stimuli.player.window import Window
from stimuli.player.words import texts

EXPOSED_MS = 10  # between two looks whether the window is on the screen

Tell = Callable[..., None]  # tell(event, at_host_ns, **details)


class Stage(Enum):
    """Where the showing stands."""

    INSTRUCTIONS = auto()
    WAITING = auto()
    FILM = auto()
    CLOSING = auto()
    OVER = auto()


class Presenter(QObject):
    """One showing. Made with its window placed; `open` shows the instructions."""

    def __init__(self, showing: Showing, tell: Tell) -> None:
        super().__init__()
        self.showing, self.tell = showing, tell
        self.texts = texts(showing.language)
        self.times = FrameTimes.read(showing.film)
        if showing.closing_clip:
            FrameTimes.read(showing.closing_clip)  # refused now, not after the film
        self.stage = Stage.INSTRUCTIONS
        self.paused = False
        self.record: Record | None = None
        self._started = False
        self._abort = keys.Twice()
        self.window = Window(self.key)
        self._sink = QVideoSink(self)
        self._player = QMediaPlayer(self)
        self._audio = _audio_output(self)
        if self._audio:
            self._player.setAudioOutput(self._audio)
        self._player.setVideoSink(self._sink)
        self._sink.videoFrameChanged.connect(self._deliver)
        self._player.mediaStatusChanged.connect(self._status)
        self._player.errorOccurred.connect(self._failed)

    def open(self) -> None:
        """Instructions on the screen, the film loaded, no picture of it shown.

        Waits for the window to be there: what is painted before reaches no screen.
        """
        if not self.window.windowHandle().isExposed():
            QTimer.singleShot(EXPOSED_MS, self.open)
            return
        waits = self.showing.ready_key
        self.window.show_words(self.texts.instructions if waits else self.texts.waiting)
        self._load(self.showing.film)
        self.tell("up", **self.details())
        if not waits:
            self._ready()

    def play(self, log: Path | None, zero_ns: int) -> None:
        """Start the film; its rows go to `log`, in time since `zero_ns` on the host clock."""
        if self.stage is Stage.WAITING:
            self.record = Record(self.times, log, zero_ns)
            self.stage = Stage.FILM
            self._player.play()

    def pause(self) -> None:
        """Hold the picture that is on the screen."""
        if self.stage in (Stage.FILM, Stage.CLOSING) and not self.paused:
            self.paused = True
            self._player.pause()
            self.tell("pause")

    def resume(self) -> None:
        if self.stage in (Stage.FILM, Stage.CLOSING) and self.paused:
            self.paused = False
            self._player.play()
            self.tell("resume")

    def marker(self, note: str = "") -> None:
        self.tell("marker", note=note)

    def abort(self, by: str) -> None:
        """End the film or the waiting for it now; a closing clip just ends."""
        if self.stage is Stage.CLOSING:
            self._over()
        elif self.stage is not Stage.OVER:
            self.stage = Stage.OVER
            self._player.stop()
            self._close_record()
            self.window.show_words(self.texts.stopped)
            self.tell("abort", by=by, **self.details())

    def key(self, name: str) -> None:
        """A key pressed in the window, by Qt's name without `Key_`."""
        if name == keys.READY and self.stage is Stage.INSTRUCTIONS:
            self.window.show_words(self.texts.waiting)
            self._ready()
        elif name == keys.STOP:
            self.abort("participant")
        elif name == keys.PAUSE:
            (self.resume if self.paused else self.pause)()
        elif name == keys.MARKER:
            self.marker()
        elif name == keys.ABORT and self._abort.press(host_ns()):
            self.abort("operator")

    def details(self) -> dict[str, Any]:
        """What it was shown on and how much of it, for the session's header."""
        screen, place = self.window.screen(), self.window.geometry()
        return {
            "qt": qVersion(),
            "platform": QGuiApplication.platformName(),
            "display": screen.name(),
            "refresh_hz": round(screen.refreshRate(), 3),
            "pixel_ratio": screen.devicePixelRatio(),
            "window": [place.x(), place.y(), place.width(), place.height()],
            "audio": self._audio.device().description() if self._audio else None,
            **(self.record.counts() if self.record else {}),
        }

    def _ready(self) -> None:
        self.stage = Stage.WAITING
        self.tell("ready")

    def _load(self, film: Path) -> None:
        self._player.setSource(QUrl.fromLocalFile(str(film.resolve())))

    def _deliver(self, frame: QVideoFrame) -> None:
        delivered_ns = host_ns()
        # At the end the sink gets an empty frame: the last picture stays.
        if self.stage not in (Stage.FILM, Stage.CLOSING) or not frame.isValid():
            return
        self.window.show_picture(frame.toImage())
        shown_ns = host_ns()
        if self.stage is Stage.FILM and self.record:
            self.record.shown(frame.startTime(), delivered_ns, shown_ns)
            if not self._started:
                self._started = True
                self.tell("film", shown_ns)

    def _status(self, status: QMediaPlayer.MediaStatus) -> None:
        if status is not QMediaPlayer.MediaStatus.EndOfMedia:
            return
        if self.stage is Stage.FILM:
            self._film_ended()
        elif self.stage is Stage.CLOSING:
            self._over()

    def _film_ended(self) -> None:
        self._close_record()
        self.tell("end", **self.details())
        if not self.showing.closing_clip:
            self._over()
            return
        self.stage, self.paused = Stage.CLOSING, False
        self.tell("closing")
        self._load(self.showing.closing_clip)
        self._player.play()

    def _over(self) -> None:
        self.stage = Stage.OVER
        self._player.stop()
        self.window.show_words(self.texts.thanks)
        self.tell("closed")

    def _close_record(self) -> None:
        if self.record:
            self.record.close()

    def _failed(self, _: QMediaPlayer.Error, message: str) -> None:
        film = self.showing.closing_clip if self.stage is Stage.CLOSING else self.showing.film
        what = f"the film cannot be played: {message}"
        raise VideoError(what, str(film), "build it again with: mexlab stimuli build STUDY")


def _audio_output(parent: QObject) -> QAudioOutput | None:
    """The default sound output; None where there is none: the film plays without sound."""
    device = QMediaDevices.defaultAudioOutput()
    return None if device.isNull() else QAudioOutput(device, parent)
