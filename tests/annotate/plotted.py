"""A recording for figures, made of synthetic tables: no film, no study."""

from pathlib import Path

from annotate.plots.recording import Recording
from mexlab.session import Session
from mexlab.timebase import NS_PER_S
from tests.annotate.synthetic import au_table

NOTE = "analyzer: landmarker (AU proxies, not FACS coding)"


def scene(number, emotion, start_s, end_s):
    return {
        "scene": number, "emotion": emotion,
        "start_ns": round(start_s * NS_PER_S), "end_ns": round(end_s * NS_PER_S),
    }  # fmt: skip


def interval(number, target, start_s, end_s, apex_s=None, expressed="neutral"):
    moment = {"onset_ns": None, "apex_ns": None, "offset_ns": None, "kind": "none"}
    if apex_s is not None:
        apex_ns = round(apex_s * NS_PER_S)
        moment = {
            "onset_ns": apex_ns - NS_PER_S // 10, "apex_ns": apex_ns,
            "offset_ns": apex_ns + NS_PER_S // 10, "kind": "micro",
        }  # fmt: skip
    return {
        "scene": number, "target": target, "reported": None, "expressed": expressed,
        "start_ns": round(start_s * NS_PER_S), "end_ns": round(end_s * NS_PER_S),
        "duration_ms": None if apex_s is None else 200.0, "rank": 1, **moment,
    }  # fmt: skip


def recording(seconds=12, scenes=(), intervals=(), motion=None, lacks=None, **table):
    aus = au_table(seconds, **table)
    return Recording(
        Session(Path("P001-20260101T000000")), "landmarker", aus["t_ns"].to_numpy(), list(scenes),
        list(intervals), aus, motion, lacks or {}, NOTE,
    )  # fmt: skip
