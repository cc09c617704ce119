"""A study with its dataset for the explorer: recordings carry their frame numbers in the picture.

The dataset is written row by row, as a build would: pictures are the recorded frames, at a quarter
of the rate and never in step with it, kept as PNG so that they can be compared exactly.
"""

import threading
from contextlib import contextmanager

import cv2
import numpy as np
import pyarrow as pa

from mexlab.consent import SCOPES
from mexlab.emotions import EMOTIONS, label3_of
from mexlab.session import Answer, SelfReport
from mexlab.study import Study
from mexlab.tables import CLIP_FRAMES, CLIPS
from mexlab.timebase import nearest
from mexlab.vision.video import Video
from mexlab.web.listening import Access, listening
from mexlab.web.serving import http_server
from pipeline.app.server import build_app
from pipeline.app.shelf import open_shelf
from pipeline.form.dataset import DatasetHeader, Subject, finish, write_subject
from pipeline.splits import loso
from tests.annotate.coded import code
from tests.annotate.review_study import coded_session, constant, varying
from tests.pipeline.synthetic_dataset import clip_row, frame_row, table

SCENES = ("neutral", "fear", "happiness")
SIDE = 112
MARKS = {"verdict": "accept", "onset": 210, "apex": 216, "offset": 222, "emotion": "disgust"}


def traced(root):
    """A study with two people, reports and codes, and beside it the dataset made from it."""
    study = Study.create(root / "study")
    coded_session(study, "P001", constant(450), SCENES)
    coded_session(study, "P002", varying(450), SCENES)
    session = study.session("P001")
    for coder in ("ana", "ben"):
        interval = f"{session.id}-2-1"
        code(session, coder, interval, {**MARKS, "AU09": "C", "comment": f"seen by {coder}"})
    answers = [("emotion", "disgust"), ("intensity_fear", 3), ("moment_ns", 1_250_000_000)]
    SelfReport(
        "mexlab-self-report", "1.0", "es", tuple(Answer(2, *each, "") for each in answers)
    ).write(session.report_path)
    return study, written(study, root / "dataset")


def written(study, root):
    """The dataset of a study's intervals."""
    tables = []
    for session in study.sessions():
        subject = session.header.participant
        clips, frames = rows_of(session, study.settings.title or study.root.name)
        write_subject(root, subject, table(CLIPS, clips), [table(CLIP_FRAMES, frames)])
        tables.append(table(CLIPS, clips))
    everyone = pa.concat_tables(tables)
    people = {s.header.participant: Subject(SCOPES, s.header.participant) for s in study.sessions()}
    finish(root, DatasetHeader("private", people, {"size": SIDE}), loso(everyone))
    return root


def rows_of(session, source):
    """Clips and frames of one session: 20 Hz, or 4 of 5 frames a second of the recording."""
    capture_ns = session.frames()["capture_ns"].to_numpy()
    images = [frame.rgb() for frame in Video(session.recording_path).frames()]
    chance = np.random.default_rng(5)
    clips, frames = [], []
    for row in session.intervals().to_pylist():
        subject, emotion = session.header.participant, row["target"]
        asked = np.arange(row["start_ns"], row["end_ns"], 50_000_000)
        taken = nearest(capture_ns, asked)
        clip = clip_row(subject, subject, row["scene"], emotion, chance)
        moments = {
            name: None if row[f"{name}_ns"] is None else int(nearest(asked, [row[f"{name}_ns"]])[0])
            for name in ("onset", "apex", "offset")
        }
        clip |= moments | {
            "clip_id": f"{session.id}-s{row['scene']}",
            "source": source,
            "session": session.id,
            "label_source": "reported",
            "reported": row["reported"],
            "expressed": row["expressed"],
            "coded": "disgust" if emotion == "fear" else None,
            "label": EMOTIONS.index(row["reported"]),
            "label3": label3_of(row["reported"]),
            "start_ns": row["start_ns"],
            "end_ns": row["end_ns"],
            "n_frames": len(taken),
            "sharpness": 100.0 + 10 * len(clips),
            "coders": 2 if emotion == "fear" else 0,
        }
        for place, number in enumerate(taken):
            line = frame_row(clip, place, chance)
            picture = cv2.resize(images[number], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
            line["image"] = {"bytes": encoded, "path": f"{clip['clip_id']}-{place:03d}.png"}
            line["t_ns"], line["source_frame"] = int(capture_ns[number]), int(number)
            line["source_error_ms"] = float(capture_ns[number] - asked[place]) / 1e6
            line["flow"] = line["flow"] * (place > 0)
            line["repeated"] = bool(place and taken[place - 1] == number)
            frames.append(line)
        clips.append(clip)
    return clips, frames


@contextmanager
def served(*paths, study=None, host="127.0.0.1", token=None):
    """The address of a server of these datasets and runs on this computer."""
    taken = listening("127.0.0.1", 0)
    port = taken.getsockname()[1]
    app = build_app(open_shelf(paths, study), Access(host, port, token))
    server = http_server(app)
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
