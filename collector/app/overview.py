"""Overview: the numbers of a methods section, as sentences, tables and CSV. Writes nothing."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from collector.app.demographics import label
from collector.counts import (
    STEPS,
    Checks,
    Felt,
    attention,
    by,
    compilations,
    completion,
    counted,
    felt,
    genders,
)
from collector.form.instrument import REPORTABLE
from collector.roster import Standing, real, roster
from mexlab.emotions import EMOTIONS
from mexlab.participants import AGE_BANDS
from mexlab.spreadsheet_safe import csv_text
from mexlab.study import Study
from mexlab.web.language import EMOTION_WORDS, Speaker, Words
from stimuli.schedule import COMPILATIONS

Row = Sequence[str | int | float | None]

WORDS: Final[Words] = {
    "with_simulated": ("Contar también a los simulados", "Count simulated participants too"),
    "who": (
        "Cuentan las personas con una grabación válida y consentimiento para grabarlas; nadie que "
        "se haya retirado.",
        "Counted are people with a valid recording and consent to being recorded; nobody who has "
        "withdrawn.",
    ),
    "simulated_counted": (
        "Atención: los números incluyen participantes simulados.",
        "Note: the numbers include simulated participants.",
    ),
    "methods": ("Para la sección de métodos", "For the methods section"),
    "nobody": ("Todavía no cuenta nadie.", "Nobody is counted yet."),
    "one": ("1 participante", "1 individual"),
    "people": ("{n} participantes", "{n} individuals"),
    "of.woman": ("{p} mujeres", "{p} female"),
    "of.man": ("{p} hombres", "{p} male"),
    "of.other": ("{p} otro género", "{p} another gender"),
    "of.undisclosed": ("{p} género sin declarar", "{p} gender undisclosed"),
    "of.missing": ("{p} género no registrado", "{p} gender not on file"),
    "ages": ("Edad: {list}.", "Age: {list}."),
    "reports": (
        "Autoinformes completos: {n}. Controles de atención superados: {checks}.",
        "Complete self-reports: {n}. Attention checks passed: {checks}.",
    ),
    "no_checks": ("no hubo", "none asked"),
    "checks": ("{passed} de {asked} ({p})", "{passed} of {asked} ({p})"),
    "completion": ("Hasta dónde se ha llegado", "How far it has come"),
    "gender": ("Género", "Gender"),
    "age": ("Edad", "Age"),
    "compilation": ("Película", "Film"),
    "film": ("Película {n}", "Film {n}"),
    "unknown_film": ("no consta", "not on file"),
    "registered": ("registro", "registered"),
    "consented": ("consienten grabarse", "consent to recording"),
    "recorded": ("grabación completa", "recorded"),
    "reported": ("autoinforme completo", "self-report complete"),
    "analysed": ("análisis hecho", "analysed"),
    "reviewed": ("revisión empezada", "reviewed"),
    "withdrawn": ("retirada", "withdrawn"),
    "table": ("Tabla", "Table"),
    "value": ("Valor", "Value"),
    "n": ("n", "n"),
    "percent": ("%", "%"),
    "numbers_csv": ("Recuentos en CSV", "Counts as CSV"),
    "emotions": ("Emociones declaradas, según la escena", "Emotions reported, by scene"),
    "emotions_note": (
        "Filas: lo que la escena buscaba. Columnas: la emoción más fuerte que se declaró. "
        "Escenas sin respuesta en {reports} autoinformes completos: {unanswered}.",
        "Rows: what the scene was meant to elicit. Columns: the strongest emotion reported. "
        "Scenes without an answer in {reports} complete self-reports: {unanswered}.",
    ),
    "target": ("Escena", "Scene"),
    "emotions_csv": ("Emociones en CSV", "Emotions as CSV"),
    **EMOTION_WORDS,
}


def page(study: Study, language: str) -> None:
    """The whole page."""
    say = Speaker(language, WORDS)
    everybody = roster(study, study.participants())
    if any(standing.person.simulated for standing in everybody):
        simulated = st.checkbox(say("with_simulated"), key="with_simulated")
        if simulated:
            st.warning(say("simulated_counted"))
        else:
            everybody = real(everybody)
    people = counted(everybody)
    said, checks = felt(people), attention(people)
    st.subheader(say("methods"))
    st.code("\n".join(methods(people, said, checks, say)), language=None, wrap_lines=True)
    st.text(say("who"))
    _numbers(tables(everybody, people, say), say)
    _emotions(said, say)


def tables(
    everybody: Sequence[Standing], people: Sequence[Standing], say: Speaker
) -> dict[str, dict[str, int]]:
    """The numbers by the name of their table, in words: steps of everybody, the rest of people."""

    def worded(key: str, numbers: Mapping[str, int]) -> dict[str, int]:
        return {label(say.language, key, value): n for value, n in numbers.items()}

    films = compilations(people, range(1, COMPILATIONS + 1))
    return {
        "completion": {say(step): n for step, n in completion(everybody).items()},
        "gender": worded("gender", genders(people)),
        "age": worded("age_band", by(people, "age_band", AGE_BANDS)),
        "compilation": {
            say("film", n=number) if number else say("unknown_film"): n
            for number, n in films.items()
        },
    }


def shares(name: str, numbers: Mapping[str, int], say: Speaker) -> list[float | None]:
    """Of the whole table; of the steps, which one person takes several of, of those registered."""
    whole = numbers[say(STEPS[0])] if name == "completion" else sum(numbers.values())
    return [n / whole if whole else None for n in numbers.values()]


def sheet(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A CSV that spreadsheets take for UTF-8 and run nothing of."""
    return csv_text(header, rows).encode("utf-8-sig")


