"""What locating asks of a movement: the table [intervals] of study.toml."""

from dataclasses import dataclass, field

from mexlab.errors import InputError


@dataclass(frozen=True)
class IntervalSettings:
    """[intervals] of study.toml, which says what each is and in which unit."""

    min_s: float = field(default=2.0, metadata={"low": 0.1})
    max_s: float = field(default=4.0, metadata={"low": 0.1})
    padding_s: float = field(default=0.5, metadata={"low": 0.0})
    threshold_z: float = field(default=3.3, metadata={"low": 1.0})
    held_intensity: float = field(default=0.5, metadata={"low": 0.0})
    head_leak: float = field(default=0.1, metadata={"low": 0.0, "high": 1.0})
    lids_share: float = field(default=0.6, metadata={"low": 0.0, "high": 1.0})
    head_quiet_z: float = field(default=3.0, metadata={"low": 0.0})
    lids_reach_s: float = field(default=0.13, metadata={"low": 0.0})
    blink_z: float = field(default=6.0, metadata={"low": 1.0})
    blink_closed: float = field(default=0.33, metadata={"low": 0.0, "high": 1.0})
    held_shortest_s: float = field(default=0.5, metadata={"low": 0.1})
    candidates: int = field(default=5, metadata={"low": 1, "high": 50})
    report_window_s: float = field(default=3.0, metadata={"low": 0.0})
    micro_max_ms: float = field(default=500.0, metadata={"low": 1.0})
    min_face_fraction: float = field(default=0.5, metadata={"low": 0.0, "high": 1.0})

    def __post_init__(self) -> None:
        if self.min_s > self.max_s:
            what = f"min_s {self.min_s:g} is above max_s {self.max_s:g}"
            raise InputError(what, "study.toml [intervals]", "correct one of them")
