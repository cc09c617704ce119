"""What a dataset says about itself in words: the card and croissant.json take them from here.

Texts that depend on the dataset are functions of its header; nothing here counts anything.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.form.header import DatasetHeader

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

LIMITS = (
    "Labels are what `label_source` says; a face that shows an emotion does not prove that it was "
    "felt.",
    "Clips of one subject resemble each other. Split by `group`, as `splits` does, never by frame: "
    "a frame-level split measures how well a model remembers faces.",
    "`image` is a face crop made with one transform a clip; head movement inside a clip stays in "
    "it.",
    "Frames are the recorded frames nearest in time to an even grid; `step_ms` and "
    "`source_error_ms` say how far each one is off. A camera below the grid's rate repeats frames.",
    "`flow` (28 x 28, u then v; u +right, v +down) is in percent of the inter-ocular distance per "
    "50 ms; `apex_flow` is the displacement from onset to apex, not divided by time.",
)
BIASES = (
    "Emotions are unequally frequent, as the counts per emotion and subject show; accuracy alone "
    "flatters a model that prefers the frequent ones.",
    "The people are those whom one laboratory reached: what is measured on them need not hold for "
    "other ages, skin tones, faces with glasses or beards, or cultures.",
    "Expressions were elicited with films in front of a camera; people who know that they are "
    "filmed may hold back.",
    "Only movements that the analysis found, or coders marked, became clips; weaker ones are "
    "missing.",
)
USES = (
    "Research on spotting and recognising micro-expressions, evaluated on people whom the model "
    "has not seen.",
    "Not for judging single persons: not in hiring, policing, teaching or border control, and not "
    "as evidence of lying.",
)
IMPACT = (
    "Reading faces invites surveillance and false certainty about what somebody feels. The consent "
    "of each participant bounds the use, and the known limits stand beside the data."
)
SENSITIVE = (
    "Faces: the pictures are biometric data from which a person can be recognised.",
    "Emotions that people reported or that were read from their faces.",
    "Subjects stand under pseudonyms; demographics appear as counts with small cells withheld.",
)
MAINTENANCE = (
    "Who withdraws is taken out of the next version; the content hash tells versions apart, and "
    "pipeline diff says what changed."
)
METHOD = (
    "Romero-Herrera et al., Micro-Expression Recognition Using Transformers Neural Networks, 2025, "
    "https://doi.org/10.20944/preprints202510.2352.v1"
)


def title(header: DatasetHeader) -> str:
    """The corpus's or the study's name, if it has one."""
    name = header.settings.get("corpus") or header.settings.get("title")
    return f"Micro-expression clips: {name}" if name else "Micro-expression clips"


def collected(header: DatasetHeader) -> str:
    """How the recordings came about."""
    if header.licence:
        return IMPORTED
    ethics = header.settings.get("ethics_id")
    return ELICITED + (f" Ethics approval: {ethics}." if ethics else "")


def permitted(header: DatasetHeader) -> str:
    """Who may have the dataset, in a sentence."""
    return BOUND if header.licence else AUDIENCES[header.audience]


def action_units(header: DatasetHeader) -> str:
    """Where the `aus` column comes from, and what it is not."""
    if header.licence:
        return "The `aus` columns are empty: the AUs that coders gave stand in `annotations.csv`."
    analyzer = header.settings.get("analyzer", "not recorded")
    if header.settings.get("analyzer_kind") == "proxy":
        return (
            f"The `aus` columns are **proxies**: `{analyzer}` maps blendshapes and landmark "
            "geometry to AU names. They are not FACS codes and must not be reported as such."
        )
    return f"The `aus` columns are the output of `{analyzer}`; no certified coder made them."


def annotated(header: DatasetHeader) -> str:
    """Who said what a clip shows, and which of them the label follows."""
    if header.licence:
        return "Onset, apex, offset and emotion were coded by the corpus's coders."
    labels: Mapping[str, Any] = header.settings.get("labels") or {}
    policy = labels.get("policy", "not recorded")
    return (
        "Four things are kept apart: what the film was meant to elicit (`target`), what the "
        "participant reported (`reported`), what an analyzer saw (`expressed`), what people coded "
        f"(`coded`). `label` follows the policy `{policy}`; `label_source` says which it came from."
    )


def processed(header: DatasetHeader) -> str:
    """How recordings became rows."""
    settings = header.settings
    fps, size = settings.get("fps"), settings.get("size")
    rate = f"{fps:g} frames a second" if isinstance(fps, int | float) else "the recording's rate"
    texts = [
        f"Frames picked by capture time at {rate}; faces cropped to {size or 'a fixed number of'} "
        "pixels a side by one similarity transform a clip; optical flow "
        f"({settings.get('flow', 'method not recorded')}) reduced to 28 x 28 cells."
    ]
    if settings.get("denoise", "off") != "off":
        texts.append(f"Pictures denoised ({settings['denoise']}).")
    if settings.get("illumination", "off") != "off":
        texts.append(f"Illumination normalised ({settings['illumination']}).")
    if settings.get("remove_head_motion"):
        texts.append("The head's own motion taken from the flow.")
    return " ".join(texts)


def citation(header: DatasetHeader) -> str:
    """How to name this very dataset."""
    version = header.software.get("mexlab", "")
    made = f"made with mexlab {version}".strip()
    contents = f", content hash {header.content_hash}" if header.content_hash else ""
    return f"{title(header)}{contents}, {made}."


def consented(header: DatasetHeader) -> str:
    """What the people agreed to."""
    if header.licence:
        return f"The people agreed with the corpus's laboratory; its licence: {header.licence}"
    return (
        "Each person decided about each use apart (recorded, analysed, shared, excerpts, "
        "published, training); README.md counts them, and what was not granted was left out."
    )


def plain(text: str) -> str:
    """The text without Markdown's emphasis and code marks."""
    return text.replace("**", "").replace("`", "")
