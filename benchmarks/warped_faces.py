"""A study of warped real faces with known event times, by another method than `mexlab simulate`.

    uv run python -m benchmarks.warped_faces STUDY [--participants 10] [--seed 1] [--kind micro]
        [--amplitude 0.06] [--scene-s 8] [--blinks N] [--head-turns N] [--empty-fraction 0.5]

Locating is to be tested on what it was not tuned on: here Waters-like muscles pull the face mesh,
thin-plate splines carry the picture with it, the face is idle, breathes, shifts its posture and
turns in depth, and frame times jitter by milliseconds. Writes a new study folder of the form that
`mexlab simulate` leaves; all but wall-clock moments follows from the seed.
"""

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.warped.script import FPS, SCENES, Settings
from benchmarks.warped.sitting import Sitting, sit
from mexlab.consent import SCOPES, decide
from mexlab.errors import MexlabError
from mexlab.parallel import default_workers, for_each
from mexlab.participants import Participant
from mexlab.progress import Progress
from mexlab.study import Study


def make_study(
    root: Path, participants: int, seed: int, settings: Settings, workers: int | None = None
) -> Study:
    """A new study of simulated participants, several made at a time. Raises what a sitting did."""
    settings.check()
    study = Study.create(root)
    sittings = []
    for index in range(participants):
        person = Participant(study.next_participant_id(), simulated=True)
        study.save_participant(person.deciding(decide(SCOPES, "simulated")))
        sittings.append(Sitting(root, person.participant, index, seed, settings))
    frames = participants * round(SCENES * settings.scene_s * FPS)
    with (
        Progress("warping faces", total=frames, unit="frames") as bar,
        closing(for_each(sittings, sit, workers or default_workers(), bar)) as outcomes,
    ):
        for _, outcome in outcomes:
            if isinstance(outcome, MexlabError):
                raise outcome
    return study


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--participants", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=["micro", "macro"], default="micro")
    parser.add_argument("--amplitude", type=float, default=0.06, help="of inter-ocular distance")
    parser.add_argument("--scene-s", type=float, default=8.0)
    parser.add_argument("--blinks", type=int, default=0, help="in each scene")
    parser.add_argument("--head-turns", type=int, default=0, help="in each session, 0 to 7")
    parser.add_argument("--empty-fraction", type=float, default=0.5, help="scenes without an event")
    parser.add_argument("--workers", type=int)
    given = parser.parse_args(arguments)
    settings = Settings(
        given.kind,
        given.amplitude,
        given.scene_s,
        given.blinks,
        given.head_turns,
        given.empty_fraction,
    )
    try:
        study = make_study(given.study, given.participants, given.seed, settings, given.workers)
    except MexlabError as error:
        parser.exit(1, f"error: {error}\n")
    for session in study.sessions():
        truth = session.truth()
        events = sum(kind in ("micro", "macro") for kind in truth["kind"].to_pylist())
        print(f"{session.id}: {session.header.camera['base_face']}, {events} expressions")


if __name__ == "__main__":
    main()
