"""What the player says to the participant, in the study's languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One screen of text: a title, what to know, and what to do next."""

    title: str
    body: str
    prompt: str = ""


@dataclass(frozen=True)
class Texts:
    """Every screen of one language."""

    instructions: Words
    waiting: Words
    thanks: Words
    stopped: Words


TEXTS = {
    "es": Texts(
        Words(
            "Antes de empezar",
            "Va a ver una película hecha de escenas breves.\n"
            "Siéntese con comodidad, de frente a la pantalla, y simplemente mire.\n\n"
            "Puede dejarlo en cualquier momento, sin dar explicaciones:\n"
            "basta con pulsar la tecla Esc.",
            "Cuando quiera empezar, pulse la barra espaciadora.",
        ),
        Words("", "La película empieza enseguida."),
        Words("Gracias", "La película ha terminado.\nPor favor, avise a quien le atiende."),
        Words("Gracias", "Hemos parado la película.\nPor favor, avise a quien le atiende."),
    ),
    "en": Texts(
        Words(
            "Before we begin",
            "You are going to watch a film made of short scenes.\n"
            "Sit comfortably, facing the screen, and simply watch.\n\n"
            "You may stop at any moment, and need not say why:\n"
            "just press the Esc key.",
            "When you are ready, press the space bar.",
        ),
        Words("", "The film begins in a moment."),
        Words("Thank you", "The film is over.\nPlease let the person with you know."),
        Words("Thank you", "We have stopped the film.\nPlease let the person with you know."),
    ),
}


def texts(language: str) -> Texts:
    """The texts in this language, in English where there are none."""
    return TEXTS.get(language, TEXTS["en"])
