"""The model card: what a trained network is, is good for, and is not, beside its checkpoint.

Reads a run folder, and the headers of its datasets where they still are; writes `model_card.md`.
All measures are of people the networks were not trained on.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mexlab.atomic import write_text
from mexlab.errors import MexlabError
from pipeline.form.card_tables import markdown_table
from pipeline.form.dataset import Dataset
from pipeline.training.report.details import class_sheet, set_sheet
from pipeline.training.report.read import Reported
from pipeline.training.report.sheets import TESTING_COLUMNS, Sheet, duration
from pipeline.training.run import Run

MODEL_CARD = "model_card.md"
TESTING = "testing; the network kept here was trained on it too"
INPUTS = {
    "flow": "optical flow u, v of the face, in percent of the inter-ocular distance, 28 x 28",
    "flow-strain": "optical flow u, v in percent of the inter-ocular distance, and its strain, "
    "28 x 28",
    "rgb": "the upright face crop, red, green, blue, 28 x 28",
}
USES = (
    "Research on methods of recognising facial movement, and teaching.",
    "A first suggestion for a trained coder, who decides.",
)
MISUSES = (
    "Deciding anything about a person: hiring, schooling, insurance, policing, border control, "
    "health, truthfulness. A face does not say what somebody feels, and less what they hide.",
    "Watching people at work or at school. The European Union's AI Act (2024/1689, article 5) "
    "forbids systems that infer emotions there, with few exceptions.",
    "People who have not agreed to being recorded and judged.",
    "Identifying people.",
)
LIMITS = (
    "It names the class of a film, a report or a code, as the label policy of its data has it; "
    "nobody has measured a feeling.",
    "Trained on few people of few places, in good light, facing the camera. Other ages, skins, "
    "cameras, head turns, glasses, beards, illnesses of the face are not covered by the figures.",
    "It always answers with one of its classes, also where nothing was expressed.",
    "Probabilities are not calibrated.",
)


def write_model_card(run: Run) -> Path:
    """Write the card beside the checkpoint; returns its path."""
    entry = Reported.read(run.root)
    sections = (
        _opening(entry),
        "## Intended use\n\n" + _bullets(USES),
        "## Not to be used for\n\n" + _bullets(MISUSES),
        "## Data\n\n" + _data(entry),
        "## Protocol\n\n" + _protocol(entry),
        "## Measures\n\n" + _measures(entry),
        "## Limits\n\n" + _bullets(LIMITS),
        "## Consent and licence\n\n" + _consent(entry),
        "## Training\n\n" + _training(entry),
    )
    path = run.root / MODEL_CARD
    write_text(path, "\n".join(sections))
    return path


def _opening(entry: Reported) -> str:
    settings = entry.settings
    changed = ", ".join(settings["options"]) or "none changed"
    classes = ", ".join(entry.metrics["classes"])
    control = (
        "\n**A control, not a model: its training labels were permuted.**\n"
        if settings["shuffle_labels"]
        else ""
    )
    unseen = ", but for those whose loss said when to stop" if settings.get("patience") else ""
    return f"""# {settings["model"]}, {settings["preset"]}, on {settings["input"]}
{control}
A network that sorts a facial movement into {settings["classes"]} classes: {classes}.

- Input: {INPUTS[settings["input"]]}.
- Parameters: {entry.metrics["parameters"]:,}. Options of the architecture: {changed}.
- Weights: `{entry.run.checkpoint_path.name}` (safetensors), with normalisation and description.
- Use: `pipeline predict RUN VIDEO --out DIR`.

