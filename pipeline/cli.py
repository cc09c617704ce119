"""The `pipeline` commands. Heavy packages are imported inside the commands, never here."""

import click

from mexlab.commandline import Group
from pipeline.app_cli import app
from pipeline.dataset_cli import build_dataset, diff, import_
from pipeline.predict_cli import predict
from pipeline.report_cli import report
from pipeline.training_cli import export, train


@click.group(cls=Group)
def pipeline() -> None:
    """Datasets from studies and corpora, and models trained on them."""


for command in (build_dataset, import_, diff, train, report, predict, export, app):
    pipeline.add_command(command)


def main() -> None:
    """Console script `pipeline`."""
    pipeline(prog_name="pipeline")
