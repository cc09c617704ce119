"""What the clip page says; its script is given the same texts."""

from typing import Final

from mexlab.web.language import Words
from mexlab.web.words import PLAYER_WORDS

CLIP_WORDS: Final[Words] = {
    **PLAYER_WORDS,
    "clip": ("Clip", "Clip"),
    "to_clips": ("A los clips", "To the clips"),
    "place": ("{place} de {found}", "{place} of {found}"),
    "before": ("Anterior", "Previous"),
    "after": ("Siguiente", "Next"),
    # Stage
    "face_picture": ("La cara, tal como está en los datos", "The face, as it lies in the dataset"),
    "flow_picture": ("Flujo óptico", "Optical flow"),
    "source_picture": ("Fotograma de la grabación", "Frame of the recording"),
    "unreadable": ("Este clip no se puede mostrar", "This clip cannot be shown"),
    "flow": ("flujo", "flow"),
    "flow_step": ("paso a paso", "step by step"),
    "flow_apex": ("de inicio a ápice", "onset to apex"),
    "flow_scale": (
        "{percent} % de la distancia entre los ojos",
        "{percent}% of the distance between the eyes",
    ),
    "no_flow": ("Sin flujo: es el primer fotograma", "No flow: this is the first frame"),
    "curves_picture": ("Curvas de AU y movimiento", "AU and motion curves"),
    "motion": ("movimiento", "motion"),
    "no_aus": ("Este clip no tiene valores de AU.", "This clip has no AU scores."),
    "key_apex": ("inicio, ápice, final", "onset, apex, offset"),
    "key_next": ("otro clip", "another clip"),
    # What is known
    "words_title": ("Lo que se sabe", "What is known"),
    "target_of": ("La película buscaba", "The film aimed at"),
    "reported_of": ("La persona declaró", "The person reported"),
    "expressed_of": ("El análisis vio", "The analysis saw"),
    "coded_of": ("Se codificó", "Coders saw"),
    "label_of": ("Etiqueta", "Label"),
    "label_from": ("de: {source}", "from: {source}"),
    "label3_of": ("Clase de tres", "Class of three"),
    # This frame
    "frame_title": ("Este fotograma", "This frame"),
    "at": ("En la sesión", "In the session"),
    "from_start": ("{seconds} s del clip", "{seconds} s into the clip"),
    "source_frame": ("Fotograma grabado", "Recorded frame"),
    "source_error": ("Distancia al instante pedido", "Distance from the moment asked for"),
    "step": ("Desde el anterior", "Since the one before"),
    "flags": ("Señales", "Flags"),
    "flag_repeated": ("repetido", "repeated"),
    "flag_gap": ("hueco antes", "gap before"),
    "same_time": (
        "la grabación lo tomó en ese instante",
        "the recording took it at that moment",
    ),
    "other_time": (
        "la grabación del estudio no coincide",
        "the study's recording does not match",
    ),
    # Recording and interval
    "recording_title": ("Grabación e intervalo", "Recording and interval"),
    "session": ("Sesión", "Session"),
    "recording": ("Grabación", "Recording"),
    "started": ("Empezó", "Started"),
    "interval": ("Intervalo", "Interval"),
    "moments": ("Inicio, ápice, final", "Onset, apex, offset"),
    "rows": ("filas {rows}", "rows {rows}"),
    "of_recording": ("grabados {frames}", "recorded {frames}"),
    "evidence": ("Indicio", "Evidence"),
    "evidence_peak": ("movimiento", "movement"),
    "evidence_report": ("declaración", "report"),
    "evidence_both": ("ambos", "both"),
    "evidence_none": ("ninguno", "none"),
    "sides_title": ("Particiones", "Splits"),
    "fold": ("pliegue {fold}", "fold {fold}"),
    "others_title": ("Calidad y medidas", "Quality and measures"),
    # Coders
    "codes_title": ("Decisiones de codificación", "Coders' decisions"),
    "no_codes": ("Nadie ha enviado un código de este clip.", "Nobody has submitted a code of it."),
    "code_counts": ("es el que cuenta", "the one that counts"),
    "agreed": ("acuerdo", "agreement"),
    "not_settled": (
        "Ninguno cuenta todavía: faltan códigos o difieren.",
        "None counts yet: codes are missing, or they differ.",
    ),
    "verdict_accept": ("acepta", "accept"),
    "verdict_adjust": ("ajusta", "adjust"),
    "verdict_reject": ("sin expresión", "no expression"),
    "verdict_uncodable": ("no codificable", "not codable"),
    "verdict_code": ("expresión", "expression"),
    "confidence": ("confianza {value}", "confidence {value}"),
    "submitted_final": ("final", "final"),
    "submitted_gold": ("final, de referencia", "final, gold"),
    "coders_count": ("Códigos enviados al construir", "Codes submitted at build time"),
    # Answers
    "answers_title": ("Respuestas del formulario", "Answers in the form"),
    "no_answers": (
        "No hay respuestas sobre esta escena.",
        "There are no answers about this scene.",
    ),
    "no_answer": ("sin respuesta", "no answer"),
    # Study
    "study_none": (
        "El estudio no está a mano. Con pipeline app … --study ESTUDIO se ven el fotograma "
        "grabado, los códigos y las respuestas.",
        "The study is not at hand. With pipeline app … --study STUDY the recorded frame, the codes "
        "and the answers are shown.",
    ),
    "study_refused": ("El estudio no puede mostrar más", "The study cannot show more"),
    "sheet_title": ("Hoja de anotación del corpus", "The corpus's annotation sheet"),
    "predictions_title": ("Predicciones", "Predictions"),
    "predicted_right": ("acierta", "right"),
    "predicted_wrong": ("falla: {truth}", "wrong: {truth}"),
}