def methods(people: Sequence[Standing], said: Felt, checks: Checks, say: Speaker) -> list[str]:
    """The sentences: how many, of which gender and age, and what they filled in."""
    if not people:
        return [say("nobody")]
    total = len(people)
    many = say("one") if total == 1 else say("people", n=say.number(total, 0))
    parts = [
        say(f"of.{value}", p=say.percent(n / total))
        if say.knows(f"of.{value}")
        else f"{say.percent(n / total)} {label(say.language, 'gender', value)}"
        for value, n in genders(people).items()
        if n
    ]
    ages = [
        f"{label(say.language, 'age_band', value)} {say.percent(n / total)}"
        for value, n in by(people, "age_band", AGE_BANDS).items()
        if n
    ]
    passed = say("no_checks")
    if checks.asked:
        share = say.percent(checks.passed / checks.asked)
        passed = say("checks", passed=checks.passed, asked=checks.asked, p=share)
    return [
        f"{many}: {', '.join(parts)}.",
        say("ages", list=", ".join(ages)),
        say("reports", n=said.reports, checks=passed),
    ]


def number_rows(found: Mapping[str, Mapping[str, int]], say: Speaker) -> list[Row]:
    """All the tables as one: table, value, number, percent."""
    return [
        (say(name), value, n, None if share is None else round(100 * share, 2))
        for name, numbers in found.items()
        for (value, n), share in zip(numbers.items(), shares(name, numbers, say), strict=True)
    ]


def _numbers(found: Mapping[str, Mapping[str, int]], say: Speaker) -> None:
    """A small table for each, side by side where there is room, and all of them as one CSV."""
    import pandas as pd

    right = {say("percent"): st.column_config.TextColumn(alignment="right")}
    columns = st.columns(2)
    for place, (name, numbers) in enumerate(found.items()):
        percents = ["" if s is None else say.percent(s) for s in shares(name, numbers, say)]
        shown = {say("value"): list(numbers), say("n"): list(numbers.values())}
        frame = pd.DataFrame({**shown, say("percent"): percents})
        with columns[place % 2]:
            st.subheader(say(name))
            st.dataframe(frame, hide_index=True, column_config=right, alt=say(name))
    header = [say(name) for name in ("table", "value", "n", "percent")]
    _download("numbers_csv", "counts.csv", sheet(header, number_rows(found, say)), say)


def _emotions(said: Felt, say: Speaker) -> None:
    """What was reported of each film: seven rows, nine columns."""
    import pandas as pd

    st.subheader(say("emotions"))
    st.text(say("emotions_note", reports=said.reports, unanswered=said.unanswered))
    header = [say("target"), *(say(value) for value in REPORTABLE)]
    rows: list[Row] = [(say(target), *said.table[target].values()) for target in EMOTIONS]
    pinned = {header[0]: st.column_config.TextColumn(pinned=True)}
    frame = pd.DataFrame(rows, columns=header)
    st.dataframe(frame, hide_index=True, column_config=pinned, alt=say("emotions"))
    _download("emotions_csv", "emotions.csv", sheet(header, rows), say)


def _download(key: str, file: str, data: bytes, say: Speaker) -> None:
    st.download_button(
        say(key),
        data,
        file_name=file,
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=key,
    )
