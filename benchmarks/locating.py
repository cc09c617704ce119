"""How well `annotate locate --blind` finds expressions whose times are known: a row a condition.

    uv run python -m benchmarks.locating [--generator simulate|warped|both] [--participants 10]
        [--seeds 1,2] [--conditions micro:0.06,macro:0.08] [--blinks N] [--head-turns N]
        [--keep DIR [--relocate]] [--wrong]

Studies are made by `mexlab simulate` and by benchmarks.warped_faces, analysed and located by the
commands a person types, two studies' worth of work side by side. With `--keep` what was made and
analysed is kept there, and `--relocate` only locates again. Scenes without an expression are half
of the warped ones (half of those labelled neutral), and one a session of the simulated ones.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mexlab.parallel import default_workers
from mexlab.score import (
    APEX_TOLERANCE_NS,
    EXPRESSIONS,
    SessionScore,
    score_event,
    score_study,
    summary,
)
from mexlab.session import Session
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS

CONDITIONS = "micro:0.06,micro:0.03,micro:0.015,macro:0.03,macro:0.08"
HEADINGS = (
    "condition", "events", "hits", "apex ms", "90 %", "bias", "false/empty", "onset ms",
    "offset ms", "emotion", "wrong",
)  # fmt: skip
WIDTHS = (24, 7, 7, 8, 6, 6, 14, 9, 10, 8, 6)


@dataclass(frozen=True)
class Condition:
    """What one row is about; a study for each seed."""

    generator: str
    kind: str
    amplitude: float
    participants: int
    blinks: int
    head_turns: int

    @property
    def name(self) -> str:
        return f"{self.generator} {self.kind} {self.amplitude:g}"

    def folder(self, keep: Path, seed: int) -> Path:
        """Where its study of this seed is kept: all that decides its contents is in the name."""
        extras = f"b{self.blinks}-h{self.head_turns}-p{self.participants}-s{seed}"
        return keep / f"{self.generator}-{self.kind}-{self.amplitude:g}-{extras}"


@dataclass(frozen=True)
class Found:
    """A study's scores, the signed errors of the apexes named (ms), and wrong scenes in words."""

    sessions: list[SessionScore]
    biases_ms: list[float]
    wrong: list[str]


