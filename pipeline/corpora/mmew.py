"""MMEW: 300 clips at 90 fps (Ben et al. 2022).

EMOTION/CLIP/12.jpg. Sixteen rows of the sheet have an apex or offset that cannot be.
"""

from pipeline.corpora.corpus import CASME_COLUMNS, Corpus

MMEW = Corpus(
    name="mmew",
    title="MMEW",
    fps=90,
    workbooks=(r"MMEW_Micro_Exp\.xlsx", r"MMEW_Micro_Exp.*\.xlsx"),
    sheet="Sheet1",
    columns=CASME_COLUMNS,
    layouts=("{emotion}/{filename}",),
    licence="MMEW is lent to laboratories by Shandong University for research, under an agreement "
    "that each one signs. This dataset falls under the same agreement. "
    "Cite: Ben et al. 2022, doi:10.1109/TPAMI.2021.3067464.",
    subject_form="S{:02d}",
    published_rows=300,
)
