"""The dataset card: README.md of a dataset, for people and for the Hub at once.

Reads clips and splits; writes README.md, and contact-sheet.jpg where people agreed to be shown. Its
YAML names the configs `frames` (default), `clips` and `splits` with their features, so that
`datasets.load_dataset(FOLDER, "clips")` works with no loading code. Its text says what the data
are, who may use them, how they came about, and what they cannot show.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mexlab.atomic import write_text
from mexlab.tables import CLIP_FRAMES, CLIPS, SPLITS
from pipeline.form import card_tables as tables
from pipeline.form import statements as say
from pipeline.form.card_tables import markdown_table
from pipeline.form.contact_sheet import SHEET, write_sheet
from pipeline.form.demographics import RULE
from pipeline.form.header import DatasetHeader, column, splits_path
from pipeline.form.hub import hub_features

CONFIGS = (
    ("frames", "frames/*.parquet", CLIP_FRAMES),
    ("clips", "clips/*.parquet", CLIPS),
    ("splits", "splits.parquet", SPLITS),
)


def write_card(root: Path, header: DatasetHeader, clips: pa.Table) -> None:
    """Write `README.md` and, where somebody may be shown, `contact-sheet.jpg` under `root`.

    Frames must stand already, and the splits, if there are any.
    """
    path = splits_path(root)
    splits = SPLITS.read(path) if path.is_file() else SPLITS.empty()
    shown = write_sheet(root, header, clips)
    sections = (
        _front_matter(header, folds=len(splits) > 0),
        _opening(header, clips),
        "## Examples\n\n" + _examples(header, shown),
        "## Clips per emotion and subject\n\n" + markdown_table(tables.label_counts(clips)),
        "## How it was collected\n\n" + _collected(header, clips),
        "## People\n\n" + _people(header),
        "## Consent and use\n\n" + _consent(header),
        "## Quality\n\n" + _quality(clips),
        "## Splits\n\n" + _splits(splits, clips),
        "## Action Units\n\n" + say.action_units(header) + "\n",
        "## Known limits\n\n" + _bullets((*say.LIMITS, *say.BIASES)),
        "## How to cite\n\n" + _citation(header),
        "## How it was made\n\n" + _making(header),
        "## Left out\n\n" + _exclusions(header),
    )
    write_text(root / "README.md", "\n".join(sections))


def _front_matter(header: DatasetHeader, folds: bool) -> str:
    name = say.title(header).replace('"', "'")
    lines = ["---", f'pretty_name: "{name}"', f"license: {_hub_licence(header)}"]
    lines += ["tags:", "- micro-expressions", "- facial-action-units", "- optical-flow", "configs:"]
    # `datasets` cannot load a config without rows: one subject alone gives no folds.
    configs = [config for config in CONFIGS if folds or config[0] != "splits"]
    for name, files, _ in configs:
        lines += [f"- config_name: {name}", f"  data_files: {files}"]
        lines += ["  default: true"] if name == "frames" else []
    lines.append("dataset_info:")
    for config, _, spec in configs:
        lines += [f"- config_name: {config}", "  features:"]
        for name, feature in hub_features(spec.schema).items():
            lines += [f"  - name: {name}", *_yaml_feature(feature)]
    return "\n".join([*lines, "---", ""])


def _hub_licence(header: DatasetHeader) -> str:
    # The Hub knows identifiers only; the licence itself stands in the text.
    return "other" if header.licence or header.audience != "private" else "unknown"


def _yaml_feature(feature: dict[str, Any]) -> list[str]:
    """The lines under `- name: COLUMN`, in the spelling of `datasets`."""
    kind = feature["_type"]
    if kind == "ClassLabel":
        names = [f"          '{index}': {name}" for index, name in enumerate(feature["names"])]
        return ["    dtype:", "      class_label:", "        names:", *names]
    if kind == "Image":
        return ["    dtype: image"]
    if kind == "List":
        return [f"    list: {feature['feature']['dtype']}", f"    length: {feature['length']}"]
    return [f"    dtype: {feature['dtype']}"]


def _opening(header: DatasetHeader, clips: pa.Table) -> str:
    subjects, sources = (len(clips[name].unique()) for name in ("subject", "source"))
    kinds = Counter(column(clips, "kind"))
    of_kind = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"""# {say.title(header)}

