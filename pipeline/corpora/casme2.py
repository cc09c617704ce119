"""CASME II: 255 clips of 26 people at 200 fps (Yan et al. 2014).

CASME2_RAW_selected/sub01/EP02_01f/img46.jpg, or the cropped set Cropped/…/reg_img46.jpg; frame
numbers without zeros. One apex is "/". MEGC2019 leaves two clips out, and has no use for fear and
sadness.
"""

from pipeline.corpora.corpus import CASME_COLUMNS, Corpus

CASME2 = Corpus(
    name="casme2",
    title="CASME II",
    fps=200,
    workbooks=(r"CASME2-coding-20140508\.xlsx", r"CASME2-coding.*\.xlsx"),
    sheet="Sheet1",
    columns=CASME_COLUMNS,
    layouts=("{subject}/{filename}",),
    licence="CASME II is lent to laboratories by the Institute of Psychology, Chinese Academy of "
    "Sciences, for research, under an agreement that each one signs. This dataset falls under the "
    "same agreement. Cite: Yan et al. 2014, doi:10.1371/journal.pone.0086041.",
    subject_form="sub{:02d}",
    three={
        "happiness": "positive",
        "disgust": "negative",
        "repression": "negative",
        "surprise": "surprise",
    },
    not_in_three=frozenset({("sub04", "EP12_01f"), ("sub05", "EP09_05f")}),
    published_rows=255,
)
