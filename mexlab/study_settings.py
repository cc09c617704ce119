"""What stands in study.toml: its head, and the tables that more than one stage reads.

Tables of one stage alone are frozen dataclasses beside the code that uses them.
"""

from dataclasses import dataclass, field

SCHEMA_VERSION = 1
# Tables of study.toml.
SECTIONS = ("camera", "player", "forms", "analysis", "labels", "intervals", "review")
LANGUAGES = ("es", "en")


@dataclass(frozen=True)
class StudySettings:
    """The head of study.toml; the tables below it belong to the stages that read them."""

    schema_version: int
    title: str = ""
    languages: tuple[str, ...] = ("es", "en")
    ethics_id: str = ""
    station: int = field(default=1, metadata={"low": 1, "high": 99})
    seed: int = field(default=0, metadata={"low": 0})
    sessions: str = field(default="last", metadata={"choices": ("last", "all")})
    aborted: bool = False


@dataclass(frozen=True)
class FormSettings:
    """[forms] of study.toml: files, relative to the study, of what participants are asked."""

    instrument: str = "forms/self-report.toml"
    consent: str = "forms/consent.toml"
    second_pass: bool = False
    second_instrument: str = "forms/second-pass.toml"


@dataclass(frozen=True)
class AnalysisSettings:
    """[analysis] of study.toml; a model's path empty means: look in the usual places."""

    analyzer: str = "py-feat"
    pyfeat_detector: str = field(default="v1", metadata={"choices": ("v1", "v2")})
    pyfeat_weights: str = ""
    device: str = field(default="auto", metadata={"choices": ("auto", "cpu", "cuda", "mps")})
    landmarker_model: str = ""


@dataclass(frozen=True)
class LabelSettings:
    """[labels] of study.toml: where a clip's label comes from, and where if that is missing.

    `intervals` says which become clips, `disagreement` what comes of those on which coders differ
    without a final code, where policy or intervals depend on coders.
    """

    policy: str = field(
        default="reported", metadata={"choices": ("reported", "target", "coded", "agreement")}
    )
    fallback: str = field(default="target", metadata={"choices": ("target", "none")})
    intervals: str = field(
        default="located", metadata={"choices": ("located", "not-rejected", "accepted")}
    )
    disagreement: str = field(
        default="leave-out", metadata={"choices": ("leave-out", "uncoded", "first")}
    )

    @property
    def needs_code(self) -> bool:
        """Whether an interval becomes a clip only with a final or agreed code."""
        return self.policy in ("coded", "agreement") or self.intervals == "accepted"

    @property
    def asks_coders(self) -> bool:
        """Whether coders' decisions have a say in which intervals become clips."""
        return self.needs_code or self.intervals == "not-rejected"
