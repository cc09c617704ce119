"""A small dataset in the real form, written by the real writer: flow and colour carry the class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from mexlab.consent import SCOPES
from mexlab.emotions import EMOTIONS, label3_of
from mexlab.tables import CLIP_FRAMES, CLIPS
from pipeline.form.dataset import DatasetHeader, Subject, finish, write_subject
from pipeline.splits import loso

SUBJECTS = {"P001": "face-a", "P002": "face-a", "P003": "face-b", "P004": "face-c"}
EMOTIONS_SHOWN = ("neutral", "sadness", "surprise", "anger", "happiness")
FRAMES_PER_CLIP = 4


def write_dataset(
    root: Path,
    subjects: dict[str, str] = SUBJECTS,
    shown: Sequence[str] = EMOTIONS_SHOWN,
    scopes: dict[str, Sequence[str]] | None = None,
    **header: Any,
) -> Path:
    """A dataset at `root`; `scopes` overrides what single subjects agreed to."""
    scopes = scopes or {}
    tables = []
    for subject, group in subjects.items():
        clips, frames = subject_tables(subject, group, shown)
        write_subject(root, subject, clips, [frames.slice(0, 3), frames.slice(3)])
        tables.append(clips)
    all_clips = pa.concat_tables(tables)
    described = DatasetHeader(
        **{"audience": "private", **header},
        subjects={
            name: Subject(tuple(scopes.get(name, SCOPES)), group)
            for name, group in subjects.items()
        },
    )
    finish(root, described, loso(all_clips))
    return root


def subject_tables(
    subject: str, group: str, shown: Sequence[str] = EMOTIONS_SHOWN, repeats: int = 2
) -> tuple[pa.Table, pa.Table]:
    """Clips and frames of one subject, the same at every call."""
    chance = np.random.default_rng(list(subject.encode()))
    clips: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    for scene, emotion in enumerate([*shown] * repeats, start=1):
        clip = clip_row(subject, group, scene, emotion, chance)
        clips.append(clip)
        frames.extend(frame_row(clip, frame, chance) for frame in range(FRAMES_PER_CLIP))
    return table(CLIPS, clips), table(CLIP_FRAMES, frames)


def table(spec: Any, rows: Sequence[dict[str, Any]]) -> pa.Table:
    return spec.build({name: [row.get(name) for row in rows] for name in rows[0]})


def clip_row(
    subject: str, group: str, scene: int, emotion: str, chance: np.random.Generator
) -> dict[str, Any]:
    """A clip whose flow moves one patch of the face, another for each emotion."""
    label = EMOTIONS.index(emotion)
    moves = emotion != "neutral"
    flow = chance.normal(0, 0.3, (2, 28, 28))
    flow[label % 2, 4 * (label // 2) : 4 * (label // 2) + 8, 8:20] += 3 if moves else 0
    return {
        "clip_id": f"{subject}-{scene}",
        "subject": subject,
        "group": group,
        "source": "synthetic",
        "scene": scene,
        "label": label,
        "label3": label3_of(emotion),
        "label_source": "target",
        "target": emotion,
        "start_ns": scene * 10**9,
        "end_ns": scene * 10**9 + 2 * 10**8,
        "onset": 1 if moves else None,
        "apex": 2 if moves else None,
        "offset": 2 if moves else None,
        "n_frames": FRAMES_PER_CLIP,
        "kind": "micro" if moves else "none",
        "source_hz": 30.0,
        "modality": "colour",
        "coders": 0,
        "apex_flow": flow.ravel().astype(np.float16),
        "face_score": 0.9,
        "sharpness": 120.0,
        "exposure": 0.5,
        "clipped": 0.0,
        "head_turn_deg": 2.0,
        "blink": 0.0,
        "repeated": 0,
        "gaps": 0,
        "rate": "ok",
    }


def frame_row(clip: dict[str, Any], frame: int, chance: np.random.Generator) -> dict[str, Any]:
    """A frame whose brightness in one corner tells the class."""
    face = chance.integers(100, 140, (56, 56, 3)).astype(np.uint8)
    face[:28, 8 * clip["label"] : 8 * clip["label"] + 8, :] = 250
    encoded = cv2.imencode(".jpg", face)[1].tobytes()
    return {
        "clip_id": clip["clip_id"],
        "subject": clip["subject"],
        "frame": frame,
        "t_ns": clip["start_ns"] + frame * 50_000_000,
        "step_ms": 50.0 if frame else 0.0,
        "source_frame": frame,
        "source_error_ms": 0.0,
        "label": clip["label"],
        "image": {"bytes": encoded, "path": f"{clip['clip_id']}-{frame}.jpg"},
        "flow": chance.normal(size=1568).astype(np.float16),
        "aus": chance.random(20).astype(np.float32),
        "repeated": False,
        "gap": False,
    }
