"""CAS(ME)3 part A: 860 movements at 30 fps (Li et al. 2023).

spNO.1/b/color/166.jpg, a recording a folder with several movements in it; or the clips alone,
frame/spNO.1_b_155/155.jpg. Case of folders and names varies, and some offsets lie before the onset.
"""

from pipeline.corpora.corpus import Corpus

CASME3 = Corpus(
    name="cas-me-3",
    title="CAS(ME)3 part A",
    fps=30,
    workbooks=(
        r"cas\(me\)3_part_A_ME_label_JpgIndex_v2\.xlsx",
        r"cas\(me\)3_part_A_ME_label_JpgIndex.*\.xlsx",
    ),
    sheet="label",
    columns={
        "subject": "Subject",
        "filename": "Filename",
        "onset": "Onset",
        "apex": "Apex",
        "offset": "Offset",
        "aus": "AU",
        "emotion": "emotion",
    },
    layouts=("{subject}/{filename}/color", "frame/{subject}_{filename}_{onset}"),
    licence="CAS(ME)3 is lent to laboratories by the Institute of Psychology, Chinese Academy of "
    "Sciences, for research, under an agreement that each one signs. This dataset falls under the "
    "same agreement. Cite: Li et al. 2023, doi:10.1109/TPAMI.2022.3174895.",
    published_rows=860,
)
