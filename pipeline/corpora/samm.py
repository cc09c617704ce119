"""SAMM: 159 clips of 29 people at 200 fps, in grey (Davison et al. 2018).

006/006_1_2/006_05562.jpg. The header of the sheet MICRO_ONLY stands in row 14, subjects lose their
zeros in it, and some cells of Action Units say "or".
"""

from pipeline.corpora.corpus import Corpus
from pipeline.corpora.labels import THREE

SAMM = Corpus(
    name="samm",
    title="SAMM",
    fps=200,
    workbooks=(r"SAMM_Micro_FACS_Codes_v2\.xlsx", r"SAMM.*Micro_FACS_Codes.*\.xlsx"),
    sheet="MICRO_ONLY",
    columns={
        "subject": "Subject",
        "filename": "Filename",
        "onset": "Onset Frame",
        "apex": "Apex Frame",
        "offset": "Offset Frame",
        "aus": "Action Units",
        "emotion": "Estimated Emotion",
    },
    layouts=("{subject}/{filename}",),
    licence="SAMM is lent to laboratories by Manchester Metropolitan University for research, "
    "under an agreement that each one signs. This dataset falls under the same agreement. "
    "Cite: Davison et al. 2018, doi:10.1109/TAFFC.2016.2573832.",
    subject_form="{:03d}",
    three={**THREE, "contempt": "negative"},
    published_rows=159,
    modality="grey",
)
