"""Colours that can be read in every theme: black or white on a background, whichever is clearer; pure functions."""

from collections.abc import Mapping

from textual.color import Color

GROUNDS = ("error", "warning", "warning-muted", "secondary-muted", "primary-muted")
"""The backgrounds that our texts stand on."""
BLACK = "#000000"
WHITE = "#ffffff"


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a theme's variables with `on-…` for each of our backgrounds."""
    grounds = {name: Color.parse(variables[name]) for name in GROUNDS if name in variables}
    return {**variables, **{f"on-{name}": _clearer(ground) for name, ground in grounds.items()}}


def _clearer(ground: Color) -> str:
    """Return black or white; the worse of the two never has more than half the way, so the better has 4.58 at least."""
    return max((BLACK, WHITE), key=lambda text: contrast(Color.parse(text), ground))


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in (color.r, color.g, color.b))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
