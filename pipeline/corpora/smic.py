"""SMIC-HS and its part VIS: positive, negative, surprise, without apex or AUs (Li et al. 2013).

HS/s01/micro/negative/s01_ne_01/… with the movements alone, or the long recordings
SMIC_HS_E/s20/s20_ne_01/image17581039.jpg. A row of the sheet may hold a second and third movement.
"""

from dataclasses import replace

from pipeline.corpora.corpus import Corpus, marks_without_apex
from pipeline.corpora.labels import VALENCE


def _layouts(part: str) -> tuple[str, ...]:
    return (
        part + "/{subject}/micro/{emotion}/{filename}",
        part + "/{subject}/{filename}",
        f"SMIC_{part}_E/{{subject}}/{{filename}}",
        f"SMIC-{part}-E/{{subject}}/{{filename}}",
    )


SMIC_HS = Corpus(
    name="smic-hs",
    title="SMIC-HS",
    fps=100,
    workbooks=(r"SMIC-HS-E_annotation\.xlsx", r"SMIC-HS-E_annotation.*\.xlsx"),
    sheet="HS",
    columns={
        "subject": "Subject",
        "filename": "Filename",
        "onset": "OnsetF",
        "offset": "OffsetF",
        "onset2": "Onset2F",
        "offset2": "Offset2F",
        "onset3": "Onset3F",
        "offset3": "Offset3F",
        "emotion": "Emotion",
    },
    optional=frozenset({"onset2", "offset2", "onset3", "offset3"}),
    layouts=_layouts("HS"),
    licence="SMIC is lent to laboratories by the University of Oulu for research, under an "
    "agreement that each one signs. This dataset falls under the same agreement. "
    "Cite: Li et al. 2013, doi:10.1109/FG.2013.6553717.",
    subject_form="s{:02d}",
    seven={},
    three=VALENCE,
    people="smic",
    sheet_by_name=True,
    has_apex=False,
    movements=marks_without_apex(("onset", "offset"), ("onset2", "offset2"), ("onset3", "offset3")),
)

SMIC_VIS = replace(
    SMIC_HS,
    name="smic-vis",
    title="SMIC-VIS",
    fps=25,
    workbooks=(r"SMIC-HS-E_annotation\.xlsx", r"SMIC-(HS|VIS)-E_annotation.*\.xlsx"),
    sheet="VIS",
    layouts=_layouts("VIS"),
)
