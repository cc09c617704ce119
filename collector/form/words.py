"""What the form's own pages say; the questions stand in the instrument."""

from typing import Final

from mexlab.web.language import Words

WORDS: Final[Words] = {
    # Before the first question
    "welcome": ("Bienvenida", "Welcome"),
    "welcome_first": (
        "Ahora le haremos unas preguntas sobre lo que sintió en cada escena de la película. No hay "
        "respuestas correctas ni incorrectas.",
        "We will now ask you some questions about what you felt in each scene of the film. There "
        "are no right or wrong answers.",
    ),
    "welcome_second": (
        "Ahora verá su propia cara en algunos momentos de la película y dirá qué sentía. La "
        "grabación solo se muestra aquí.",
        "You will now see your own face at some moments of the film and say what you were "
        "feeling. The recording is shown here only.",
    ),
    "welcome_ease": (
        "Puede dejar cualquier pregunta sin contestar. Cada respuesta se guarda en cuanto la da: "
        "si la página se cierra, al volver seguirá donde estaba.",
        "You may leave out any question. Each answer is saved as soon as you give it: if the page "
        "closes, you go on where you were when you come back.",
    ),
    "start": ("Empezar", "Start"),
    # Around every question
    "scene_of": ("Escena {number} de {count}", "Scene {number} of {count}"),
    "moment_of": ("Momento {number} de {count}", "Moment {number} of {count}"),
    "whole": ("Sobre el conjunto", "About the whole"),
    "progress": ("Avance", "Progress"),
    "still": ("Imagen de la escena {number}", "A picture of scene {number}"),
    "continue": ("Continuar", "Continue"),
    "skip": ("Prefiero no contestar", "I would rather not answer"),
    "back": ("Volver a la anterior", "Back to the one before"),
    "withdraw": ("Retirarme del estudio", "Withdraw from the study"),
    "leave": ("Otras posibilidades", "Other possibilities"),
    "offline": (
        "Sin conexión. Lo que ha contestado sigue aquí y se enviará en cuanto vuelva.",
        "No connection. What you answered is still here and is sent as soon as it is back.",
    ),
    "broken": (
        "Este ordenador no puede guardar ahora. Lo que ha contestado sigue aquí: por favor, avise "
        "a quien le atiende.",
        "This computer cannot save just now. What you answered is still here: please let the "
        "person with you know.",
    ),
    # Answers that cannot be taken
    "left_out": (
        "Queda algo sin contestar. Puede contestarlo ahora, o pulsar Continuar otra vez y dejarlo "
        "así.",
        "Something is not answered yet. You may answer it now, or press Continue once more and "
        "leave it out.",
    ),
    "left_out_here": ("Sin contestar", "Not answered"),
    "check": (
        "Hay una respuesta que no se entiende. Corríjala, por favor.",
        "One answer could not be understood. Please correct it.",
    ),
    "not_an_option": ("Elija una de las opciones.", "Choose one of the options."),
    "not_on_the_scale": ("Elija un punto de la escala.", "Choose a point of the scale."),
    "not_a_moment": (
        "Escriba minutos y segundos, por ejemplo 0:42.",
        "Write minutes and seconds, for example 0:42.",
    ),
    "after_the_end": (
        "La escena dura menos. Cuente desde el comienzo de la escena.",
        "The scene is shorter than that. Count from the start of the scene.",
    ),
    "too_long": ("El texto es demasiado largo.", "The text is too long."),
    # Kinds of questions
    "which": ("¿Cuál?", "Which one?"),
    "player": ("La escena", "The scene"),
    "face_player": ("Su cara en este momento", "Your face at this moment"),
    "play": ("Reproducir", "Play"),
    "pause": ("Parar", "Pause"),
    "second_back": ("Un segundo atrás", "One second back"),
    "second_on": ("Un segundo adelante", "One second on"),
    "position": ("Lugar en la escena", "Place in the scene"),
    "mark": ("Marcar este momento", "Mark this moment"),
    "minutes": ("Momento (minutos:segundos)", "Moment (minutes:seconds)"),
    "lasts": ("La escena dura {length}.", "The scene lasts {length}."),
    "unknown": ("No lo sé", "I don't know"),
    "scale_end": ("{number}, {end}", "{number}, {end}"),
    # The end
    "last": ("Ha llegado al final", "You have reached the end"),
    "last_text": (
        "Todas las respuestas están guardadas. Puede volver atrás y cambiar algo, o terminar.",
        "All your answers are saved. You may go back and change something, or finish.",
    ),
    "finish": ("Terminar", "Finish"),
    "thanks": ("Muchas gracias", "Thank you very much"),
    "thanks_text": (
        "Ha terminado. Por favor, avise a quien le atiende.",
        "You are done. Please let the person with you know.",
    ),
    # Withdrawing
    "withdraw_title": ("¿Quiere retirarse?", "Do you want to withdraw?"),
    "withdraw_text": (
        "Si se retira, nada de lo suyo se usará: ni la grabación, ni sus respuestas. No tiene que "
        "dar explicaciones ni hay ninguna consecuencia. Quien le atiende verá que se ha retirado.",
        "If you withdraw, nothing of yours is used: neither the recording nor your answers. You "
        "need not say why, and there is no consequence. The person with you will see that you "
        "have withdrawn.",
    ),
    "withdraw_yes": ("Sí, me retiro", "Yes, I withdraw"),
    "withdraw_no": ("No, seguir con las preguntas", "No, go on with the questions"),
    "withdrawn": ("Se ha retirado", "You have withdrawn"),
    "withdrawn_text": (
        "Nada de lo suyo se usará. Por favor, avise a quien le atiende.",
        "Nothing of yours will be used. Please let the person with you know.",
    ),
    # What is refused
    "closed": ("Este formulario no está abierto", "This form is not open"),
    "closed_text": (
        "El enlace ya se usó o fue sustituido por otro. Por favor, avise a quien le atiende.",
        "The link was used already or replaced by another. Please let the person with you know.",
    ),
    "refused_text": (
        "No hay consentimiento para seguir. Por favor, avise a quien le atiende.",
        "There is no consent to go on. Please let the person with you know.",
    ),
    "broken_text": (
        "Falta algo en este ordenador. Por favor, avise a quien le atiende.",
        "Something is missing on this computer. Please let the person with you know.",
    ),
}
