"""The `pipeline` commands. Heavy packages are imported inside the commands, never here."""

import click

from mexlab.commandline import Group
from pipeline.dataset_cli import build_dataset, diff, import_
from pipeline.training_cli import report, train


@click.group(cls=Group)
def pipeline() -> None:
    """Datasets from studies and corpora, and models trained on them."""


for command in (build_dataset, import_, diff, train, report):
    pipeline.add_command(command)


def main() -> None:
    """Console script `pipeline`."""
    pipeline(prog_name="pipeline")
