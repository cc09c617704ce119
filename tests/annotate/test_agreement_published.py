"""The worked examples of the papers that defined the figures, to the digits they print."""

import numpy as np
import pytest

from annotate.agreement.alpha import alpha
from annotate.agreement.icc import icc
from annotate.agreement.kappa import cohen_kappa, cohen_kappas, counts, fleiss, fleiss_kappa
from annotate.agreement.resample import value

# Cohen 1960: 200 patients, two judges, three diagnoses.
COHEN = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
# Fleiss 1971: 30 patients, six psychiatrists each, counts of five diagnoses.
FLEISS = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
# Krippendorff 2011: four observers (rows) of twelve units; dots are missing.
KRIPPENDORFF = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
# Shrout & Fleiss 1979: six targets (rows) by four judges.
SHROUT = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def fleiss_counts():
    return np.array([[int(digit) for digit in row] for row in FLEISS.split()])


def test_cohen_1960():
    assert f"{cohen_kappa(COHEN):.3f}" == "0.492"
    assert f"{cohen_kappas(COHEN[None].astype(float))[0]:.3f}" == "0.492"


def test_fleiss_1971():
    counted = fleiss_counts()
    assert counted.sum(axis=0).tolist() == [26, 26, 30, 55, 43]  # as the paper's table adds up
    assert (counted.sum(axis=1) == 6).all()
    assert f"{fleiss_kappa(counted):.3f}" == "0.430"
    assert f"{value(fleiss(counted.astype(float), 6), 30):.3f}" == "0.430"


def test_fleiss_counts_come_from_what_each_coder_chose():
    chosen = np.array([np.repeat(np.arange(5), row) for row in fleiss_counts()])
    assert (counts(chosen, 5) == fleiss_counts()).all()


@pytest.mark.parametrize(
    ("level", "printed"),
    [("nominal", "0.743"), ("ordinal", "0.815"), ("interval", "0.849"), ("ratio", "0.797")],
)
def test_krippendorff_2011(level, printed):
    values = [[np.nan if v == "." else float(v) for v in row] for row in KRIPPENDORFF]
    assert f"{alpha(np.transpose(values), level):.3f}" == printed


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("1,1", "0.17"),
        ("2,1", "0.29"),
        ("3,1", "0.71"),
        ("1,k", "0.44"),
        ("2,k", "0.62"),
        ("3,k", "0.91"),
    ],
)
def test_shrout_and_fleiss_1979(form, printed):
    assert f"{icc(SHROUT, form):.2f}" == printed
