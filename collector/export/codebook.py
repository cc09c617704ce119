"""What the columns and answers of an export mean: text, values, units, in both languages.

Pure: describes the fixed columns of the CSV files, and every answer that an instrument can give.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from collector.form.instrument import EMOTION, INTENSITY, Instrument, Question
from collector.form.kinds import KINDS, MARKED, SAM, TYPED, UNKNOWN
from mexlab.emotions import EMOTIONS
from mexlab.spreadsheet_safe import Cell
from mexlab.web.language import EMOTION_WORDS, NAMES

Labels = Mapping[str, tuple[str, str]]  # by value: in Spanish and in English
CODEBOOK_HEADER = (
    *("file", "instrument", "version", "name", "of", "kind", "es", "en"),
    *("value", "value_es", "value_en", "units", "expected"),
)


@dataclass(frozen=True)
class Variable:
    """A column, or an answer by its name in the report; `kind` is choice, number or text.

    `expected` is the value that passes an attention check.
    """

    name: str
    kind: str
    es: str
    en: str
    levels: Labels = field(default_factory=dict)
    units: str = ""
    expected: str = ""


YES_NO = {"yes": ("sí", "yes"), "no": ("no", "no")}
TARGETS = {emotion: EMOTION_WORDS[emotion] for emotion in EMOTIONS}
SCOPE_LABELS = {
    "recorded": ("ser grabado/a", "being recorded"),
    "analysed": ("que se analice la grabación", "the recording being analysed"),
    "shared": ("que se comparta con investigadores", "its being shared with researchers"),
    "excerpts": ("que se muestren fragmentos", "excerpts being shown in talks and papers"),
    "published": ("que se publique", "its being published"),
    "training": ("que sirva para entrenar modelos", "its being used to train models"),
}
_GENDERS = {
    "woman": ("mujer", "woman"),
    "man": ("hombre", "man"),
    "other": ("otro", "other"),
    "undisclosed": ("prefiere no decirlo", "prefers not to say"),
}
_REPORTED = {
    "yes": ("sí, completo", "yes, to its end"),
    "part": ("en parte", "in part"),
    "no": ("no", "no"),
}
_KINDS = {
    "text": ("texto", "text"),
    "number": ("número", "number"),
    "none": ("pregunta omitida o «no lo sé»", "passed over, or not known"),
}
_HOW = {
    MARKED: ("marcado en la escena", "marked in the scene"),
    TYPED: ("escrito como mm:ss", "typed as mm:ss"),
    UNKNOWN: ("no lo sabe", "not known"),
}
_LANGUAGES = {key: (name, name) for key, name in NAMES.items()}
_SESSION = Variable("session", "text", "Sesión", "Session")
_PARTICIPANT = Variable("participant", "text", "Seudónimo", "Pseudonym")
_COMPILATION = Variable("compilation", "number", "Número de la película", "Film compilation number")
ATTENTION = Variable(
    "attention_passed",
    "choice",
    "Respondió como se pedía a las preguntas de atención que le salieron",
    "Answered every attention check that came up as asked",
    YES_NO,
)
PARTICIPANTS = (
    _PARTICIPANT,
    Variable("language", "choice", "Idioma de los formularios", "Language of forms", _LANGUAGES),
    Variable("gender", "choice", "Género", "Gender", _GENDERS),
    Variable("age_band", "text", "Grupo de edad, en años", "Age band, in years"),
    Variable("glasses", "choice", "Lleva gafas en la grabación", "Wears glasses", YES_NO),
    Variable("beard", "choice", "Lleva barba", "Wears a beard", YES_NO),
    Variable("simulated", "choice", "Participante simulado", "Simulated participant", YES_NO),
    *(
        Variable(f"consent_{scope}", "choice", f"Consiente {es}", f"Consents to {en}", YES_NO)
        for scope, (es, en) in SCOPE_LABELS.items()
    ),
    Variable("sessions", "text", "Sesiones que cuentan", "Sessions that count, space between"),
    _COMPILATION,
    Variable("reported", "choice", "Hay autoinforme", "There is a self-report", _REPORTED),
    ATTENTION,
)
SELF_REPORTS = (
    _PARTICIPANT,
    _SESSION,
    _COMPILATION,
    Variable("scene", "number", "Número de escena; 0: toda la sesión", "Scene number; 0: all"),
    Variable("position", "number", "Lugar en el orden visto", "Place of the scene in order seen"),
    Variable("target", "choice", "Emoción de la escena", "Emotion the scene is for", TARGETS),
    Variable("question", "text", "Pregunta", "Question"),
    Variable("value", "text", "Respuesta; vacía si no la hay", "Answer; empty for none"),
    Variable("kind", "choice", "Tipo de respuesta", "Kind of answer", _KINDS),
    Variable("answered_at", "text", "Momento de la respuesta (ISO 8601)", "When (ISO 8601)"),
    Variable("instrument", "text", "Cuestionario", "Instrument"),
    Variable("version", "text", "Su versión", "Its version"),
    Variable("language", "choice", "Idioma en que se respondió", "Language", _LANGUAGES),
)
INTERVAL = (
    Variable("interval", "text", "Intervalo de la cara propia", "Interval of the own face"),
    Variable("interval_start_ns", "number", "Su comienzo en la grabación", "Its start", units="ns"),
    Variable("interval_end_ns", "number", "Su final, excluido", "Its end, excluded", units="ns"),
)
# How cells are written (`mexlab.spreadsheet_safe`).
NOTES = {
    "*.csv": Variable(
        "*",
        "text",
        "Un apóstrofo delante de = + - @ donde podría empezar una celda evita que el texto se "
        "ejecute como fórmula; quite uno para recuperar el texto. Véase README",
        "An apostrophe before = + - @ where a cell might begin keeps a text from running as a "
        "formula; take one away to have the text back. See README",
    ),
    "*.tsv": Variable(
        "*",
        "text",
        'Como en CSV; además \\t \\n \\r \\" \\\\ son tabulador, fines de línea, comillas y barra; '
        "\\e es un texto vacío; n/a, un valor que falta",
        'As in CSV; besides, \\t \\n \\r \\" \\\\ are tab, line ends, quote and backslash; '
        "\\e is an empty text; n/a a missing value",
    ),
}
# Answers that later stages read whatever the instrument; reports from elsewhere have these.
FIXED = {
    EMOTION: Variable(
        EMOTION,
        "choice",
        "La emoción más fuerte",
        "The strongest emotion",
        EMOTION_WORDS,
    ),
    INTENSITY: Variable(
        INTENSITY,
        "number",
        "Intensidad de la emoción más fuerte",
        "Intensity of the strongest emotion",
        units="points, 0 to 8",
    ),
    "moment_ns": Variable(
        "moment_ns",
        "number",
        "Momento más fuerte, en nanosegundos desde el comienzo de la escena",
        "Strongest moment, in nanoseconds from the start of the scene",
        units="ns",
    ),
}


def variables(instrument: Instrument) -> dict[str, Variable]:
    """Every answer that the instrument can give, by name, in the order asked."""
    found = {
        name: _BY_KIND.get(question.kind, _plain)(name, question)
        for _, question in instrument.questions()
        for name in KINDS[question.kind].answers(question)
    }
    rated = [name for name in found if name.startswith(f"{INTENSITY}_")]
    if rated and EMOTION in found and INTENSITY not in found:  # the form adds it
        found[INTENSITY] = replace(FIXED[INTENSITY], units=found[rated[0]].units)
    return found


def undescribed(name: str) -> Variable:
    """An answer whose instrument is not in the study: what is known of it."""
    nothing = ("Sin descripción: falta el cuestionario", "No description: no instrument on file")
    return FIXED.get(name) or Variable(name, "text", *nothing)


def codebook_rows(
    file: str, of: str, found: Iterable[Variable], instrument: str = "", version: str = ""
) -> Iterator[list[Cell]]:
    """A row a variable, and below it one for each of its values."""
    for v in found:
        head: list[Cell] = [file, instrument, version, v.name, of, v.kind]
        yield [*head, v.es, v.en, None, None, None, v.units or None, v.expected or None]
        for value, labels in v.levels.items():
            yield [*head, None, None, value, *labels, None, None]


def _plain(name: str, question: Question) -> Variable:
    return Variable(name, "text", question.es, question.en)


def _choice(name: str, question: Question) -> Variable:
    if name != question.id:
        return Variable(name, "text", f"{question.es} (en palabras)", f"{question.en} (in words)")
    levels = {option.value: (option.es, option.en) for option in question.options}
    expected = question.expected
    return Variable(name, "choice", question.es, question.en, levels, expected=expected)


def _scale(name: str, question: Question) -> Variable:
    return _points(name, question, question.low, question.high)


def _sam(name: str, question: Question) -> Variable:
    return _points(name, question, *SAM)


def _scales(name: str, question: Question) -> Variable:
    one = _scale(name, question)
    option = next(o for o in question.options if name == f"{question.id}_{o.value}")
    return replace(one, es=f"{one.es} {option.es}", en=f"{one.en} {option.en}", expected="")


def _points(name: str, question: Question, low: int, high: int) -> Variable:
    levels = {str(n): (str(n), str(n)) for n in range(low, high + 1)}
    if question.low_es:
        levels[str(low)] = (question.low_es, question.low_en)
    if question.high_es:
        levels[str(high)] = (question.high_es, question.high_en)
    units = f"points, {low} to {high}"
    texts = (question.es, question.en)
    return Variable(name, "number", *texts, levels, units, question.expected)


def _moment(name: str, question: Question) -> Variable:
    if name != f"{question.id}_ns":
        return Variable(name, "choice", f"{question.es} (cómo)", f"{question.en} (how)", _HOW)
    es = f"{question.es} (nanosegundos desde el comienzo de la escena)"
    en = f"{question.en} (nanoseconds from the start of the scene)"
    return Variable(name, "number", es, en, units="ns")


_BY_KIND: dict[str, Callable[[str, Question], Variable]] = {
    "choice": _choice,
    "scale": _scale,
    "scales": _scales,
    "valence": _sam,
    "arousal": _sam,
    "moment": _moment,
}
