"""Draws one Snapshot of a session: a pure function, so that what is on a screen can't be anything else than what is."""

from math import isinf

from estim.core.messages.shown import ChannelView, PhaseView, PulseView, Snapshot
from estim.core.moment import Now
from estim.core.session.announce import ages, count_words, local_time, on_left_s, on_until
from estim.core.session.guard import Permit
from estim.core.session.session import Session
from estim.core.session.states import PLAYING
from estim.core.translation import tr_text
from estim.core.vocabulary import State
from protocols.score import part_at, texture
from protocols.vocabulary import Channel, Out, Reported, Zero


def snapshot(now: Now, session: Session, reported: Reported | None, permit: Permit | None) -> Snapshot:
    """Return the present state of a session; `reported` None: the unit has never been reached."""
    now_s = now.mono_s
    unit = session.unit
    order = session.order
    heard, told = ages(now_s, reported) if reported else (None, None)
    phase, number, count = _phase(session, now_s)
    played_s = session.ramp.played_s(now_s)
    alive = session.state is not State.ENDED
    lost = reported is not None and not session.linked and alive
    return Snapshot(
        unit=unit.name,
        address=unit.address,
        family=unit.family,
        title=unit.title,
        simulated=unit.simulated,
        state=session.state,
        program=order.course.program.id if order else "",
        program_title=tr_text(order.course.program.title) if order else "",
        phase=phase,
        phase_number=number,
        phase_count=count,
        phases=_phases(session),
        pulse=_pulse(session, now_s),
        lanes=tuple(_lane(session, channel, now_s, reported, permit) for channel in session.caps.channels),
        length_s=session.length_s,
        elapsed_s=round(played_s, 2),
        left_s=round(max(0.0, session.length_s - played_s), 2),
        own_left_s=reported.left_s if reported else None,
        heard_age_s=heard,
        told_age_s=told,
        stale=alive and (lost or (told is not None and told > session.caps.stale_s)),
        battery=reported.battery if reported else None,
        out=_out(session, reported).value,
        zero=(reported.zero if reported else Zero.NO).value,
        lost_at=_local(session.lost) if session.lost and alive else None,
        on_until=_on_until(now, session, reported) if alive else None,
        on_left_s=_on_left_s(now, session, reported) if alive else None,
        differs=tuple(tr_text(one) for one in order.course.differs) if order else (),
        alarms=tuple(session.alarms.alarms),
        reason=session.reason,
        stop_confirmed=session.stop_confirmed,
        message=session.why,
        by_hand=unit.by_hand,
        counts=count_words(reported.counts) if reported else {},
    )


def _out(session: Session, reported: Reported | None) -> Out:
    """Return whether current may flow; a unit that was left on and hasn't been reached may be on."""
    if reported is not None:
        return reported.out
    return Out.MAYBE if session.order is None and session.state is not State.ENDED else Out.OFF


def _on_until(now: Now, session: Session, reported: Reported | None) -> str | None:
    """Return until when a unit that can't be reached may be on, as a local time; None if that isn't known."""
    if session.order is None:
        return local_time(now, session.until_s)
    return on_until(now, reported) if reported is not None and not session.linked else None


def _on_left_s(now: Now, session: Session, reported: Reported | None) -> float | None:
    """Return how long a unit that can't be reached may be on, s; 0 if it is off, None if that has no known end."""
    if session.order is None:
        return None if isinf(session.until_s) else round(max(0.0, session.until_s - now.mono_s), 2)
    return on_left_s(now.mono_s, reported) if reported is not None and not session.linked else None


def _local(moment: Now) -> str:
    return moment.utc.astimezone().isoformat(timespec="seconds")


def _phase(session: Session, now_s: float) -> tuple[str, int, int]:
    if session.order is None:
        return "", 0, 0
    score = session.order.course.score
    index, part = part_at(score, session.ramp.played_s(now_s))
    return tr_text(part.title), index + 1, len(score.parts)


def _phases(session: Session) -> tuple[PhaseView, ...]:
    """Return all phases of the course, as long as they are here."""
    parts = session.order.course.score.parts if session.order else ()
    return tuple(
        PhaseView(title=tr_text(part.title), length_s=round(part.length_s, 2), level_pct=part.level_pct)
        for part in parts
    )


def _pulse(session: Session, now_s: float) -> PulseView | None:
    """Return what the course plays now; None while nothing is played, and where the unit has a program of its own."""
    if session.order is None or session.state not in PLAYING or session.order.course.score.number is not None:
        return None
    score = session.order.course.score
    played_s = session.ramp.played_s(now_s)
    now = texture(score, played_s)
    part = part_at(score, played_s)[1]
    burst = part.burst
    envelope = part.envelope
    return PulseView(
        rate_hz=round(now.rate_hz, 1),
        width_us=round(now.width_us, 1),
        gate=round(now.gate, 2),
        into_s=round(max(0.0, played_s - part.start_s), 2),
        burst_s=(burst.on_s, burst.off_s) if burst else (),
        contraction_s=(envelope.up_s, envelope.on_s, envelope.down_s, envelope.off_s) if envelope else (),
    )


def _lane(
    session: Session, channel: Channel, now_s: float, reported: Reported | None, permit: Permit | None
) -> ChannelView:
    cap, why = session.limits.of(channel)
    span = reported.level[channel] if reported else None
    request = session.ramp.levels(now_s)[channel] if session.state in PLAYING else 0
    held_by = permit.why[channel] if permit and session.state in PLAYING else ""
    return ChannelView(
        channel=channel,
        lo=span.lo if span else 0,
        hi=span.hi if span else session.caps.scale,
        goal=session.ramp.goal(channel),
        request=request,
        cap=cap,
        cap_why=why,
        scale=session.caps.scale,
        held_by=held_by,
        room=session.room(channel),
    )
