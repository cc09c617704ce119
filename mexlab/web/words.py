"""What our pages say alike: their head, and around pictures that are stepped through."""

from typing import Final

from mexlab.web.language import Words

PAGE_WORDS: Final[Words] = {
    "pages": ("Páginas", "Pages"),
    "language": ("Idioma", "Language"),
    "problem": ("No puede ser", "That cannot be"),
}
PLAYER_WORDS: Final[Words] = {
    "loading": ("cargando…", "loading…"),
    "no_picture": ("No hay imagen de este fotograma", "There is no picture of this frame"),
    "away": ("El servidor no responde; se reintenta", "The server does not answer; trying again"),
    "token": (
        "El servidor ha vuelto a empezar: abra en otra pestaña la dirección que muestra",
        "The server was started anew: open the address it shows in another tab",
    ),
    "frame": ("fotograma", "frame"),
    "play": ("reproducir", "play"),
    "pause": ("parar", "pause"),
    "speed": ("velocidad", "speed"),
    "loop": ("repetir", "loop"),
    "loop_off": ("no", "off"),
    "loop_clip": ("clip", "clip"),
    "loop_marks": ("marcas", "marks"),
    "keys": ("Teclas", "Keys"),
    "space": ("Espacio", "Space"),
    "shift": ("Mayús", "Shift"),
    "key_step": ("un fotograma", "one frame"),
    "key_leap": ("diez", "ten"),
    "key_play": ("reproducir", "play"),
}
