"""What the prediction page says, in Spanish and English; its scripts are given the same texts."""

from typing import Final

from mexlab.web.language import EMOTION_WORDS, Words
from mexlab.web.words import PLAYER_WORDS

PREDICT_WORDS: Final[Words] = {
    **EMOTION_WORDS,
    **PLAYER_WORDS,
    "predict": ("Predicción", "Prediction"),
    "predict_title": (
        "¿Qué dice el modelo de una cara nueva?",
        "What does the model say of a new face?",
    ),
    "predict_run": ("Modelo", "Model"),
    "predict_no_run": (
        "Para predecir hace falta un entrenamiento. Inicie el programa con su carpeta:",
        "A prediction takes a training run. Start the program with its folder:",
    ),
    "predict_drop": (
        "Suelte aquí un vídeo de una cara, o haga clic para elegirlo",
        "Drop a video of a face here, or click to choose one",
    ),
    "predict_kept": (
        "El vídeo se queda en este ordenador y se borra en cuanto está analizado; el resultado, "
        "al cerrar el programa. Pregunte antes a quien aparece en él.",
        "The video stays on this computer and is removed as soon as it is analysed; the result, "
        "when the program ends. Ask the person in it first.",
    ),
    "predict_earlier": ("Desde que se inició el programa", "Since the program was started"),
    "predict_gone": ("ese modelo ya no está abierto", "that model is no longer open"),
    "predict_too_large": (
        "el vídeo es demasiado grande, o el envío se ha cortado",
        "the video is too large, or the sending broke off",
    ),
    "predict_sending": ("Enviando el vídeo…", "Sending the video…"),
    "predict_refused": ("No se ha podido enviar: {error}", "It could not be sent: {error}"),
    "state_coming": ("llegando", "coming in"),
    "state_waiting": ("en espera", "waiting its turn"),
    "state_working": ("en curso", "being analysed"),
    "state_done": ("listo", "done"),
    "state_failed": ("no ha sido posible", "not possible"),
    "stage_": ("Preparando el modelo", "Getting the model ready"),
    "stage_looking": ("Buscando caras", "Looking for faces"),
    "stage_hiding": ("Ocultando las demás caras", "Hiding the other faces"),
    "stage_analysing": ("Siguiendo los movimientos de la cara", "Following the face's movements"),
    "stage_judging": ("Juzgando cada fotograma", "Judging each frame"),
    "predict_again": ("Otro vídeo", "Another video"),
    "predict_forget": ("Borrar este resultado", "Remove this result"),
    "guess": (
        "Es una suposición de un modelo a partir de los movimientos de la cara, no lo que la "
        "persona sentía. Donde nada se mueve, las curvas dicen poco.",
        "A model's guess from the movements of the face, not what the person felt. Where nothing "
        "moves, the curves say little.",
    ),
    "predict_picture": ("La cara y el cuadro que ve el modelo", "The face and what the model sees"),
    "predict_curves": (
        "Probabilidad de cada clase en el tiempo, con los intervalos",
        "Probability of each class over time, with the intervals",
    ),
    "intervals": ("Intervalos", "Intervals"),
    "no_intervals": (
        "Nada se movió más que en reposo.",
        "Nothing moved more than the face at rest.",
    ),
    "no_face_at_all": ("No se ve ninguna cara.", "No face is seen."),
    "kind_micro_one": ("micro", "micro"),
    "kind_macro_one": ("macro", "macro"),
    "kind_uncertain_one": ("dudosa", "uncertain"),
    "apex_at": ("ápice {at} s", "apex {at} s"),
    "files": ("Para guardar", "To keep"),
    "about_model": ("Modelo y vídeo", "Model and video"),
    "predict_model": (
        "{run}: {model} sobre {input}, {classes} clases",
        "{run}: {model} on {input}, {classes} classes",
    ),
    "predict_scores": (
        "Con personas que no conocía ({protocol}): UF1\u00a0{uf1}",
        "On people it had not seen ({protocol}): UF1\u00a0{uf1}",
    ),
    "frames_with_face": (
        "{faces} de {frames} fotogramas con cara",
        "{faces} of {frames} frames show a face",
    ),
    "remarks": ("Avisos", "Remarks"),
    "positive": ("positiva", "positive"),
    "negative": ("negativa", "negative"),
    "of_video": ("del vídeo", "of the video"),
    "key_interval": ("intervalo anterior, siguiente", "interval before, after"),
}
