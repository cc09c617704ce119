"""The self-assessment manikin as drawings of our own, after Bradley & Lang 1994: nine points each.

Valence goes from a frown to a smile; arousal from a sleepy figure to one with a burst in its chest.
"""

from math import cos, pi, sin

POINTS = range(1, 10)


def manikin(kind: str, point: int) -> str:
    """SVG of one point of `valence` or `arousal`, in the colour of the text around it."""
    part = (point - 1) / 8
    drawn = _valence(part) if kind == "valence" else _arousal(part)
    return (
        '<svg viewBox="0 0 60 80" aria-hidden="true" focusable="false" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        '<path d="M6 78 V60 Q6 46 20 46 H40 Q54 46 54 60 V78"/>'  # shoulders
        '<rect x="14" y="4" width="32" height="36" rx="14"/>'  # head
        f"{drawn}</svg>"
    )


def _valence(part: float) -> str:
    bend = 9 * (2 * part - 1)  # the middle of the mouth against its corners, down is a smile
    corner = 30 - bend / 2
    brow = 2.5 * (1 - 2 * part)  # inner ends go up in distress
    return (
        f'<path d="M21 {corner:.1f} Q30 {corner + 1.6 * bend:.1f} 39 {corner:.1f}"/>'
        f'<path d="M20 {13 + brow / 2:.1f} L26 {13 - brow:.1f} '
        f'M34 {13 - brow:.1f} L40 {13 + brow / 2:.1f}"/>'
        '<circle cx="23" cy="19" r="1.6" fill="currentColor"/>'
        '<circle cx="37" cy="19" r="1.6" fill="currentColor"/>'
    )


def _arousal(part: float) -> str:
    open_ = 0.4 + 4.2 * part  # half height of the eyes
    eyes = "".join(f'<ellipse cx="{x}" cy="18" rx="3" ry="{open_:.1f}"/>' for x in (23, 37))
    mouth = f'<ellipse cx="30" cy="31" rx="4" ry="{0.4 + 3 * part:.1f}"/>'
    outer, inner = 2 + 13 * part, 2 + 6 * part
    corners = (
        f"{30 + r * sin(a):.1f},{63 - r * cos(a):.1f}"
        for n in range(16)
        for a, r in [(n * pi / 8, inner if n % 2 else outer)]
    )
    burst = f'<polygon points="{" ".join(corners)}" fill="currentColor" stroke-width="1"/>'
    return eyes + mouth + burst
