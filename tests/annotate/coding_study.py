"""A small study to be coded: two recordings of ten seconds scenes, with known suggestions."""

from datetime import timedelta

import numpy as np

from annotate.coding.desk import CodingDesk
from mexlab.consent import SCOPES, decide
from mexlab.participants import Participant
from mexlab.session import SessionHeader
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS, SCENES
from mexlab.timebase import NS_PER_MS, NS_PER_S
from tests.annotate.coded import NOON

HZ = 25
STEP_NS = NS_PER_S // HZ
SCENE_S = 10.0
TARGETS = ("neutral", "disgust", "happiness")
HAPPENED = ((None, None, None), (4.5, 4.7, 5.0), (5.0, 6.0, 7.0))  # s within the scene


def study_to_code(root, people=2, review="", scenes=3, scene_s=SCENE_S):
    """A scene of TARGETS each; `review` is what stands in study.toml [review]."""
    Study.create(root)
    text = (root / "study.toml").read_text()
    head, found, _ = text.partition("[review]\n")
    assert found
    (root / "study.toml").write_text(f"{head}{found}{review}\n")
    study = Study.open(root)
    for number in range(1, people + 1):
        add_person(study, f"P{number:03d}", number, scenes, scene_s)
    return study


def add_person(study, person, number, scenes=3, scene_s=SCENE_S):
    study.save_participant(Participant(person).deciding(decide(SCOPES, "paper")))
    with study.new_session(person, NOON + timedelta(days=number)) as session:
        sha = f"{number:064x}"
        session.write_header(SessionHeader(session.id, person, "", "webcam.mp4", sha, "imported"))
        write_frames(session, round(scenes * scene_s * HZ))
        columns = {
            "scene": list(range(1, scenes + 1)),
            "emotion": [TARGETS[k % 3] for k in range(scenes)],
            "start_ns": [round(k * scene_s * NS_PER_S) for k in range(scenes)],
            "end_ns": [round((k + 1) * scene_s * NS_PER_S) for k in range(scenes)],
        }
        SCENES.write(session.scenes_path, SCENES.build(columns))
        write_intervals(session, scenes, scene_s)
    return session


def write_frames(session, count, dropped=()):
    before = np.zeros(count, dtype=np.int16)
    before[list(dropped)] = 1
    times = np.arange(count) * STEP_NS
    columns = {"frame": np.arange(count), "capture_ns": times, "pts_ns": times}
    FRAMES.write(session.frames_path, FRAMES.build({**columns, "dropped_before": before}))


def write_intervals(session, scenes=3, scene_s=SCENE_S, later_s=0.0):
    """One interval of 2 s a scene, in its middle, of the events of HAPPENED."""
    rows = []
    for k in range(scenes):
        start = k * scene_s + later_s
        moments = [None if at is None else at * scene_s / SCENE_S + start for at in HAPPENED[k % 3]]
        middle = start + scene_s / 2
        rows.append(
            {
                "interval_id": f"{session.id}-s{k + 1}-r1",
                "scene": k + 1,
                "target": TARGETS[k % 3],
                "reported": "fear",
                "expressed": TARGETS[k % 3],
                **{
                    f"{name}_ns": None if at is None else round(at * NS_PER_S)
                    for name, at in zip(("onset", "apex", "offset"), moments, strict=True)
                },
                "start_ns": round((middle - 1) * NS_PER_S),
                "end_ns": round((middle + 1) * NS_PER_S),
                "intensity": 1.0,
                "prominence": 1.0,
                "rank": 1,
                "evidence": "peak",
                "kind": "none" if moments[0] is None else "macro",
            }
        )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))


def write_aus(session, face=None, score=0.9, yaw=0.0):
    """An aus table; `face` and `yaw` one value a frame, or one for all."""
    times = session.frames()["capture_ns"].to_numpy()
    face = np.ones(len(times), dtype=bool) if face is None else np.asarray(face)
    columns = {
        "frame": np.arange(len(times)),
        "t_ns": times,
        "face": face,
        "score": np.where(face, score, 0.0),
        "yaw": np.where(face, yaw, np.nan),
        "pitch": np.where(face, 3.0, np.nan),
    }
    AU_TABLE.write(session.aus_path("landmarker"), AU_TABLE.build(columns))


def item_of(desk, person="P001", scene=2):
    """The item of a person's scene."""
    found = [i for i in desk.items() if (i.participant, i.scene) == (person, scene)]
    assert len(found) == 1
    return found[0]


def frame_ms(milliseconds):
    return round(milliseconds * NS_PER_MS / STEP_NS)


def mark(desk, item, onset, apex, offset, emotion="disgust", aus=()):
    for name, value in (("onset", onset), ("apex", apex), ("offset", offset)):
        desk.act(item, "set", name, value)
    for au in aus:
        desk.act(item, "set", au, "B")
    return desk.act(item, "set", "emotion", emotion)


def submit(study, coder, apex, person="P001", scene=2, emotion="disgust", value=None, aus=()):
    """A coder marks an apex five frames from onset and offset, and submits."""
    desk = CodingDesk(study, coder)
    item = item_of(desk, person, scene)
    mark(desk, item, apex - 5, apex, apex + 5, emotion, aus)
    return desk.act(item, "submit", value=value)