def command(name: str, *arguments: object) -> None:
    """Run one of this environment's commands; what it says goes to the log only where it fails."""
    program = (
        [sys.executable, "-m", name] if "." in name else [str(Path(sys.executable).parent / name)]
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    words = [*program, *(str(argument) for argument in arguments)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")


def prepare(condition: Condition, root: Path, seed: int) -> None:
    """Make and analyse a study where that is not done yet; a half-made one is made anew."""
    if not root.exists():
        made = root.with_name(f"{root.name}.making")
        shutil.rmtree(made, ignore_errors=True)
        options = (
            "--participants", condition.participants, "--seed", seed, "--kind", condition.kind,
            "--amplitude", condition.amplitude, "--blinks", condition.blinks,
            "--head-turns", condition.head_turns,
        )  # fmt: skip
        if condition.generator == "simulate":
            command("mexlab", "new", made)
            command("mexlab", "simulate", made, *options)
        else:
            command("benchmarks.warped_faces", made, *options)
        made.rename(root)
    command("annotate", "analyse", root, "--analyzer", "landmarker")


def locate(root: Path) -> Found:
    """Locate anew, blind, and compare with the truth."""
    command("annotate", "locate", root, "--blind", "--analyzer", "landmarker")
    study = Study.open(root)
    biases: list[float] = []
    wrong: list[str] = []
    for session in study.counted_sessions()[0]:
        biases += _biases_ms(session)
        wrong += _wrong(session)
    return Found(score_study(study), biases, wrong)


def _biases_ms(session: Session) -> list[float]:
    """Located minus true apex of each expression whose first-ranked interval names one."""
    first = {row["scene"]: row for row in session.intervals().to_pylist() if row["rank"] == 1}
    return [
        (first[row["scene"]]["apex_ns"] - row["apex_ns"]) / NS_PER_MS
        for row in session.truth().to_pylist()
        if row["kind"] in EXPRESSIONS
        and row["scene"] in first
        and first[row["scene"]]["apex_ns"] is not None
    ]


def _wrong(session: Session) -> list[str]:
    """A line for each scene judged wrongly: an event that is none, or one missed or misplaced."""
    truth = {r["scene"]: r for r in session.truth().to_pylist() if r["kind"] in EXPRESSIONS}
    first = {row["scene"]: row for row in session.intervals().to_pylist() if row["rank"] == 1}
    lines = []
    for scene in session.scenes().to_pylist():
        found, event = first.get(scene["scene"]), truth.get(scene["scene"])
        about = f"{session.id} scene {scene['scene']} ({scene['emotion']})"
        if event is None and found is not None and found["kind"] != "none":
            lines.append(f"{about}: {found['kind']} {found['expressed']} where nothing is")
        elif event is not None:
            error = score_event(event, found).apex_error_ms
            if error is None or error > APEX_TOLERANCE_NS / NS_PER_MS:
                off = "missed" if error is None else f"{error:.0f} ms off"
                lines.append(f"{about}: {event['kind']} {event['emotion']} {off}")
    return lines


def row(condition: Condition, founds: Sequence[Found]) -> list[str]:
    """A condition's figures as HEADINGS name them, over the studies of all seeds."""
    total = summary(session for found in founds for session in found.sessions)
    biases = [bias for found in founds for bias in found.biases_ms]
    misplaced = sum(abs(bias) > APEX_TOLERANCE_NS / NS_PER_MS for bias in biases)
    empty = total.neutral_scenes
    return [
        condition.name,
        str(total.events),
        _percent(total.apex_hits / total.events if total.events else None),
        _ms(total.apex_error_ms_median),
        _ms(total.apex_error_ms_p90),
        _ms(float(np.median(biases)) if biases else None, "+.0f"),
        f"{total.false_peaks / empty:.2f} of {empty}" if empty else "–",
        _ms(total.onset_error_ms_median),
        _ms(total.offset_error_ms_median),
        _percent(total.emotion_right),
        str(total.false_peaks + misplaced),
    ]


def _ms(value: float | None, form: str = ".0f") -> str:
    return "–" if value is None else format(value, form)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _line(cells: Sequence[str]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return first[0].ljust(first[1]) + "".join(cell.rjust(width) for cell, width in others)


def conditions(given: argparse.Namespace) -> Iterator[Condition]:
    """Every generator with every kind:amplitude asked for."""
    generators = ("simulate", "warped") if given.generator == "both" else (given.generator,)
    for generator in generators:
        for entry in given.conditions.split(","):
            kind, _, amplitude = entry.partition(":")
            yield Condition(
                generator,
                kind,
                float(amplitude),
                given.participants,
                given.blinks,
                given.head_turns,
            )


def run(given: argparse.Namespace, keep: Path) -> None:
    """Prepare one study after another, on all cores; locate each beside the next one's making."""
    seeds = [int(seed) for seed in given.seeds.split(",")]
    with ThreadPoolExecutor(default_workers()) as pool:
        rows = []
        for condition in conditions(given):
            locating = []
            for seed in seeds:
                root = condition.folder(keep, seed)
                if not given.relocate:
                    prepare(condition, root, seed)
                locating.append(pool.submit(locate, root))
            rows.append((condition, locating))
        print(_line(HEADINGS))
        for condition, locating in rows:
            founds = [future.result() for future in locating]
            print(_line(row(condition, founds)), flush=True)
            for line in (line for found in founds for line in found.wrong if given.wrong):
                print(f"    {line}")
    print(
        "hits: apex within 200 ms; wrong: false events and apexes over 200 ms off; errors: medians"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generator", choices=["simulate", "warped", "both"], default="both")
    parser.add_argument("--participants", type=int, default=10, help="sessions a study")
    parser.add_argument("--seeds", default="1", help="comma list; a study for each")
    parser.add_argument("--conditions", default=CONDITIONS, help="comma list of kind:amplitude")
    parser.add_argument("--blinks", type=int, default=0, help="in each scene")
    parser.add_argument("--head-turns", type=int, default=0, help="in each session, 0 to 7")
    parser.add_argument("--keep", type=Path, help="keep studies here, and use those kept")
    parser.add_argument("--relocate", action="store_true", help="only locate again what is kept")
    parser.add_argument("--wrong", action="store_true", help="name the scenes judged wrongly")
    given = parser.parse_args()
    if given.relocate and not given.keep:
        parser.error("--relocate needs --keep")
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        run(given, given.keep)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(given, Path(folder))


if __name__ == "__main__":
    main()
