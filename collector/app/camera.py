"""Which camera the pages are about, and whether there is a screen: asked once, then kept."""

from typing import Final

import streamlit as st

from collector.app.desk import current
from mexlab.web.language import Speaker, Words

CAMERA, OFFSCREEN = "camera", "offscreen"  # kept in the session
CAMERA_GIVEN, OFFSCREEN_GIVEN = "camera_given", "offscreen_given"  # widgets, which pages forget

WORDS: Final[Words] = {
    "camera": ("Cámara", "Camera"),
    "camera help": (
        "Número de la cámara (0 es la primera) o `file:RUTA`, `screen:X,Y,ANCHO,ALTO`, "
        "`simulated`, `simulated:SEMILLA`.",
        "Number of the camera (0 is the first), or `file:PATH`, `screen:X,Y,WIDTH,HEIGHT`, "
        "`simulated`, `simulated:SEED`.",
    ),
    "offscreen": ("Ensayo sin pantalla", "Rehearsal without a screen"),
    "offscreen help": (
        "La película no se muestra en ninguna pantalla y no espera a la barra espaciadora.",
        "The film is shown on no screen, and nobody is waited for to press the space bar.",
    ),
}


def ask_camera(language: str) -> tuple[str, bool]:
    """The camera as `--camera` takes it, and whether it is a rehearsal without a screen."""
    say = Speaker(language, WORDS)
    st.session_state[CAMERA_GIVEN] = st.session_state.get(CAMERA, current().camera)
    st.session_state[OFFSCREEN_GIVEN] = st.session_state.get(OFFSCREEN, False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        camera = st.text_input(
            say("camera"),
            key=CAMERA_GIVEN,
            help=say("camera help"),
            width=320,
            on_change=lambda: _keep(CAMERA, CAMERA_GIVEN),
        )
        offscreen = st.checkbox(
            say("offscreen"),
            key=OFFSCREEN_GIVEN,
            help=say("offscreen help"),
            on_change=lambda: _keep(OFFSCREEN, OFFSCREEN_GIVEN),
        )
    return camera.strip() or current().camera, offscreen


def _keep(name: str, widget: str) -> None:
    st.session_state[name] = st.session_state[widget]
