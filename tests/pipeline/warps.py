"""Pictures of 224 px moved by smooth sub-pixel fields that are known exactly."""

import cv2
import numpy as np
from skimage import data

SIDE = 224
# Centre x and y, radius, and the shares of the amplitude in u and v: brows, mouth, a cheek.
BUMPS = (
    (75, 80, 18, 1, -0.5),
    (150, 80, 18, -0.5, 1),
    (112, 160, 22, 0.33, 1),
    (60, 150, 16, -1, 0),
)


def pictures():
    """uint8 (224, 224): a real face close up, the same in its surroundings, fur, and grass."""
    face, cat = (
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (data.astronaut(), data.cat())
    )
    close = cv2.resize(face[20:220, 120:320], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    whole = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    fur = cv2.resize(cat, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return {"face": close, "person": whole, "fur": fur, "grass": data.grass()[:SIDE, :SIDE].copy()}


def backward(amplitude_px):
    """float32 (2, 224, 224): how far each pixel of the moved picture has come."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    field = np.zeros((2, SIDE, SIDE))
    for centre_x, centre_y, radius, right, down in BUMPS:
        hill = np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * radius**2))
        field += amplitude_px * np.array([right, down])[:, None, None] * hill
    return field.astype(np.float32)


def moved(image, amplitude_px):
    """The picture after the movement."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    come = backward(amplitude_px)
    edges = {"borderMode": cv2.BORDER_REPLICATE}
    return cv2.remap(image, x - come[0], y - come[1], cv2.INTER_CUBIC, **edges)


def truth(amplitude_px):
    """float32 (2, 224, 224): how far each pixel of the first picture goes.

    What goes from x by d(x) arrives where it has come that far: d(x) = e(x + d(x)), by iteration.
    """
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    come = backward(amplitude_px)
    goes = come.copy()
    for _ in range(20):
        at = (x + goes[0], y + goes[1], cv2.INTER_LINEAR)
        goes = np.stack([cv2.remap(part, *at, borderMode=cv2.BORDER_REPLICATE) for part in come])
    return goes
