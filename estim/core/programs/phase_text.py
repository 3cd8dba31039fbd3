"""What a phase of a program plays and what its kind is called: the one place for the screen and the command line."""

from estim.core.programs.program import Phase, words
from estim.core.translation import figure, mark, tr, tr_text


def minutes_text(length_s: float) -> str:
    """Return a length as minutes with one decimal at most."""
    return figure(round(length_s / 60, 1))


KIND_NAMES = {"pain": mark("pain", "kind"), "twitch": mark("twitch", "kind"), "tetanic": mark("tetanic", "kind")}


def kind_named(kind: str) -> str:
    """Return what people read for a program's kind."""
    return tr_text(KIND_NAMES[kind], "kind")


def phase_text(phase: Phase) -> str:
    """Return what a phase plays: title, length, rate, width, bursts, rise and fall, and its share of the level."""
    parts = [
        tr(
            "{phase}: {minutes} min, {rate}, {width}",
            phase=tr_text(phase.title),
            minutes=minutes_text(phase.length_s),
            rate=words(phase.rate_hz, "Hz"),
            width=words(phase.width_us, "µs"),
        )
    ]
    if phase.burst is not None:
        on_ms = phase.burst.on_s * 1000
        parts.append(tr("bursts of {on:g} ms, {off:g} ms apart", on=on_ms, off=phase.burst.off_s * 1000))
    if phase.envelope is not None:
        one = phase.envelope
        parts.append(
            tr(
                "rise {up:g} s, hold {hold:g} s, fall {down:g} s, rest {rest:g} s",
                up=one.up_s,
                hold=one.on_s,
                down=one.down_s,
                rest=one.off_s,
            )
        )
    if phase.level_pct != 100:
        parts.append(tr("{percent} % of your level", percent=phase.level_pct))
    return ", ".join(parts)
