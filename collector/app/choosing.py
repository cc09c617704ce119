"""Which participant the operator's pages are about: chosen once, kept on every page.

The choice stands in the session and in the address, so that neither another page nor a refresh
loses it. Reads participants/; writes nothing.
"""

import re
from typing import Final

import streamlit as st

from mexlab.consent import withdrawn_at
from mexlab.participants import Participant
from mexlab.study import STATION_BLOCK, Study
from mexlab.web.language import Speaker, Words

KEPT = "participant"  # of the session and of the address
WIDGET = "participant_chosen"  # Streamlit forgets a widget that another page does not show

WORDS: Final[Words] = {
    "participant": ("Participante", "Participant"),
    "search": ("Escriba o elija un número", "Type or choose a number"),
    "nobody": (
        "Todavía no hay participantes. Registre al primero en la página Participantes.",
        "There is nobody yet. Register the first person on the page Participants.",
    ),
    "simulated": ("simulado", "simulated"),
    "withdrawn": ("se retiró", "withdrew"),
}


def choose_participant(study: Study, language: str) -> Participant | None:
    """The participant in the box, which offers everybody, newest first; None while it is empty."""
    say = Speaker(language, WORDS)
    people = {person.participant: person for person in newest_first(study)}
    if not people:
        st.info(say("nobody"))
        return None
    kept = st.session_state.get(KEPT, st.query_params.get(KEPT))
    st.session_state[WIDGET] = kept if kept in people else None
    picked = st.selectbox(
        say("participant"),
        list(people),
        index=None,
        key=WIDGET,
        format_func=lambda name: _label(people[name], say) if name in people else name,
        placeholder=say("search"),
        on_change=lambda: remember(st.session_state[WIDGET]),
    )
    remember(picked)
    return people[picked] if picked else None


def remember(participant: str | None) -> None:
    """Choose a participant, or nobody, on every page from now on."""
    st.session_state[KEPT] = participant
    if participant:
        st.query_params[KEPT] = participant
    elif KEPT in st.query_params:
        del st.query_params[KEPT]


def carry_over() -> None:
    """Keep the choice, in the address too, on a page that does not offer it."""
    remember(st.session_state.get(KEPT, st.query_params.get(KEPT)))


def newest_first(study: Study) -> list[Participant]:
    """Everybody registered: this station's block first, in it the highest number first."""

    def newness(person: Participant) -> tuple[bool, int, str]:
        digits = re.findall("[0-9]{1,9}", person.participant)
        number = int(digits[-1]) if digits else 0
        own = (number - 1) // STATION_BLOCK == study.settings.station - 1
        return own, number, person.participant

    return sorted(study.participants(), key=newness, reverse=True)


def _label(person: Participant, say: Speaker) -> str:
    notes = [say("simulated")] if person.simulated else []
    notes += [say("withdrawn")] if withdrawn_at(person.consents) else []
    return " · ".join([person.participant, *notes])
