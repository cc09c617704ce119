"""Pictures, times and curves of an item, as bytes; each asked for by the item's key alone.

    /item/KEY/frames/VIEW/NUMBER    a chunk of frames (`media`)
    /item/KEY/neutral/VIEW          the same person, calm: one JPEG, whole or crop
    /item/KEY/times                 float64 seconds of every frame, little-endian
    /item/KEY/curves                what the analyzer saw (`curves`)

No address, header or byte names a session, a scene or a file.
"""

from starlette.responses import Response

from annotate.app.acts import curves_state, shot_of
from annotate.app.asked import Asked
from annotate.app.curves import curve_bytes
from annotate.app.media import CROP_PX, Shot
from annotate.app.neutral import neutral_frame
from annotate.app.recording import jpeg
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S
from mexlab.web.asking import NOT_FOUND

BYTES = "application/octet-stream"


def frames(asked: Asked) -> Response:
    number = asked.path["number"]
    if not number.isdecimal() or len(number) > 9:
        raise InputError("no such chunk", "frames", "reload the page")
    item = asked.item(asked.desk())
    chunk = asked.room.media.chunk(shot_of(asked, item), asked.path["view"], int(number))
    return Response(chunk, media_type=BYTES)


def times(asked: Asked) -> Response:
    recording = asked.room.media.recording(asked.item(asked.desk()).session)
    seconds = (recording.t_ns - recording.t_ns[0]) / NS_PER_S
    return Response(seconds.astype("<f8").tobytes(), media_type=BYTES)


def curves(asked: Asked) -> Response:
    desk = asked.desk()
    item = asked.item(desk)
    recording = asked.room.media.recording(item.session)
    if curves_state(asked, recording, desk.seen(item).code) != "shown":
        return Response(status_code=NOT_FOUND)
    media = asked.room.media
    made = media.kept(recording, "curves", lambda: curve_bytes(recording) or b"")
    return Response(made, media_type=BYTES)


def neutral(asked: Asked) -> Response:
    """The pinned picture, in the view asked for."""
    view = "crop" if asked.path["view"] == "crop" else "whole"
    media = asked.room.media
    session = asked.item(asked.desk()).session
    recording = media.recording(session)

    def made() -> bytes:
        frame = neutral_frame(recording)
        shot = Shot(session, frame, frame + 1)
        if view == "crop" and media.has_face(shot):
            return jpeg(media.cropped(shot, frame, frame + 1, CROP_PX)[0])
        return jpeg(recording.whole(frame, frame + 1)[0])

    return Response(media.kept(recording, f"neutral {view}", made), media_type="image/jpeg")
