"""The corpora by the names people give them. A new one is its file and its line here."""

from mexlab.errors import InputError
from pipeline.corpora.casme2 import CASME2
from pipeline.corpora.casme3 import CASME3
from pipeline.corpora.casme_sq import CASME_SQ
from pipeline.corpora.corpus import Corpus
from pipeline.corpora.fourdme import FOURDME
from pipeline.corpora.mmew import MMEW
from pipeline.corpora.samm import SAMM
from pipeline.corpora.smic import SMIC_HS, SMIC_VIS

# `casme2` is what everybody calls CASME II, so CAS(ME)2 needs its brackets or hyphens.
CORPORA: tuple[tuple[Corpus, tuple[str, ...]], ...] = (
    (CASME2, ("casme2", "casme-ii", "casmeii")),
    (SAMM, ("samm",)),
    (SMIC_HS, ("smic-hs", "smic", "smic-hs-e")),
    (SMIC_VIS, ("smic-vis", "smic-vis-e")),
    (CASME_SQ, ("cas-me-2", "cas(me)2", "cas(me)^2", "casme-sq", "casmesq")),
    (CASME3, ("cas-me-3", "cas(me)3", "cas(me)^3", "casme3", "cas(me)3-a", "casme3a")),
    (MMEW, ("mmew",)),
    (FOURDME, ("4dme", "4d-me")),
)
NAMES = tuple(names[0] for _, names in CORPORA)


def corpus_of(name: str) -> Corpus:
    """The corpus of that name, in any case. Raises InputError listing the names."""
    wanted = "-".join(name.casefold().replace("_", " ").split())
    for corpus, names in CORPORA:
        if wanted in names:
            return corpus
    raise InputError(f"no corpus {name!r}", "CORPUS", f"use one of: {', '.join(NAMES)}")
