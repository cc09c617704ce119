"""`pipeline predict`: a trained network on a new face."""

import json
from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("video", type=FOLDER, required=False)
@click.option(
    "--camera",
    metavar="SPEC",
    help="Record first: device number or path, simulated, simulated:SEED, screen:X,Y,W,H.",
)
@click.option("--seconds", type=click.FloatRange(0.5, 3600), help="How long to record. [10]")
@click.option("--out", required=True, type=FOLDER, help="Folder to make for the prediction.")
@click.option(
    "--analyzer",
    default="landmarker",
    show_default=True,
    help="Locates the intervals; py-feat needs its weights.",
)
@click.option("--json", "as_json", is_flag=True, help="Print prediction.json instead of a summary.")
def predict(
    run: Path,
    video: Path | None,
    camera: str | None,
    seconds: float | None,
    out: Path,
    analyzer: str,
    as_json: bool,
) -> None:
    """Judge the face in VIDEO (or before a camera) with the network of RUN.

    Probabilities of the classes for every frame at 20 fps and for every interval in which the face
    moved, as Parquet, JSON and an annotated MP4. A model's guess, not what the person felt. Nothing
    else of the recording is kept.
    """
    if (video is None) == (camera is None):
        raise click.UsageError("give either VIDEO or --camera SPEC")
    if seconds is not None and camera is None:
        raise click.UsageError("--seconds is how long --camera records")
    from pipeline.predict.look import refuse_other_media
    from pipeline.training.run import Run

    Run.open(run)  # what is wrong is said before the seconds that torch takes to load
    if video is not None:
        refuse_other_media(video)

    from pipeline.predict.run import Request
    from pipeline.predict.run import predict as run_prediction

    asked = Request(run, out, video, camera, seconds or 10.0, analyzer)
    done = run_prediction(asked)
    if as_json:
        click.echo(json.dumps(done, indent=2, ensure_ascii=False))
        return
    for line in summary(done):
        click.echo(line)
    click.echo(f"prediction: {out}")


def summary(done: dict[str, object]) -> list[str]:
    """What a person wants to know first."""
    counts, intervals = done["counts"], done["intervals"]
    assert isinstance(counts, dict)
    assert isinstance(intervals, list)
    if not counts["frames_with_face"]:
        return [f"no face in any of {counts['frames']} frames: nothing is predicted"]
    single = done["single_frame"]
    if isinstance(single, dict):
        best = max(single, key=lambda name: float(single[name]))
        return [f"a single frame: {best} {single[best]:.2f}; no movement, so no interval"]
    lines = [
        f"{row['start_ns'] / 1e9:7.2f}-{row['end_ns'] / 1e9:.2f} s  {row['kind']:9} "
        f"{row['predicted']} {row['p_' + row['predicted']]:.2f}, apex {row['apex_ns'] / 1e9:.2f} s"
        for row in intervals
    ]
    head = f"{counts['frames_with_face']} of {counts['frames']} frames show a face; "
    return [f"{head}{len(intervals)} intervals", *lines]
