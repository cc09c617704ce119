"""The dataset card: README.md of a dataset, for people and for the Hub at once.

Its YAML names the configs `frames` (default), `clips` and `splits` with their features, so that
`datasets.load_dataset(FOLDER, "clips")` works with no loading code. Its text says what the data
are, who may use them, how they came about, and what they cannot show.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from mexlab.atomic import write_text
from mexlab.emotions import EMOTIONS
from mexlab.study import Exclusion
from mexlab.tables import CLIP_FRAMES, CLIPS, SPLITS
from pipeline.dataset import DatasetHeader, column, hub_features

CONFIGS = (
    ("frames", "frames/*.parquet", CLIP_FRAMES),
    ("clips", "clips/*.parquet", CLIPS),
    ("splits", "splits.parquet", SPLITS),
)

AUDIENCES = {
    "private": "It is **private**: for the laboratory that recorded it, not to be passed on.",
    "research": "It may be shared with **researchers**: every subject in it agreed to that.",
    "public": "It may be **published**: every subject in it agreed to that.",
}

BOUND = "It is an imported corpus, **bound by the licence below**: not to be passed on."

ELICITED = (
    "Participants watched films chosen to elicit one emotion a scene while a camera recorded "
    "their faces; intervals around the strongest movement of each scene became clips."
)
IMPORTED = (
    "Clips, moments and emotions are those of the corpus's coders; the pictures were cropped and "
    "resampled here. `annotations.csv` has every row of its sheet in its own words, and what "
    "became of it; `source_frame` is the corpus's own frame number. Where the corpus codes no "
    "apex, it is the frame of largest motion from the onset."
)

LIMITS = """\
- Labels are what `label_source` says; a face that shows an emotion does not prove that it was felt.
- Clips of one subject resemble each other. Split by `group`, as `splits` does, never by frame:
  a frame-level split measures how well a model remembers faces.
- `image` is a face crop made with one transform a clip; head movement inside a clip stays in it.
- Frames are the recorded frames nearest in time to an even grid; `step_ms` and `source_error_ms`
  say how far each one is off. A camera below the grid's rate repeats frames.
- `flow` (28 x 28, u then v; u +right, v +down) is in percent of the inter-ocular distance per
  50 ms; `apex_flow` is the displacement from onset to apex, not divided by time.
"""


def write_card(root: Path, header: DatasetHeader, clips: pa.Table) -> None:
    """Write `README.md` under `root` from the header and the clips of all subjects."""
    sections = (
        _front_matter(header),
        _opening(header, clips),
        "## Clips per emotion and subject\n\n" + _label_counts(clips),
        "## How it was made\n\n" + _making(header, clips),
        "## Consent and use\n\n" + _consent(header),
        "## Action Units\n\n" + _action_units(header),
        "## Known limits\n\n" + LIMITS,
        "## Left out\n\n" + _exclusions(header),
    )
    write_text(root / "README.md", "\n".join(sections))


def _front_matter(header: DatasetHeader) -> str:
    lines = ["---", "pretty_name: Micro-expression clips", f"license: {_hub_licence(header)}"]
    lines += ["tags:", "- micro-expressions", "- facial-action-units", "- optical-flow", "configs:"]
    # `datasets` cannot load a config without rows: one subject alone gives no folds.
    folds = len({subject.group for subject in header.subjects.values()}) > 1
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
    return f"""# Micro-expression clips

{len(clips)} clips ({of_kind}) of {subjects} subjects, {sum(column(clips, "n_frames"))} frames, \
from {sources} {"source" if sources == 1 else "sources"}. \
{BOUND if header.licence else AUDIENCES[header.audience]}

```python
from datasets import load_dataset

frames = load_dataset("PATH", split="train")          # one row a frame: PIL images, named labels
clips = load_dataset("PATH", "clips", split="train")  # one row a clip: onset, apex, offset, flow
```
The split is called `train` because all rows are in it; who trains and who tests is in the
config `splits`.
"""


def _label_counts(clips: pa.Table) -> str:
    labels = column(clips, "label")
    counts = Counter(zip(column(clips, "subject"), labels, strict=True))
    columns: list[int | None] = [*range(len(EMOTIONS))]
    # Sets that know three classes only have clips without one of the seven.
    columns += [None] if None in labels else []
    names = [*EMOTIONS, "no label"][: len(columns)]
    rows = [["subject", *names, "all"]]
    for subject in sorted(set(column(clips, "subject"))):
        row = [counts[subject, label] for label in columns]
        rows.append([subject, *map(str, row), str(sum(row))])
    totals = Counter(labels)
    rows.append(["**all**", *(str(totals[label]) for label in columns), str(len(labels))])
    return _markdown_table(rows)


def _making(header: DatasetHeader, clips: pa.Table) -> str:
    sources = ", ".join(sorted(set(column(clips, "source"))))
    chosen = Counter(source or "none" for source in column(clips, "label_source"))
    by_source = ", ".join(f"{count} from {name}" for name, count in sorted(chosen.items()))
    coded = sum(emotion is not None for emotion in column(clips, "coded"))
    settings = [[key, _cell(value)] for key, value in header.settings.items()]
    software = [[key, value] for key, value in header.software.items()]
    return (
        f"{IMPORTED if header.licence else ELICITED}\n"
        f"Source of the clips: {sources}. Source of the labels: {by_source}. "
        f"Coded by people: {coded} of {len(clips)}.\n\n"
        + _markdown_table([["setting or software", "value"], *settings, *software])
    )


def _consent(header: DatasetHeader) -> str:
    if header.licence:
        return f"Licence: {header.licence}\n"
    rows = [["subject", "agreed to"]]
    rows += [[name, ", ".join(who.scopes or ())] for name, who in sorted(header.subjects.items())]
    return (
        f"Audience: {header.audience}. Scopes held when the dataset was built; "
        "`pipeline train` uses only subjects with `training`.\n\n" + _markdown_table(rows)
    )


def _action_units(header: DatasetHeader) -> str:
    if header.licence:
        return "The `aus` columns are empty: the AUs that coders gave stand in `annotations.csv`.\n"
    analyzer = header.settings.get("analyzer", "not recorded")
    if header.settings.get("analyzer_kind") == "proxy":
        return (
            f"The `aus` columns are **proxies**: `{analyzer}` maps blendshapes and landmark "
            "geometry to AU names. They are not FACS codes and must not be reported as such.\n"
        )
    return f"The `aus` columns are the output of `{analyzer}`; no certified coder made them.\n"


def _exclusions(header: DatasetHeader) -> str:
    if not header.exclusions:
        return "Nothing.\n"
    rows = [["subject", "session", "scene", "reason"]]
    return _markdown_table(rows + [_exclusion_row(entry) for entry in header.exclusions])


def _exclusion_row(entry: Exclusion) -> list[str]:
    return [entry.subject, *map(_cell, (entry.session, entry.scene)), entry.reason]


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _markdown_table(rows: list[list[str]]) -> str:
    """GitHub's pipe table; the first row is the head."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    head, *body = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body]) + "\n"
