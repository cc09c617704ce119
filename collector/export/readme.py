"""The README of an export: what lies there, who is in it, how every text comes back as it was."""

from datetime import UTC, datetime

from collector.export.gathering import Gathered
from mexlab import __version__
from mexlab.consent import AUDIENCES
from mexlab.spreadsheet_safe import LONG

_TEXT = """\
{title}

Participants and self-reports of a study of facial micro-expressions, written by mexlab {version}
(collector export) on {day}. The faces are not in here.

WHO IS IN IT

Audience: {audience}. Consent asked for: {scopes}.
Of {known} participants, those {people} who gave it and have not withdrawn are in here. Consent can
be withdrawn at any time. Whoever holds a copy has to delete what belongs to a participant who
withdraws; a new export leaves that person out. Do not pass the copy on to others than the audience
it was made for, and do not try to find out who anybody is.

WHAT IS IN IT

participants.csv      a row a participant
self-reports.csv      a row an answer, in the order seen and asked. kind tells an empty text (text)
                      from a question that was passed over, or answered with "I don't know" (none);
                      a question that was never reached has no row
second-reports.csv    the same about moments of the own face, where there are any
codebook.csv          every column and every question, in Spanish and English, and below each its
                      values; expected is the answer that passes an attention check
participants.tsv      the participants as BIDS has them; participants.json describes the columns
phenotype/            a table a form and version of its questions, a row a participant, with columns
                      such as scene1_emotion; the .json beside it describes them
sub-*/beh/            the self-report again, a row a scene in the order seen

Scenes bear the numbers they have in the study's other tables; position is the order seen, and
scene 0 (sitting_ in phenotype/) is the sitting as a whole. Of several sessions the latest with a
report speaks. Times ending in _ns are nanoseconds; decimals have a point. The CSV files are UTF-8
with a byte-order mark and CR LF line ends, the TSV files UTF-8 without and LF.

HOW TO READ THE TEXTS

So that no spreadsheet takes for a formula what a participant wrote, an apostrophe stands before
= + - @ tab and CR, and before full-width and small forms of them, wherever a cell might begin: at
the beginning of a text and after , ; | tab and line ends, blanks and quotes in between not counted;
and everywhere from character {long} on. Where the text itself had apostrophes there, it has one
more. Numbers are never changed.

In TSV cells \\t \\n \\r \\" and \\\\ stand for tab, line feed, carriage return, quote and
backslash, \\e for an empty text, n\\/a for a text that reads n/a; n/a alone is a missing value. The
apostrophes come on top: take them away first.

With mexlab installed:

    from mexlab.spreadsheet_safe import unescaped, unguarded
    unguarded(cell)             # a cell of a CSV file
    unescaped(unguarded(cell))  # a cell of a TSV file

With pandas read TSV files so: read_csv(path, sep="\\t", na_values=["n/a"], keep_default_na=False).
"""


def readme(gathered: Gathered) -> str:
    """The text, with what this export holds filled in."""
    study = gathered.study
    return _TEXT.format(
        title=study.settings.title or study.root.resolve().name,
        version=__version__,
        day=datetime.now(UTC).date(),
        audience=gathered.audience,
        scopes=", ".join(AUDIENCES[gathered.audience]),
        people=len(gathered.subjects),
        known=len(study.participants()),
        long=LONG,
    )
