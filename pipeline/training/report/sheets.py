"""Tables of the report as rows of text, for the page and the terminal alike.

Tables 2 to 4 are the paper's, with this project's UF1 and UAR beside its columns. Its own rows are
of a split by frames: they stand with the nearest figure by LOSO in the same row, or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.training.models import MODELS
from pipeline.training.presets import OPTIONS
from pipeline.training.report import literature
from pipeline.training.report.read import Reported, distinct

# Column head -> key of metrics.json.
TESTING_COLUMNS = {
    "UF1": "uf1",
    "UAR": "uar",
    "F1 (weighted)": "weighted_f1",
    "Precision": "macro_precision",
    "Accuracy": "accuracy",
    "Recall": "macro_recall",
    "MSE": "mse",
    "MAE": "mae",
    "R²": "r2",
}
HOW = "Protocol, seeds"
TRAINING_COLUMNS = (
    *("Training loss", "Accuracy", "Epochs", "Training time", "CPU", "Memory", "Images/s"),
    *("Parameters", HOW),
)
FLOW_COLUMNS = (
    *("Epochs", "Training time", "Training loss", "Accuracy", "F1 (weighted)"),
    *("UF1, subjects apart", HOW),
)
ABLATION_COLUMNS = (
    *("run", "Model", "Preset", "Input", "Laplacian", "Token mixer", "Positions"),
    *("Parameters", "UF1", "UAR", "Seeds"),
)
INPUTS = {
    "rgb": "without optical flow",
    "flow": "with optical flow",
    "flow-strain": "with optical flow and strain",
}


@dataclass(frozen=True)
class Sheet:
    """A table: the first column names the row. `quoted` marks rows of others (the paper's)."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    quoted: int = 0  # so many rows at the end


def flow_sheet(reported: Sequence[Reported]) -> Sheet:
    """The paper's Table 2: a network on pictures beside the same on flow."""
    rows, alone = [], 0
    for group in _same_but_input(reported):
        alone += len({entry.settings["input"] == "rgb" for entry in group}) < 2
        for entry in sorted(group, key=lambda entry: [*INPUTS].index(entry.settings["input"])):
            rows.append(_flow_row(entry))
    missing = " A pair stands together where both its runs are given." if alone else ""
    note = (
        "Accuracy, F1 and UF1 are of subjects nobody trained on, the training loss is of the last "
        f"epoch, the time is of all folds and seeds.{missing} {literature.PAPER_NOTE}"
    )
    quoted = literature.PAPER_TABLE_2
    return Sheet(
        "Without and with optical flow (paper, Table 2)",
        note,
        ("model version", *FLOW_COLUMNS),
        [*rows, *quoted],
        len(quoted),
    )


def training_sheet(reported: Sequence[Reported]) -> Sheet:
    """The paper's Table 3: the last epoch's loss and accuracy, and the cost."""
    note = (
        "Loss and accuracy of the last epoch, on training clips: they say how well the training "
        "went, not how good the network is. Time is of all folds and seeds, CPU and memory are "
        "shares of the whole machine."
    )
    rows = [[entry.name, *training_row(entry)] for entry in reported]
    quoted = literature.PAPER_TABLE_3
    head = ("run", *TRAINING_COLUMNS)
    return Sheet("Training (paper, Table 3)", note, head, [*rows, *quoted], len(quoted))


def testing_sheet(reported: Sequence[Reported]) -> Sheet:
    """The paper's Table 4, with UF1 and UAR before it."""
    note = (
        "UF1 and UAR are the measures to compare by; precision and recall are means over classes. "
        "MSE, MAE and R² treat the class index as a number, as the paper does, and mean nothing of "
        "their own. A class that no clip has is left out of the means. Each seed's figures come "
        "from the counts of all its folds; ± is the standard deviation over seeds. "
        f"{literature.PAPER_NOTE}"
    )
    rows = [[entry.name, *testing_row(entry)] for entry in reported]
    quoted = literature.PAPER_TABLE_4
    head = ("run", *TESTING_COLUMNS, HOW)
    return Sheet("Testing (paper, Table 4)", note, head, [*rows, *quoted], len(quoted))


def ablation_sheets(reported: Sequence[Reported]) -> list[Sheet]:
    """Several runs by what differs in the network; a table for each case to compare them in."""
    cases = distinct(lambda entry: entry.case, list(reported))
    sheets = []
    for case in cases:
        own = [entry for entry in reported if entry.case == case]
        if len(own) < 2:
            continue
        protocol, classes = case[:2]
        title = f"Ablation: {classes} classes, {protocol}"
        note = "The same clips, classes and protocol; a dash where a network has no such part."
        rows = [_ablation_row(entry) for entry in sorted(own, key=_ablation_order)]
        sheets.append(Sheet(title, note, ABLATION_COLUMNS, rows))
    return sheets


def training_row(entry: Reported) -> list[str]:
    """Cells of Table 3."""
    metrics = entry.metrics
    return [
        entry.last_epoch("loss").told(),
        entry.last_epoch("accuracy").told(),
        str(metrics["epochs"]),
        duration(metrics["train_seconds"]),
        f"{metrics['cpu_percent']:.1f} %",
        f"{metrics['memory_percent']:.1f} %",
        f"{metrics['images_per_second']:.0f}",
        f"{metrics['parameters']:,}",
        entry.how_told,
    ]


def testing_row(entry: Reported) -> list[str]:
    """Cells of Table 4."""
    cells = [entry.measure(key).told() for key in TESTING_COLUMNS.values()]
    return [*cells, entry.how_told]


def duration(seconds: float) -> str:
    """`8 min 38 s`, as the paper writes it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "under 1 s"


def _flow_row(entry: Reported) -> list[str]:
    return [
        f"{entry.network}, {INPUTS[entry.settings['input']]} ({entry.folder})",
        str(entry.metrics["epochs"]),
        duration(entry.metrics["train_seconds"]),
        entry.last_epoch("loss").told(),
        entry.measure("accuracy").told(),
        entry.measure("weighted_f1").told(),
        entry.measure("uf1").told(),
        entry.how_told,
    ]


def _same_but_input(reported: Sequence[Reported]) -> list[list[Reported]]:
    def key(entry: Reported) -> tuple[object, ...]:
        return (entry.network, *entry.case)

    keys = distinct(key, list(reported))
    return [[entry for entry in reported if key(entry) == wanted] for wanted in keys]


def _ablation_row(entry: Reported) -> list[str]:
    settings = entry.settings
    control = ", labels shuffled" if settings["shuffle_labels"] else ""
    every_frame = ", every frame" if settings["frames"] == "all" else ""
    return [
        entry.folder + control,
        settings["model"],
        settings["preset"],
        settings["input"] + every_frame,
        *(_option(entry, name) for name in OPTIONS),
        f"{entry.metrics['parameters']:,}",
        entry.measure("uf1").told(),
        entry.measure("uar").told(),
        entry.seeds_told,
    ]


def _option(entry: Reported, name: str) -> str:
    if name not in MODELS[entry.settings["model"]].options:
        return "–"
    value = entry.options.get(name, OPTIONS[name][0])
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _ablation_order(entry: Reported) -> tuple[object, ...]:
    settings = entry.settings
    control = settings["shuffle_labels"]
    return control, [*MODELS].index(settings["model"]), settings["input"], settings["options"]
