"""What a coder may see of an item, and does to it: JSON in, JSON out.

    GET  /item/KEY         what may be seen now
    POST /item/KEY         {act, field, value, id, coder}: on disk before it is answered
    GET  /item/KEY/next    the key of the next item in this part of the queue

An act carries an id of the browser's making: sent again after a lost answer, it is not done again.
It says whose page it comes from, since two coders may share a browser, and with it the cookie.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.responses import JSONResponse, Response

from annotate.app.asked import Asked, NoCoder
from annotate.app.media import CHUNK, FACTORS, STACK_FRAMES, Shot
from annotate.app.recording import Recording
from annotate.coding.desk import CodingDesk, Revealed, Seen
from annotate.coding.items import Item, window_of
from mexlab.codes import Code
from mexlab.errors import InputError

KNOWN_ACTS = 2000  # ids remembered
BY_CODERS = ("set", "undo", "submit", "unblind")


class Doing:
    """A coder's acts one after the other, each once: what was sent again is passed over."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()

    def once(self, desk: CodingDesk, item: Item, sent: Mapping[str, Any]) -> None:
        """Raises InputError for what cannot be done; then it is not remembered either.

        Raises NoCoder where the page is not of the coder who is known in this browser by now.
        """
        if sent.get("coder", desk.coder) != desk.coder:
            raise NoCoder
        act, field, value = (sent.get(name) for name in ("act", "field", "value"))
        if act not in BY_CODERS or not isinstance(field, str | None):
            raise InputError(f"no act {act!r}", item.key, "reload the page")
        name = (desk.coder, str(sent.get("id", "")))
        with self._locks[desk.coder]:
            if name[1] and name in self._done:
                return
            desk.act(item, act, field, value)
            self._done[name] = None
            while len(self._done) > KNOWN_ACTS:
                self._done.popitem(last=False)


def see(asked: Asked) -> Response:
    desk = asked.desk()
    return JSONResponse(item_state(asked, desk, asked.item(desk), counted=True))


def act(asked: Asked, doing: Doing) -> Response:
    desk = asked.desk()
    item = asked.item(desk)
    doing.once(desk, item, asked.sent)
    counted = asked.sent.get("act") == "submit"
    return JSONResponse(item_state(asked, desk, item, counted=counted))


def following(asked: Asked) -> Response:
    """The next item of this part of the queue in the coder's order; null at its end.

    Its first pictures are made meanwhile, so that it opens at once. Nothing is logged as shown.
    """
    desk = asked.desk()
    here = asked.path["key"]
    wanted = {item.key: item for item in desk.queue(asked.show) if item.key != here}
    keys = [item.key for item in desk.items()]
    place = keys.index(here) + 1 if here in keys else 0
    order = keys[place:] + keys[:place]
    key = next((key for key in order if key in wanted), None)
    if key is not None:
        asked.room.media.warm(shot_of(asked, wanted[key]))
    return JSONResponse({"next": key})


def item_state(asked: Asked, desk: CodingDesk, item: Item, counted: bool = False) -> dict[str, Any]:
    """What the coding page knows; nothing in it is hidden from this coder.

    `counted`: with how much of the whole is done, which looks at every session.
    """
    seen = desk.seen(item, scene_known=asked.show.scene is not None)
    shot = shot_of(asked, item)
    media = asked.room.media
    recording = media.recording(item.session)
    return {
        "key": seen.key,
        "first": seen.window.first,
        "last": seen.window.last,
        "still": [shot.first, min(shot.end, shot.first + STACK_FRAMES)],
        "frames": len(recording),
        "chunk": CHUNK,
        "factors": FACTORS,
        "face": media.has_face(shot),
        "curves": curves_state(asked, recording, seen.code),
        "counts": dict(desk.counts()) if counted else None,
        "code": _code(seen.code),
        "state": seen.state,
        "low": seen.low,
        "moved": seen.moved,
        "suggestion": asdict(seen.suggestion) if seen.suggestion else None,
        "revealed": _revealed(seen, seen.revealed) if seen.revealed else None,
    }


def curves_state(asked: Asked, recording: Recording, code: Code) -> str:
    """Whether this coder may see the analyzer's curves of an item now: shown, hidden or none."""
    if not recording.analysed:
        return "none"
    return "shown" if asked.room.settings.curves or code.revealed else "hidden"


def shot_of(asked: Asked, item: Item) -> Shot:
    """The item's window for this coder, as frames to be shown."""
    seed = asked.study.settings.seed
    window = window_of(item, asked.coder, seed, asked.room.settings)
    return Shot(item.session, window.first, window.last + 1)


def _code(code: Code) -> dict[str, Any]:
    values = asdict(code)
    values |= {"aus": dict(code.aus), "missing": code.missing}
    del values["interval_id"]
    return values


def _revealed(seen: Seen, revealed: Revealed) -> dict[str, Any]:
    return {
        "session": revealed.session,
        "participant": revealed.participant,
        "scene": revealed.scene,
        "target": revealed.target,
        "reported": revealed.reported,
        "others": [_code(code) for code in revealed.others],
    }
