"""AU tables of a face that does what it is told, without a picture."""

import numpy as np

from annotate.geometry import RIGID
from annotate.motion import COLUMNS
from mexlab.emotions import AUS
from mexlab.tables import AU_TABLE, MOTION
from mexlab.timebase import NS_PER_S

HZ = 30.0


def still_face():
    """68 landmarks (68, 2) px, inter-ocular distance 100, roughly where a face has them."""
    jaw = [(-110 + 220 * k / 16, 20 + 150 * np.sin(np.pi * k / 16)) for k in range(17)]
    brows = [
        (x, -35 - 6 * (k % 5 == 2))
        for k, x in enumerate([*range(-80, -19, 15), *range(20, 81, 15)])
    ]
    nose = [(0, -10 + 17 * k) for k in range(4)] + [(x, 52) for x in (-20, -10, 0, 10, 20)]
    eyes = []
    for centre in (-50, 50):
        eyes += [
            (centre - 18, 0),
            (centre - 7, -8),
            (centre + 7, -8),
            (centre + 18, 0),
            (centre + 7, 8),
            (centre - 7, 8),
        ]
    lips = [(40 * np.cos(a), 90 - 14 * np.sin(a)) for a in np.pi - np.arange(12) * np.pi / 6]
    inner = [(28 * np.cos(a), 90 - 3 * np.sin(a)) for a in np.pi - np.arange(8) * np.pi / 4]
    points = np.array([*jaw, *brows, *nose, *eyes, *lips, *inner], dtype=float)
    return points + np.array([320.0, 200.0])


def motion_table(seconds, events=(), seed=0, hz=HZ):
    """A motion table; `events` are (onset_s, duration_s, {REGION_u or _v: percent})."""
    rng = np.random.default_rng(seed)
    n = round(seconds * hz)
    t_s = np.arange(n) / hz
    courses = {name: rng.normal(0, 0.02, n) for name in COLUMNS}
    for onset, duration, ways in events:
        for name, percent in ways.items():
            courses[name] = courses[name] + percent * hump(t_s, onset, duration)
    t_ns = np.round(t_s * NS_PER_S).astype(np.int64)
    blink = np.zeros(n, dtype=bool)
    return MOTION.build({"frame": np.arange(n), "t_ns": t_ns, "blink": blink, **courses})


def hump(t_s, onset_s, duration_s):
    inside = (t_s > onset_s) & (t_s < onset_s + duration_s)
    return np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * (t_s - onset_s) / duration_s), 0.0)


def au_table(seconds, events=(), seed=0, hidden=(), blinks=(), hz=HZ):
    """An aus table; `events` are (onset_s, duration_s, {AU: height}), `hidden` (start_s, end_s)
    stretches without a face, `blinks` onsets of 0.2 s blinks."""
    rng = np.random.default_rng(seed)
    n = round(seconds * hz)
    t_s = np.arange(n) / hz
    face = np.ones(n, dtype=bool)
    for start, end in hidden:
        face &= ~((t_s >= start) & (t_s < end))
    scores = {
        au: np.clip(rng.normal(0.1, 0.01, n), 0, 1) for au in AUS if au not in ("AU11", "AU23")
    }
    for onset, duration, heights in events:
        for au, height in heights.items():
            scores[au] = np.clip(scores[au] + height * hump(t_s, onset, duration), 0, 1)
    points = still_face()[None] + rng.normal(0, 0.3, (n, 68, 2))
    points[:, RIGID] = still_face()[list(RIGID)] + rng.normal(0, 0.1, (n, len(RIGID), 2))
    for onset in blinks:
        closing = hump(t_s, onset, 0.2)[:, None]
        points[:, [37, 38, 43, 44], 1] += 15 * closing
        scores["AU43"] = np.clip(scores["AU43"] + 0.9 * closing[:, 0], 0, 1)
        scores["AU04"] = np.clip(scores["AU04"] + 0.3 * closing[:, 0], 0, 1)
    flat = points.reshape(n, 136).astype(np.float32)
    shown = {au: np.where(face, values, np.nan) for au, values in scores.items()}
    return AU_TABLE.build(
        {
            "frame": np.arange(n),
            "t_ns": np.round(t_s * NS_PER_S).astype(np.int64),
            "face": face,
            "score": face.astype(np.float32),
            "landmarks": [row if seen else None for row, seen in zip(flat, face, strict=True)],
            "intensity": np.where(face, np.sum(list(scores.values()), axis=0), np.nan),
            **shown,
        }
    )  # fmt: skip
