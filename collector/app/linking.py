"""How a participant gets at a form: a link for this screen, or for a tablet in the laboratory.

Reads and writes the session's form access (`collector.form.links`). The link itself stands nowhere
but in this browser's session, until it is opened.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import streamlit as st

from collector.app.desk import Desk, current
from collector.app.telling import verbatim
from collector.form import links
from collector.reporting import Reportable
from mexlab.study import Study
from mexlab.web.language import Speaker, Words

KEPT = "form_link"  # the latest link made here, in the session
HERE, TABLET = "here", "tablet"

WORDS: Final[Words] = {
    "shuts out": (
        "Se abrió en un dispositivo el {at}. Un enlace nuevo lo cierra allí; las respuestas dadas "
        "se conservan.",
        "It was opened on a device on {at}. A new link shuts that device out; the answers given "
        "are kept.",
    ),
    "sure": ("Cerrarlo en ese dispositivo", "Shut that device out"),
    "return": (
        "Volver al formulario abierto en este navegador",
        "Back to the form opened in this browser",
    ),
    "here": ("En esta pantalla", "On this screen"),
    "here about": (
        "Se abre en otra pestaña de este navegador. Dele el equipo a la persona participante.",
        "It opens in another tab of this browser. Hand the computer to the participant.",
    ),
    "here make": ("Preparar en esta pantalla", "Get ready on this screen"),
    "here open": ("Abrir el formulario", "Open the form"),
    "tablet": ("En una tableta", "On a tablet"),
    "tablet about": (
        "Un enlace que se abre una sola vez, en la red del laboratorio.",
        "A link that opens once, on the laboratory's network.",
    ),
    "tablet make": ("Crear enlace para una tableta", "Make a link for a tablet"),
    "tablet none": (
        "Este programa solo atiende a este equipo. Para usar una tableta, inícielo así:",
        "This program serves this computer only. To use a tablet, start it like this:",
    ),
    "scan": (
        "Código QR: apunte con la cámara de la tableta, o escriba la dirección.",
        "QR code: point the tablet's camera at it, or type the address.",
    ),
    "otherwise": ("Si la tableta no la encuentra", "If the tablet does not find it"),
}


@dataclass(frozen=True)
class Link:
    """A link made in this browser, for one form of one session."""

    session: str
    form: str
    place: str
    token: str

    def good(self, one: Reportable) -> bool:
        """Whether it belongs to this form and nobody has opened it yet."""
        same = (self.session, self.form) == (one.session.id, one.form)
        return same and links.is_good(one.session, one.form, self.token)


def offer(study: Study, one: Reportable, language: str) -> None:
    """Both ways to the form, side by side."""
    say = Speaker(language, WORDS)
    allowed = _may_make(one, say)
    kept = st.session_state.get(KEPT)
    link = kept if isinstance(kept, Link) and kept.good(one) else None
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.header(say("here"))
        st.write(say("here about"))
        if _make(study, one, HERE, allowed, say):
            st.rerun()
        if link and link.place == HERE:
            # Relative: the browser goes to the very host it is on, whose cookies it keeps.
            path = links.open_path(one.session, one.form, link.token)
            st.link_button(say("here open"), path, type="primary", icon=":material/open_in_new:")
    with right, st.container(border=True):
        st.header(say("tablet"))
        if not current().for_tablets:
            st.write(say("tablet none"))
            verbatim(_start_for_tablets(study))
            return
        st.write(say("tablet about"))
        if _make(study, one, TABLET, allowed, say):
            st.rerun()
        if link and link.place == TABLET:
            _show(current(), links.open_path(one.session, one.form, link.token), say)


def _may_make(one: Reportable, say: Speaker) -> bool:
    """Whether a link may be made: at once, or after a word where it shuts somebody out."""
    access = links.latest(one.session, one.form)
    if access is None or not access.opened_at:
        return True
    st.warning(say("shuts out", at=say.moment(access.opened_at)))
    with st.container(horizontal=True, vertical_alignment="center"):
        sure = st.checkbox(say("sure"), key=f"sure_{one.session.id}_{access.opened_at}")
        path = links.form_path(one.session, one.form)
        st.link_button(say("return"), path, icon=":material/open_in_new:", type="tertiary")
    return sure


def _make(study: Study, one: Reportable, place: str, allowed: bool, say: Speaker) -> bool:
    """The button that makes a link; whether it was pressed."""
    if not st.button(say(f"{place} make"), key=f"make_{place}", disabled=not allowed):
        return False
    token = links.new_link(study, one.session, one.form)
    st.session_state[KEPT] = Link(one.session.id, one.form, place, token)
    return True


def _show(desk: Desk, path: str, say: Speaker) -> None:
    """The address to type and to scan; others of this computer's below."""
    first, *others = [address + path for address in desk.addresses]
    _address(first, say)
    if others:
        with st.expander(say("otherwise")):
            for address in others:
                _address(address, say)


def _address(address: str, say: Speaker) -> None:
    st.image(qr_code(address), alt=say("scan"))
    st.text(say("scan"))
    verbatim(address)


def qr_code(text: str) -> bytes:
    """A QR code as PNG, black on white whatever the page's colours are, 5 px a square."""
    import qrcode

    png = BytesIO()
    qrcode.make(text, box_size=5).save(png, "PNG")
    return png.getvalue()


def _start_for_tablets(study: Study) -> str:
    return f"collector app {study.root} --host 0.0.0.0 --tls-cert CERTIFICATE.pem --tls-key KEY.pem"