The weights are of one network trained on all subjects{unseen}. The measures below are not of
it, but of networks of the same making, each tested on people it was not trained on.
"""


def _data(entry: Reported) -> str:
    rows: list[list[object]] = [["dataset", "content hash", "role"]]
    for which, role in (("datasets", "training"), ("test_on", TESTING)):
        rows += [[_name(own), own["content_hash"][:16], role] for own in entry.settings[which]]
    left_out = [f"{count} clips: {why}" for why, count in entry.settings["left_out"].items()]
    subjects = len(set(entry.predictions.subject))
    tested = len(set(entry.predictions.clip_id))
    return (
        f"{markdown_table(rows)}\n{entry.settings['clips']} clips; tested on {tested} clips of "
        f"{subjects} subjects. Left out: {'; '.join(left_out) or 'nothing'}.\n"
    )


def _protocol(entry: Reported) -> str:
    settings = entry.settings
    stopped = (
        f"stopped after {settings['patience']} epochs without progress on other training subjects"
        if settings.get("patience")
        else "a number fixed beforehand"
    )
    return (
        f"`{settings['protocol']}`, {len(entry.metrics['folds'])} folds, {entry.seeds_told}. No "
        "subject, and no face of simulated participants, is on two sides. Normalisation and class "
        f"weights come from training subjects; epochs: {entry.metrics['epochs']}, {stopped}. Each "
        "test subject was looked at once, after the last epoch.\n"
    )


def _measures(entry: Reported) -> str:
    rows: list[list[object]] = [["measure", f"value ({entry.seeds_told})"]]
    rows += [[name, entry.measure(key).told()] for name, key in TESTING_COLUMNS.items()]
    parts = [
        "UF1 and UAR from the counts of all folds together; ± is the standard deviation over "
        "seeds. MSE, MAE and R² treat the class index as a number and mean nothing of their own.\n",
        markdown_table(rows),
        _markdown(class_sheet(entry)),
    ]
    sets = set_sheet(entry)
    parts += [_markdown(sets)] if sets else []
    classes = entry.metrics["classes"]
    confusion: list[list[object]] = [["truth \\ predicted", *classes]]
    counts = zip(classes, entry.metrics["confusion"], strict=True)
    confusion += [[name, *own] for name, own in counts]
    parts += ["Counts of all folds and seeds:\n", markdown_table(confusion)]
    return "\n".join(parts)


def _consent(entry: Reported) -> str:
    lines = []
    trained, tested = entry.settings["datasets"], entry.settings["test_on"]
    for own in (*trained, *tested):
        name, use = _name(own), "tested on and then trained on" if own in tested else "trained on"
        try:
            header = Dataset.open(Path(own["path"])).header
        except MexlabError:
            lines.append(f"{name}: not at hand when this card was written; see its own card.")
            continue
        if header.content_hash != own["content_hash"]:
            lines.append(f"{name}: changed since the training; see its own card.")
        elif header.licence:
            lines.append(f"{name}, licence: {header.licence}")
        else:
            agreed = sum("training" in (who.scopes or ()) for who in header.subjects.values())
            lines.append(
                f"{name}: audience {header.audience}; {agreed} of {len(header.subjects)} subjects "
                f"had agreed to training (scope `training`), and only they were {use}."
            )
    return _bullets(lines) + (
        "\nThe weights were made of these data: pass them on only to whom the data might be passed "
        "on. When a participant withdraws, train again without them and delete this network.\n"
    )


def _training(entry: Reported) -> str:
    metrics = entry.metrics
    software = ", ".join(
        f"{name} {number}" for name, number in entry.settings.get("software", {}).items()
    )
    return (
        f"{duration(metrics['train_seconds'])} for all networks of the run, "
        f"{metrics['images_per_second']:.0f} images/s. On training clips, at the end: loss "
        f"{entry.last_epoch('loss').told()}, accuracy {entry.last_epoch('accuracy').told()}. All "
        f"settings are in `{entry.run.settings_path.name}`: `pipeline train DATASET... --settings "
        f"{entry.run.settings_path.name} --out RUN` makes it again. Software: {software}.\n"
    )


def _markdown(sheet: Sheet) -> str:
    return markdown_table([sheet.head, *sheet.rows])


def _name(dataset: dict[str, Any]) -> str:
    return Path(dataset["path"]).name  # where it lay is nobody else's business


def _bullets(texts: Sequence[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)
