"""4DME, its grey frontal films: 267 movements at 60 fps (Li et al. 2022).

gray_micro/SUB/CLIP/…; classes positive, negative, surprise, repression, others and mixtures of
them; "(k)" behind an Action Unit marks a doubtful one.
"""

from pipeline.corpora.corpus import Corpus
from pipeline.corpora.labels import VALENCE

FOURDME = Corpus(
    name="4dme",
    title="4DME",
    fps=60,
    workbooks=(r"4DME_Labelling_Micro_release v1\.xlsx", r"4DME_Labelling_Micro.*\.xlsx"),
    sheet="Sheet1",
    columns={
        "subject": "sub_ID",
        "filename": "fold_name",
        "emotion": "Emotion",
        "onset": "Onset",
        "apex": "Apex",
        "offset": "Offset",
        "aus": "AUs",
    },
    layouts=(
        "gray_micro/{subject}/{filename}",
        "gray_micro_crop/{subject}/{filename}",
        "{subject}/{filename}",
    ),
    licence="4DME is lent to laboratories by the University of Oulu for research, under an "
    "agreement that each one signs. This dataset falls under the same agreement. "
    "Cite: Li et al. 2022, doi:10.1109/TAFFC.2022.3182342.",
    seven={},
    three=VALENCE,
    published_rows=267,
    modality="grey",
)
