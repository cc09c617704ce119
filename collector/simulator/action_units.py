"""Which Action Units make an emotion, and which way each one moves which part of the face.

Emotions follow EMFACS (Friesen & Ekman 1983); the moves are a reading of the FACS manual's
appearance changes as directions of landmarks: coarse, but with the right regions and signs.
Points are MediaPipe's mesh indices; "right" is the participant's right, the picture's left.
"""

from dataclasses import dataclass

EMOTION_AUS: dict[str, tuple[str, ...]] = {
    "sadness": ("AU01", "AU04", "AU15"),
    "surprise": ("AU01", "AU02", "AU05", "AU26"),
    "fear": ("AU01", "AU02", "AU04", "AU05", "AU20", "AU26"),
    "disgust": ("AU09", "AU10", "AU17"),
    "anger": ("AU04", "AU05", "AU07", "AU23"),
    "happiness": ("AU06", "AU12"),
}

# Regions as (right side, left side); points on the midline stand in both.
REGIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "brow_inner": ((107, 55), (336, 285)),
    "brow_middle": ((105, 66, 52, 65), (334, 296, 282, 295)),
    "brow_outer": ((70, 63, 46, 53), (300, 293, 276, 283)),
    "glabella": ((9, 8), (9, 8)),
    "lid_upper": ((160, 159, 158), (387, 386, 385)),
    "lid_lower": ((144, 145, 153), (373, 374, 380)),
    "cheek": ((50, 101, 36, 117, 205), (280, 330, 266, 346, 425)),
    "nose_wing": ((98, 64, 129, 203), (327, 294, 358, 423)),
    "nose_side": ((126, 198), (355, 420)),
    "corner": ((61, 78), (291, 308)),
    "lip_upper": ((0, 13, 37, 82, 39, 81), (0, 13, 267, 312, 269, 311)),
    "lip_upper_outer": ((40, 80, 185, 191), (270, 310, 409, 415)),
    "lip_lower": ((17, 14, 84, 87, 181, 178), (17, 14, 314, 317, 405, 402)),
    "lip_lower_outer": ((91, 88, 146, 95), (321, 318, 375, 324)),
    "chin": ((18, 200, 199, 83, 201, 182, 194), (18, 200, 199, 313, 421, 406, 418)),
    "jaw": ((152, 148, 176, 149, 150), (152, 377, 400, 378, 379)),
}

# Parts that follow the lower lip when the mouth is split, and parts that follow the upper one.
LOWER_PARTS = ("lip_lower", "lip_lower_outer", "chin", "jaw")
UPPER_PARTS = ("lip_upper", "lip_upper_outer")

# What no expression of ours moves: eye corners and irises, the bridge of the nose, the outline.
PINNED = (
    *(33, 133, 263, 362, *range(468, 478)),
    *(6, 197, 195, 168),
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365),
    *(109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136),
)


@dataclass(frozen=True)
class Move:
    """A region's displacement relative to the AU's strongest: to the side (outwards) and up."""

    region: str
    outwards: float
    up: float


AU_MOVES: dict[str, tuple[Move, ...]] = {
    "AU01": (Move("brow_inner", 0, 1.1), Move("brow_middle", 0, 0.6), Move("glabella", 0, 0.6)),
    "AU02": (Move("brow_outer", 0, 0.9), Move("brow_middle", 0, 0.7)),
    "AU04": (
        Move("brow_inner", -0.35, -0.7),
        Move("brow_middle", -0.25, -0.45),
        Move("brow_outer", -0.1, -0.15),
        Move("glabella", 0, -0.5),
    ),
    "AU05": (Move("lid_upper", 0, 0.2),),
    "AU06": (Move("cheek", 0.05, 0.45), Move("lid_lower", 0, 0.15)),
    "AU07": (Move("lid_lower", 0, 0.2), Move("lid_upper", 0, -0.1)),
    "AU09": (
        Move("nose_wing", 0.05, 0.6),
        Move("nose_side", 0, 0.45),
        Move("brow_inner", -0.15, -0.5),
        Move("glabella", 0, -0.4),
        Move("lip_upper", 0, 0.3),
    ),
    "AU10": (
        Move("lip_upper", 0, 0.6),
        Move("lip_upper_outer", 0.05, 0.5),
        Move("nose_wing", 0.05, 0.2),
        Move("cheek", 0, 0.2),
    ),
    "AU12": (
        Move("corner", 0.65, 0.75),
        Move("lip_upper_outer", 0.45, 0.45),
        Move("lip_lower_outer", 0.45, 0.45),
        Move("lip_upper", 0.15, 0.1),
        Move("lip_lower", 0.15, 0.1),
        Move("cheek", 0.1, 0.3),
    ),
    "AU15": (
        Move("corner", 0.1, -0.8),
        Move("lip_lower_outer", 0.05, -0.6),
        Move("lip_upper_outer", 0.05, -0.5),
        Move("lip_lower", 0, -0.25),
        Move("lip_upper", 0, -0.15),
    ),
    "AU17": (
        Move("chin", 0, 0.6),
        Move("lip_lower", 0, 0.35),
        Move("lip_lower_outer", 0, 0.2),
    ),
    "AU20": (
        Move("corner", 0.8, -0.1),
        Move("lip_upper_outer", 0.5, 0),
        Move("lip_lower_outer", 0.5, -0.1),
    ),
    "AU23": (
        Move("corner", -0.5, 0),
        Move("lip_upper", 0, -0.25),
        Move("lip_upper_outer", -0.3, -0.15),
        Move("lip_lower", 0, 0.3),
        Move("lip_lower_outer", -0.3, 0.15),
    ),
    "AU26": (
        Move("jaw", 0, -0.9),
        Move("chin", 0, -1),
        Move("lip_lower", 0, -0.9),
        Move("lip_lower_outer", -0.1, -0.7),
        Move("corner", -0.15, -0.3),
    ),
}
