"""Consent: the wording of the study's form, a yes or no to each scope, and what is on file.

Reads the consent form and participants/; adds decisions to participants/P001.json, always while
nobody else may, and keeps the wording agreed to (`collector.consent_text`).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from collector.app.choosing import choose_participant
from collector.app.literal import literal, paragraphs
from collector.consent_text import ConsentText, Wording, agreed, read_consent_text
from mexlab.consent import SCOPES, Decision, decide, withdrawn_at
from mexlab.participants import Participant
from mexlab.spreadsheet_safe import guarded
from mexlab.study import Study
from mexlab.study_settings import LANGUAGES
from mexlab.web.language import NAMES, Speaker, Words

NEWS = "consent_news"  # what to say after the page is drawn anew
SHOWN = "consent_shown"  # the form in this browser, and whose in which language

WORDS: Final[Words] = {
    "simulated": (
        "{number} es un participante simulado: no hay a quién pedir el consentimiento.",
        "{number} is a simulated participant: there is nobody to ask for consent.",
    ),
    "open_places": (
        "El texto tiene lugares sin rellenar, entre corchetes [ ]. Complételo antes de usarlo: "
        "{path}",
        "The text still has open places, in brackets [ ]. Fill them in before using it: {path}",
    ),
    "undecided": (
        "{number} no ha decidido nada todavía. Eso cuenta como no.",
        "{number} has not decided anything yet. That counts as no.",
    ),
    "on_file": ("Lo que consta", "On file"),
    "withdrawn": ("{number} se retiró el {at}.", "{number} withdrew on {at}."),
    "again": ("Decidir de nuevo", "Decide again"),
    "form": ("Formulario", "Form"),
    "text_language": ("Idioma del texto", "Language of the text"),
    "blank": (
        "Lo que quede sin marcar cuenta como no.",
        "Whatever is left unmarked counts as no.",
    ),
    "mark_all": (
        "Ya se decidió antes: marque los seis usos, para que ninguno cambie sin querer.",
        "There are earlier decisions: mark all six uses, so that none changes by accident.",
    ),
    "save": ("Guardar lo decidido", "Save the decisions"),
    "saved": (
        "Guardado para {number}: sí a {yes}, no a {no}.",
        "Saved for {number}: yes to {yes}, no to {no}.",
    ),
    "renewed": (
        "El texto o lo que consta acaba de cambiar, y no se ha guardado nada: léalo de nuevo.",
        "The text or what is on file has just changed, and nothing was saved: read it again.",
    ),
    "took_back": (
        "{number} ha retirado su consentimiento.",
        "{number} has withdrawn the consent.",
    ),
    "yes": ("Sí", "Yes"),
    "no": ("No", "No"),
    "scope": ("Alcance", "Scope"),
    "decision": ("Decisión", "Decision"),
    "date": ("Fecha", "Date"),
    "given": ("Fecha y texto", "Date and text"),
    "how": ("Cómo", "How"),
    "version": ("Texto", "Text"),
    "granted": ("Sí a", "Yes to"),
    "refused": ("No a", "No to"),
    "everything": ("todo", "everything"),
    "scope.recorded": ("grabar", "recording"),
    "scope.analysed": ("analizar", "analysis"),
    "scope.shared": ("compartir", "sharing"),
    "scope.excerpts": ("mostrar fragmentos", "showing excerpts"),
    "scope.published": ("publicar", "publishing"),
    "scope.training": ("entrenar modelos", "training models"),
    "how.form": ("formulario", "form"),
    "how.paper": ("en papel", "on paper"),
    "how.withdrawal": ("retirada", "withdrawal"),
    "how.simulated": ("simulado", "simulated"),
    "history": ("Todas las decisiones", "All decisions"),
    "withdraw": ("Retirar el consentimiento", "Withdraw the consent"),
    "withdraw_means": (
        "Retirarse es decir no a todo, desde ahora: no se podrá grabar a la persona, y ningún "
        "análisis, conjunto de datos o entrenamiento nuevo usará lo suyo. Sus archivos siguen en "
        "el estudio hasta que alguien los borre, y lo que ya se ha hecho o entregado no cambia "
        "por sí solo.",
        "Withdrawing is saying no to everything, from now on: the person cannot be recorded, and "
        "no new analysis, dataset or training will use their data. Their files stay in the study "
        "until somebody deletes them, and what was already made or handed on does not change by "
        "itself.",
    ),
    "sure": ("{number} quiere retirarse", "{number} wants to withdraw"),
    "withdraw_now": ("Retirar ahora", "Withdraw now"),
}


def page(study: Study, language: str) -> None:
    """The whole page."""
    say = Speaker(language, WORDS)
    if news := st.session_state.pop(NEWS, None):
        st.success(news)
    person = choose_participant(study, language)
    if person is None:
        return
    if person.simulated:
        st.info(say("simulated", number=person.participant))
        return
    notices = st.container()  # above what may be folded away
    _on_file(person, say)
    with st.expander(
        say("again" if person.consents else "form"),
        expanded=not person.consents,
        icon=":material/checklist:",
    ):
        _ask(study, person, notices, say)
    if person.consents:
        with st.expander(say("history"), icon=":material/history:"):
            _history(person.consents, say)
    if person.scopes:
        with st.expander(say("withdraw"), icon=":material/block:"):
            _withdraw(study, person, say)


def _ask(study: Study, person: Participant, notices: DeltaGenerator, say: Speaker) -> None:
    """The form, in the participant's language unless another is chosen."""
    text = read_consent_text(study.consent_text_path)
    language = st.radio(
        say("text_language"),
        LANGUAGES,
        index=LANGUAGES.index(person.language) if person.language in LANGUAGES else 0,
        format_func=NAMES.get,
        horizontal=True,
        key=f"text_language_{person.participant}",
    )
    if text.unfinished(language):
        st.warning(say("open_places", path=literal(str(study.consent_text_path))))
    wording, there = text.wordings[language], Speaker(language, WORDS)
    _inform(wording)
    # Another wording, or another decision meanwhile, is another form: its answers start empty, and
    # a button pressed on the page before saves nothing.
    form = f"{person.participant} {text.name(language)} {len(person.consents)}"
    about, drawn = (person.participant, language), st.session_state.get(SHOWN, ((), ""))
    if drawn[0] == about and drawn[1] != form:
        notices.warning(say("renewed"))
    st.session_state[SHOWN] = (about, form)
    with st.form(form, border=True):
        st.text(" ".join(wording.declaration.split()))
        answers = {scope: _yes_or_no(scope, wording.scopes[scope], form, there) for scope in SCOPES}
        st.text(" ".join(wording.withdrawal.split()))
        st.text(there("mark_all" if person.consents else "blank"))
        pressed = st.form_submit_button(there("save"), type="primary", key=f"save {form}")
    if not pressed:
        return
    if person.consents and None in answers.values():
        st.warning(say("mark_all"))
        return
    granted = [scope for scope in SCOPES if answers[scope] == "yes"]
    if not _decided(study, person, text, language, granted):
        notices.warning(say("renewed"))
        return
    refused = [scope for scope in SCOPES if scope not in granted]
    name = person.participant
    _tell(say("saved", number=name, yes=_listed(granted, say), no=_listed(refused, say)))


