"""What the pre-flight check says in both languages: its findings' names, details and remedies."""

from typing import Final

from mexlab.web.language import Words

WORDS: Final[Words] = {
    "as it is": ("{text}", "{text}"),  # an error's own words, which are English
    # Names; the English one is the key, as the command prints it and its JSON has it.
    "camera": ("cámara", "camera"),
    "rate": ("imágenes por segundo", "rate"),
    "light": ("luz", "light"),
    "face": ("cara", "face"),
    "face size": ("tamaño de la cara", "face size"),
    "face place": ("posición de la cara", "face place"),
    "face model": ("modelo de la cara", "face model"),
    "sharpness": ("nitidez", "sharpness"),
    "computer": ("ordenador", "computer"),
    "disk": ("disco", "disk"),
    "display": ("pantalla", "display"),
    "sound": ("sonido", "sound"),
    # Details.
    "camera gives": (
        "{spec} por {backend}, {width}x{height}",
        "{spec} by {backend}, {width}x{height}",
    ),
    "camera differs": (
        "{setting} {granted} en lugar de {asked}",
        "{setting} {granted} instead of {asked}",
    ),
    "camera not held": (
        "la exposición, el balance de blancos y el enfoque no se pueden fijar",
        "exposure, white balance and focus cannot be held",
    ),
    "pictures a second": (
        "{rate:.1f} imágenes por segundo de {nominal:g}",
        "{rate:.1f} pictures a second of {nominal:g}",
    ),
    "brightness": (
        "brillo {brightness:.0%}, {black:.0%} negro, {white:.0%} blanco",
        "brightness {brightness:.0%}, {black:.0%} black, {white:.0%} white",
    ),
    "face seen": (
        "una cara en {seen} de {looked} imágenes",
        "a face in {seen} of {looked} pictures",
    ),
    "between the eyes": ("{iod_px:.0f} px entre los ojos", "{iod_px:.0f} px between the eyes"),
    "face at": (
        "al {x:.0%} del ancho y al {y:.0%} del alto",
        "at {x:.0%} of the width and {y:.0%} of the height",
    ),
    "recorded crop": ("se graba {width}x{height}", "recorded {width}x{height}"),
    "recorded whole": ("se graba entera", "recorded whole"),
    "sharp": ("{variance:.0f}", "{variance:.0f}"),
    "encoding": (
        "codificar ocupa el {part:.0%} de uno de {cores} núcleos",
        "encoding takes {part:.0%} of one of {cores} cores",
    ),
    "disk room": (
        "{free_gb:.1f} GB libres, {needed_gb:.2f} GB para {minutes:.0f} min",
        "{free_gb:.1f} GB free, {needed_gb:.2f} GB for {minutes:.0f} min",
    ),
    "no such display": ("no hay pantalla {wanted}", "no display {wanted}"),
    "displays": ("hay: {known}", "there are: {known}"),
    "no displays": ("no hay ninguna", "there are: none"),
    "display refresh": (
        "{display}, {refresh_hz:g} Hz para una película de {film_fps:g} fps",
        "{display}, {refresh_hz:g} Hz for a film of {film_fps:g} fps",
    ),
    "no sound output": ("no hay salida de sonido", "no sound output"),
    "sound output": ("{description}", "{description}"),
    "muted": ("silenciada", "muted"),
    "level unknown": ("volumen desconocido", "level unknown"),
    "level": ("volumen {volume:.0%}", "level {volume:.0%}"),
    # Remedies.
    "choose a mode": (
        "elija en study.toml [camera] un modo que la cámara tenga",
        "choose a mode the camera has in study.toml [camera]",
    ),
    "more light": (
        "más luz en la cara; una cámara que expone más tiempo da menos imágenes",
        "more light on the face; a camera that exposes longer gives fewer pictures",
    ),
    "add a lamp": (
        "una lámpara delante de la persona participante",
        "a lamp in front of the participant",
    ),
    "less light": (
        "menos luz o luz más suave en la cara",
        "less or softer light on the face",
    ),
    "sit in front": (
        "siéntese delante de la cámara, sin mascarilla",
        "sit in front of the camera, without a mask",
    ),
    "move nearer": (
        "acérquese, o grabe más grande: {least:g} px o más muestran movimientos pequeños",
        "move nearer, or record larger: {least:g} px or more show small movements",
    ),
    "centre the face": ("centre la cara", "centre the face"),
    "wipe the lens": (
        "limpie la lente, o enfoque la cara",
        "wipe the lens, or focus on the face",
    ),
    "faster computer": (
        "grabe más pequeño, o en un ordenador más rápido: la película y la cámara también "
        "necesitan un núcleo",
        "record smaller, or on a faster computer: film and camera need a core as well",
    ),
    "free space": ("libere espacio", "free some space"),
    "choose a display": (
        "elija una de ellas en study.toml [player] display",
        "choose one of them in study.toml [player] display",
    ),
    "even refresh": (
        "una frecuencia múltiplo de la de la película muestra cada imagen el mismo tiempo",
        "a refresh rate that is a multiple of the film's shows each frame equally long",
    ),
    "connect sound": (
        "conecte altavoces o auriculares",
        "connect loudspeakers or headphones",
    ),
    "turn up": ("suba el volumen", "turn the sound up"),
}
