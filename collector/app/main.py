"""The operator's pages: `collector app` runs this script with Streamlit, anew for every click.

Navigation, language and what must be seen on every page: who has withdrawn. All state is on disk.
"""

import streamlit as st

from collector.app import consent, overview, participants, preflight, run, self_report
from collector.app.desk import current
from collector.app.words import WORDS
from collector.language import NAMES, Speaker
from mexlab.consent import withdrawn_at
from mexlab.errors import MexlabError
from mexlab.study import Study

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


def chosen_language(study: Study) -> str:
    """As the address says, so that a refresh keeps it; else the study's first."""
    languages = study.settings.languages
    asked = st.query_params.get("lang", languages[0])
    before = asked if asked in languages else languages[0]
    if len(languages) == 1:
        return before
    with st.sidebar:
        picked = st.radio(
            "Idioma · Language",
            languages,
            index=languages.index(before),
            format_func=NAMES.get,
            horizontal=True,
        )
    st.query_params["lang"] = picked
    return picked


def show() -> None:
    """One page of the study's desk."""
    study = Study.open(current().study_root)
    st.set_page_config(page_title=study.settings.title or study.root.name, layout="wide")
    language = chosen_language(study)
    say = Speaker(language, WORDS)

    def page_of(name: str) -> st.Page:
        def body() -> None:
            st.title(say(name))
            try:
                PAGES[name].page(study, language)
            except MexlabError as error:
                st.error(f"{error.what}  \n{error.where}  \n{error.remedy}")

        return st.Page(body, title=say(name), icon=ICONS[name], url_path=name)

    chosen = st.navigation([page_of(name) for name in PAGES])
    gone = [(p.participant, at) for p in study.participants() if (at := withdrawn_at(p.consents))]
    for participant, at in gone:
        st.warning(say("withdrew", participant=participant, at=say.moment(at)))
    chosen.run()


show()
