"""What is wrong and what to do in the browser, by the words of the command line."""

from typing import Final

from mexlab.web.language import Words

PROBLEM_WORDS: Final[Words] = {
    "a file of the dataset is damaged": (
        "un fichero del conjunto está dañado",
        "a file of the dataset is damaged",
    ),
    "a file of the dataset is missing": (
        "falta un fichero del conjunto",
        "a file of the dataset is missing",
    ),
    "restore it from a copy or build again": (
        "restáurelo de una copia o vuelva a construir el conjunto",
        "restore it from a copy or build again",
    ),
    "no such dataset": ("no hay tal conjunto de datos", "no such dataset"),
    "go back to what is open": ("vuelva a lo que está abierto", "go back to what is open"),
    "no such clip in this dataset": (
        "no hay tal clip en este conjunto",
        "no such clip in this dataset",
    ),
    "go back to the clips": ("vuelva a los clips", "go back to the clips"),
    "the study has no such session": (
        "el estudio no tiene esa sesión",
        "the study has no such session",
    ),
    "give the study that the dataset was built from with --study": (
        "indique con --study el estudio del que se construyó el conjunto",
        "give the study that the dataset was built from with --study",
    ),
    "erase this person from the dataset too": (
        "borre a esta persona también del conjunto de datos",
        "erase this person from the dataset too",
    ),
    "no frames of this clip": ("este clip no tiene fotogramas", "no frames of this clip"),
    "build the dataset again": (
        "vuelva a construir el conjunto de datos",
        "build the dataset again",
    ),
    "not a table of frames": ("no es una tabla de fotogramas", "not a table of frames"),
    "no such chunk": ("no existe esa parte del vídeo", "no such chunk"),
    "ask for frames of the clip": ("pida fotogramas del clip", "ask for frames of the clip"),
    "ask for frames of the video": ("pida fotogramas del vídeo", "ask for frames of the video"),
    "no study is at hand": ("el estudio no está a mano", "no study is at hand"),
    "start with --study STUDY": ("inicie con --study ESTUDIO", "start with --study STUDY"),
    "the recording has no such frame": (
        "la grabación no tiene ese fotograma",
        "the recording has no such frame",
    ),
    "give the study that the dataset was built from": (
        "indique el estudio del que se construyó el conjunto",
        "give the study that the dataset was built from",
    ),
    "look at the disk": ("revise el disco", "look at the disk"),
    # Predictions
    "no such prediction": ("esa predicción ya no existe", "no such prediction"),
    "drop the video again": ("suelte el vídeo de nuevo", "drop the video again"),
    "not finished": ("aún no ha terminado", "not finished"),
    "wait until it is": ("espere a que termine", "wait until it is"),
    "no such file": ("no existe ese fichero", "no such file"),
    "choose one that the page offers": (
        "elija uno de los que ofrece la página",
        "choose one that the page offers",
    ),
    "the command failed": ("el programa ha fallado", "the command failed"),
    "see the server's messages": (
        "vea los mensajes del servidor",
        "see the server's messages",
    ),
    "a photo, not a video": ("es una foto, no un vídeo", "a photo, not a video"),
    "sound without a picture": ("es sonido sin imagen", "sound without a picture"),
    "there is no video in this file": (
        "no hay vídeo en este fichero",
        "there is no video in this file",
    ),
    "give a video of the face": ("elija un vídeo de la cara", "give a video of the face"),
    "give a video file": ("elija un fichero de vídeo", "give a video file"),
    "check that it plays, or copy it again": (
        "compruebe que se reproduce, o cópielo de nuevo",
        "check that it plays, or copy it again",
    ),
    # Remarks on a prediction
    "a control, not a model: its training labels were permuted, its answers are chance": (
        "un control, no un modelo: se entrenó con etiquetas permutadas y responde al azar",
        "a control, not a model: its training labels were permuted, its answers are chance",
    ),
    "other faces were not looked for: no face-landmarker model": (
        "no se buscaron otras caras: falta el modelo face-landmarker",
        "other faces were not looked for: no face-landmarker model",
    ),
    "intervals come from proxies of Action Units, not from FACS codes": (
        "los intervalos vienen de aproximaciones a las unidades de acción, no de códigos FACS",
        "intervals come from proxies of Action Units, not from FACS codes",
    ),
    "the run does not say how its faces were cut: the default settings were taken": (
        "el modelo no dice cómo se recortaron sus caras: se usó el recorte habitual",
        "the run does not say how its faces were cut: the default settings were taken",
    ),
    "frames were judged without the normalised light of training; intervals with it": (
        "los fotogramas se juzgaron sin la luz normalizada del entrenamiento; los intervalos, "
        "con ella",
        "frames were judged without the normalised light of training; intervals with it",
    ),
    "everything": ("todo", "everything"),
    "intervals of stretches": ("intervalos de tramos", "intervals of stretches"),
    "no face in any frame": ("ningún fotograma muestra una cara", "no face in any frame"),
    "no face in them": ("en ellos no hay cara", "no face in them"),
    "less than half of their frames show a face": (
        "menos de la mitad de sus fotogramas muestran una cara",
        "less than half of their frames show a face",
    ),
    "a single frame shows no movement": (
        "un solo fotograma no muestra movimiento",
        "a single frame shows no movement",
    ),
    "nothing moved more than the face at rest": (
        "nada se movió más que la cara en reposo",
        "nothing moved more than the face at rest",
    ),
    "no face at onset or apex": ("sin cara en el inicio o el ápice", "no face at onset or apex"),
    "only so many are kept, the clearest": (
        "solo se guardan los más claros",
        "only so many are kept, the clearest",
    ),
}
