"""The player's one window: words or a picture on a dark ground, and the keys pressed in it.

A raster widget, painted and flushed within the call that shows a picture, so that the time after
that call is the time the picture left for the screen; no OpenGL is needed.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QWidget

from stimuli.player.words import Words

GROUND, TITLE, BODY, PROMPT = (QColor(c) for c in ("#15181c", "#f2f2f0", "#c9ccd1", "#9db8d2"))
TITLE_SIZE, TEXT_SIZE, GAP = 0.060, 0.034, 0.060  # parts of the window's height
TEXT_WIDTH = 0.78  # part of the window's width


class Window(QWidget):
    """Shows words or pictures; `pressed` gets the name of each key, repeats left out."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        super().__init__()
        self._pressed = pressed
        self._words: Words | None = None
        self._picture: QImage | None = None
        self.setWindowTitle("mexlab")
        self.setWindowFlags(Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.BlankCursor)

    def place(self, screen: QScreen, window: tuple[int, int, int, int] | None) -> None:
        """Open at `window` (x, y, width, height of the desktop), or over the whole screen.

        The geometry is set first in both cases: without a window manager showFullScreen alone
        leaves the size as it was, and it is how Qt learns which screen is meant.
        """
        self.setScreen(screen)
        self.setGeometry(QRect(*window) if window else screen.geometry())
        if window:
            self.show()
        else:
            self.showFullScreen()
        self.raise_()
        self.activateWindow()

    def show_words(self, words: Words) -> None:
        self._words, self._picture = words, None
        self.repaint()

    def show_picture(self, picture: QImage) -> None:
        """Paint the picture and hand it to the screen before returning."""
        self._words, self._picture = None, picture
        self.repaint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._pressed(Qt.Key(event.key()).name.removeprefix("Key_"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is not None:
            self._paint_picture(painter, self._picture)
        else:
            painter.fillRect(self.rect(), GROUND)
        if self._words is not None:
            self._paint_words(painter, self._words)
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: QImage) -> None:
        place = letterbox(picture.width(), picture.height(), self.rect())
        if place != QRectF(self.rect()):
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, picture)

    def _paint_words(self, painter: QPainter, words: Words) -> None:
        height, width = self.height(), round(self.width() * TEXT_WIDTH)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        blocks = [
            (text, size, colour)
            for text, size, colour in (
                (words.title, TITLE_SIZE, TITLE),
                (words.body, TEXT_SIZE, BODY),
                (words.prompt, TEXT_SIZE, PROMPT),
            )
            if text
        ]
        places = []
        for text, size, _ in blocks:
            painter.setFont(_font(self.font(), round(size * height)))
            places.append(painter.boundingRect(QRect(0, 0, width, height), int(flags), text))
        gap = round(GAP * height)
        top = (height - sum(place.height() for place in places) - gap * (len(places) - 1)) // 2
        for (text, size, colour), place in zip(blocks, places, strict=True):
            painter.setFont(_font(self.font(), round(size * height)))
            painter.setPen(colour)
            left = (self.width() - width) // 2
            painter.drawText(QRect(left, top, width, place.height()), int(flags), text)
            top += place.height() + gap


def letterbox(width: int, height: int, room: QRect) -> QRectF:
    """The largest place in `room` with the picture's proportions, centred."""
    scale = min(room.width() / width, room.height() / height)
    shown_width, shown_height = width * scale, height * scale
    left = room.x() + (room.width() - shown_width) / 2
    top = room.y() + (room.height() - shown_height) / 2
    return QRectF(left, top, shown_width, shown_height)


def _font(font: QFont, size_px: int) -> QFont:
    made = QFont(font)
    made.setPixelSize(max(size_px, 1))
    return made
