"""The operator's pages: `collector app` runs this script with Streamlit, anew for every click.

Navigation, language and what must be seen on every page: who has withdrawn. All state is on disk.
"""

from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from collector.app import consent, overview, participants, preflight, run, self_report
from collector.app.choosing import carry_over
from collector.app.desk import current
from collector.app.telling import telling
from collector.app.words import WORDS
from mexlab.consent import withdrawn_at
from mexlab.study import Study
from mexlab.web.language import NAMES, Speaker

Shown = Literal["visible", "hidden"]
PAGES = {
    "participants": participants,
    "consent": consent,
    "preflight": preflight,
    "run": run,
    "self-report": self_report,
    "overview": overview,
}
ICONS = {
    "participants": ":material/group:",
    "consent": ":material/verified_user:",
    "preflight": ":material/photo_camera:",
    "run": ":material/play_circle:",
    "self-report": ":material/edit_note:",
    "overview": ":material/bar_chart:",
}
# The browser's tab gets a picture of our own: Streamlit would fetch the page's from elsewhere.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<circle cx="8" cy="8" r="7" fill="#1d5c96"/><circle cx="8" cy="8" r="2.5" fill="#fff"/></svg>'
)


def chosen_language(study: Study) -> str:
    """As the address says, so that a refresh keeps it; else the study's first."""
    languages = study.settings.languages
    asked = st.session_state.get("lang", st.query_params.get("lang"))
    picked = asked if asked in languages else languages[0]
    if len(languages) > 1:
        with st.sidebar:
            picked = st.radio(
                "Idioma · Language",
                languages,
                index=languages.index(picked),
                format_func=NAMES.get,
                horizontal=True,
            )
    st.session_state["lang"] = st.query_params["lang"] = picked
    return picked


def _withdrawn(study: Study, say: Speaker) -> None:
    """Who has withdrawn, to be seen on every page."""
    gone = {p.participant: at for p in study.participants() if (at := withdrawn_at(p.consents))}
    if gone:
        who = ", ".join(f"{name} ({say.moment(at)})" for name, at in gone.items())
        st.warning(say("withdrew", who=who), icon=":material/block:")


def show() -> None:
    """One page of the study's desk."""
    study = Study.open(current().study_root)
    title = study.settings.title or study.root.name
    st.set_page_config(page_title=title, page_icon=ICON, layout="wide")
    language = chosen_language(study)
    say = Speaker(language, WORDS)
    carry_over()

    def page_of(name: str, path: str, visibility: Shown = "visible") -> StreamlitPage:
        def body() -> None:
            st.title(say(name))
            with telling(language):
                PAGES[name].page(study, language)

        return st.Page(
            body, title=say(name), icon=ICONS[name], url_path=path, visibility=visibility
        )

    first, *others = PAGES
    # The first page lives at /; whoever keeps its own address finds it too.
    start, again = page_of(first, "start"), page_of(first, first, "hidden")
    chosen = st.navigation([start, *(page_of(name, name) for name in others), again])
    with telling(language):
        _withdrawn(study, say)
    chosen.run()


show()
