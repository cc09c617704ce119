"""What stands around every operator page."""

from typing import Final

from mexlab.web.language import Words

WORDS: Final[Words] = {
    "participants": ("Participantes", "Participants"),
    "consent": ("Consentimiento", "Consent"),
    "preflight": ("Comprobación previa", "Pre-flight"),
    "run": ("Grabar", "Run"),
    "self-report": ("Autoinforme", "Self-report"),
    "overview": ("Resumen", "Overview"),
    "withdrew": (
        "Se han retirado, y nada de lo suyo se usa para nada nuevo: {who}",
        "Withdrawn, and nothing of theirs is used for anything new: {who}",
    ),
}