{_count(len(clips), "clip")} ({of_kind}) of {_count(subjects, "subject")}, \
{_count(sum(column(clips, "n_frames")), "frame")}, from {_count(sources, "source")}. \
{say.permitted(header)}

```python
from datasets import load_dataset

frames = load_dataset("PATH", split="train")          # one row a frame: PIL images, named labels
clips = load_dataset("PATH", "clips", split="train")  # one row a clip: onset, apex, offset, flow
```
The split is called `train` because all rows are in it; who trains and who tests is in the
config `splits`. `codebook.tsv` has a line for every column, with its unit; `croissant.json` says
the same for programs; `sha256sum --check manifest.sha256` tells whether all files are whole.
"""


def _examples(header: DatasetHeader, shown: Sequence[str]) -> str:
    if shown:
        return (
            f"![Faces at the apex, a row a subject, a column an emotion]({SHEET})\n\n"
            f"Only people who agreed to being shown (`excerpts`): {', '.join(shown)}.\n"
        )
    if header.licence:
        return "None: what may be shown of the corpus is for its licence to say.\n"
    return "None: nobody in it has agreed to being shown (`excerpts`).\n"


def _collected(header: DatasetHeader, clips: pa.Table) -> str:
    sources = ", ".join(sorted(set(column(clips, "source"))))
    coded = sum(emotion is not None for emotion in column(clips, "coded"))
    return (
        f"{say.collected(header)}\n\n{say.annotated(header)} Source of the clips: {sources}. "
        f"Coded by people: {coded} of {len(clips)}.\n\n"
        + markdown_table(tables.evidence_counts(clips))
    )


def _people(header: DatasetHeader) -> str:
    if not header.demographics:
        return "Nothing about the people is recorded here.\n"
    return f"{RULE}\n\n" + markdown_table(tables.demographic_counts(header.demographics))


def _consent(header: DatasetHeader) -> str:
    if header.licence:
        return f"Licence: {header.licence}\n"
    rows = [["subject", "agreed to"]]
    rows += [[name, ", ".join(who.scopes or ())] for name, who in sorted(header.subjects.items())]
    return (
        f"Audience: {header.audience}. Scopes held when the dataset was built; "
        "`pipeline train` uses only subjects with `training`.\n\n"
        f"{markdown_table(tables.scope_counts(header))}\n{markdown_table(rows)}"
    )


def _quality(clips: pa.Table) -> str:
    return (
        "`rate` is `slow` or `jittery` where the recording does not carry the frame rate that the "
        "clip claims. A repeated frame shows the recorded frame before it once more.\n\n"
        f"{markdown_table(tables.quality_counts(clips))}\n{markdown_table(tables.measures(clips))}"
    )


def _splits(splits: pa.Table, clips: pa.Table) -> str:
    if not len(splits):
        return "None: one group of people cannot be split.\n"
    return (
        "No subject and no group stands on two sides of a fold. `loso` leaves one group out at a "
        "time; `kfold` tests several groups at once.\n\n"
        + markdown_table(tables.split_counts(splits, clips))
    )


def _citation(header: DatasetHeader) -> str:
    first = "Cite the corpus as its laboratory asks, and say how it was prepared:"
    own = "Cite the contents by their hash, with which a copy can be told from another:"
    return f"{first if header.licence else own}\n\n> {say.citation(header)}\n\n" + (
        f"The method: {say.METHOD}\n"
    )


def _making(header: DatasetHeader) -> str:
    rows: list[list[object]] = [["setting or software", "value"]]
    for key, value in (*header.settings.items(), *header.software.items()):
        inner = value.items() if isinstance(value, Mapping) else [(None, value)]
        rows += [[f"{key}.{name}" if name else key, each] for name, each in inner]
    return f"{say.processed(header)}\n\n" + markdown_table(rows)


def _exclusions(header: DatasetHeader) -> str:
    if not header.exclusions:
        return "Nothing.\n"
    return markdown_table(tables.exclusion_rows(header.exclusions))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _bullets(texts: Sequence[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)
