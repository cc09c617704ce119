"""What stands around every operator page."""

from typing import Final

from collector.language import Words

WORDS: Final[Words] = {
    "participants": ("Participantes", "Participants"),
    "consent": ("Consentimiento", "Consent"),
    "preflight": ("Comprobación previa", "Pre-flight"),
    "run": ("Grabar", "Run"),
    "self-report": ("Autoinforme", "Self-report"),
    "overview": ("Resumen", "Overview"),
    "withdrew": (
        "{participant} se retiró el {at}: sus datos ya no se usan en ninguna parte.",
        "{participant} withdrew on {at}: their data are no longer used anywhere.",
    ),
}
