"""What a movement is by its length: micro or macro."""


def kind_of(duration_ms: float, frame_ms: float, micro_max_ms: float) -> str:
    """micro, macro, or uncertain where one frame interval could decide it."""
    if abs(duration_ms - micro_max_ms) < frame_ms / 2:
        return "uncertain"
    return "micro" if duration_ms <= micro_max_ms else "macro"