def _inform(wording: Wording) -> None:
    """What to read before deciding."""
    st.subheader(literal(wording.title))
    for part in (wording.intro, wording.gdpr, wording.ai_act):
        for paragraph in paragraphs(part):
            st.text(paragraph)


def _yes_or_no(scope: str, sentence: str, form: str, there: Speaker) -> str | None:
    return st.radio(
        literal(sentence),
        ("yes", "no"),
        index=None,
        format_func=there,
        horizontal=True,
        key=f"{scope} {form}",
    )


def _decided(
    study: Study, person: Participant, text: ConsentText, language: str, granted: Sequence[str]
) -> bool:
    """Save the decisions, unless something else was decided since `person` was read."""
    with study.holding(person.participant):
        now = study.participant(person.participant)
        if now.consents != person.consents:
            return False
        decisions = decide(granted, how="form", text=agreed(study, text, language))
        study.save_participant(now.deciding(decisions))
    return True


def _withdraw(study: Study, person: Participant, say: Speaker) -> None:
    st.text(say("withdraw_means"))
    name = person.participant
    key = f"{name} {len(person.consents)}"
    sure = st.checkbox(say("sure", number=name), key=f"sure {key}")
    if st.button(say("withdraw_now"), disabled=not sure, key=f"withdraw {key}"):
        study.withdraw(name)
        _tell(say("took_back", number=name))


def _tell(news: str) -> None:
    """Draw the page anew, with a line on what was done."""
    st.session_state[NEWS] = news
    st.session_state.pop(SHOWN, None)
    st.rerun()


def _on_file(person: Participant, say: Speaker) -> None:
    """Each scope with its latest decision."""
    import pandas as pd

    if not person.consents:
        st.info(say("undecided", number=person.participant))
        return
    st.subheader(say("on_file"))
    latest = {decision.scope: decision for decision in person.consents if decision.scope in SCOPES}
    given = {scope: _given(decision, say) for scope, decision in latest.items()}
    apart = len(set(given.values())) > 1  # then each has its own date; usually one says it
    rows = [
        {
            say("scope"): say(f"scope.{scope}"),
            say("decision"): say("yes" if latest[scope].granted else "no"),
            **({say("given"): given[scope]} if apart else {}),
        }
        for scope in SCOPES
        if scope in latest
    ]
    if at := withdrawn_at(person.consents):
        st.text(say("withdrawn", number=person.participant, at=say.moment(at)))
    elif rows and not apart:
        st.text(next(iter(given.values())))
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _given(decision: Decision, say: Speaker) -> str:
    """When and on what wording."""
    return f"{say.moment(decision.at)} · {_version(decision, say)}"


def _history(decisions: Sequence[Decision], say: Speaker) -> None:
    """Every time something was decided, the latest first."""
    import pandas as pd

    rows = []
    for _, together in groupby(decisions, key=lambda d: (d.at, d.how, d.text)):
        group = list(together)
        rows.append(
            {
                say("date"): say.moment(group[0].at),
                say("how"): _how(group[0], say),
                say("granted"): _listed([d.scope for d in group if d.granted], say),
                say("refused"): _listed([d.scope for d in group if not d.granted], say),
                say("version"): _version(group[0], say),
            }
        )
    st.dataframe(pd.DataFrame(rows[::-1]), hide_index=True)


def _listed(scopes: Sequence[str], say: Speaker) -> str:
    """Scopes in words; one that this program does not know as it stands on file."""
    if set(scopes) >= set(SCOPES):
        return say("everything")
    return ", ".join(_said("scope", scope, say) for scope in scopes) or "–"


def _how(decision: Decision, say: Speaker) -> str:
    return _said("how", decision.how, say)


def _version(decision: Decision, say: Speaker) -> str:
    """Of the wording agreed to: `1.0 Español`; for a decision without one how it was given."""
    parts = decision.text.split(" ")
    if len(parts) != len(("id", "version", "language", "hash")):
        return guarded(decision.text) or _how(decision, say)
    return guarded(f"{parts[1]} {NAMES.get(parts[2], parts[2])}")


def _said(kind: str, value: str, say: Speaker) -> str:
    """In words; what is not ours as it stands on file (tables can be saved as CSV)."""
    key = f"{kind}.{value}"
    return say(key) if say.knows(key) else guarded(value)
