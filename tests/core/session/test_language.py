"""A session speaks the reader's language in every state: its refusals, alarms, pauses and last words."""

from collections.abc import Iterator
from math import inf

import pytest

from estim.core.errors import EstimError, IllegalMove
from estim.core.messages.events import Alarmed, Ended, LinkLost, Paused, Phased
from estim.core.session.guard import NOT_FRESH, permit
from estim.core.session.snapshot import snapshot
from estim.core.session.states import TABLE, Move, move
from estim.core.translation import LANGUAGE, English
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.language import choose
from protocols.vocabulary import Channel, Contact, Event, Hand, Level, LowBattery, Mode, Refused
from protocols.vocabulary import Ended as UnitEnded
from tests.core.session.test_session_rules import GOAL, Box
from tests.pseudo import plain_words, pseudo

A = Channel.A
BY_A_PERSON = (Move.ARM, Move.LEVEL, Move.PAUSE, Move.RESUME)


def playing(**box: bool) -> Box:
    made = Box(**box)  # type: ignore[arg-type] # both are flags
    made.run(20)
    assert (made.at(), made.level) == (State.RUNNING, GOAL)
    return made


def words(box: Box) -> str:
    """Return all that it has told people."""
    told = []
    for one in box.told:
        match one:
            case Alarmed(text=text):
                told += [text, "" if one.do == box.session.unit.by_hand else one.do]
            case Paused(why=why):
                told.append(why)
            case Ended(message=message):
                told.append(message.replace(box.session.unit.by_hand, ""))
            case LinkLost(text=text):
                told.append(text)
            case Phased(phase=phase):
                told.append(phase)
            case _:
                pass
    return "\n".join(told)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("by", BY_A_PERSON)
def test_a_refusal_is_said_in_the_readers_language(state: State, by: Move) -> None:
    if by in TABLE[state]:
        return
    with pseudo(), pytest.raises(IllegalMove) as refused:
        move(state, by)
    assert plain_words(refused.value.text) == []


@pytest.mark.parametrize(
    "event",
    [
        Contact(A, False),
        LowBattery(),
        Hand(A, Level(150), rose=True),
        UnitEnded("the unit is on its charger"),
        Refused("the unit left 5 questions unanswered"),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_what_a_unit_does_is_told_in_the_readers_language(event: Event, waits: bool) -> None:
    with pseudo():
        box = playing(waits=waits)
        box.step(event)
        box.run(5)
        box.told += box.session.stop(box.now, Reason.STOPPED)
        box.run(5)
        told = words(box)
    assert told.count("\n") >= 2
    assert plain_words(told, "estim", "box", "a new unit") == []


@pytest.mark.parametrize("reason", [Reason.STOPPED, Reason.PANIC, Reason.INTERRUPTED])
@pytest.mark.parametrize("deaf", [False, True])
def test_the_last_word_of_a_stop_is_said_in_the_readers_language(reason: Reason, deaf: bool) -> None:
    with pseudo():
        box = playing()
        box.deaf = deaf
        box.told += box.session.stop(box.now, reason)
        box.run(60)
        told = words(box)
    assert box.session.stop_confirmed is not deaf
    assert plain_words(told, "box") == []


def test_a_lost_link_a_fault_and_a_pause_are_told_in_the_readers_language() -> None:
    with pseudo():
        for until_s in (inf, 500.0, 0.0):
            box = playing()
            box.told += box.session.link_down(box.now, replace(box.reported, until_s=until_s), "")
            assert plain_words(words(box)) in ([], ["T"])
        box = playing()
        box.says = {"heard_s": box.now_s - 60}
        box.step()
        box = playing()
        box.told += box.session.pause(box.now)
        box.run(400)
        assert box.session.reason is Reason.STOPPED
        assert plain_words(words(box), "box") == []
        box = Box(pads_on=False)
        box.run(400)
        assert box.session.reason is Reason.REFUSED
        assert plain_words(words(box), "box") == []


def test_what_is_shown_and_refused_beside_a_level_is_in_the_readers_language() -> None:
    with pseudo():
        box = playing()
        shown = snapshot(box.now, box.session, box.reported, None)
        refused = []
        for change in ({"by": 100, "to": None}, {"by": None, "to": 199}):
            with pytest.raises(EstimError) as error:
                box.session.level(A, **change)
            refused.append(error.value.text)
        done = box.session.level(A, by=-1, to=None)
    told = [shown.program_title, shown.phase, *(one.title for one in shown.phases), *shown.differs, *refused, done]
    assert plain_words("\n".join(told), "a new unit") == []


@pytest.fixture
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())


@pytest.mark.control("C-60")
@pytest.mark.usefixtures("english_again")
def test_the_guard_asks_the_unit_again_in_every_language() -> None:
    """A level that is known but not lately is asked for: no word of a language may decide that."""
    for language in ("en", "de"):
        box = playing()
        box.session.level(A, by=1, to=None)
        late = replace(box.reported, told_s=box.now_s - 0.1, settled_s={A: -100.0, Channel.B: -100.0})
        choose({"LANG": language})
        request = box.session.request(box.now)
        caps = replace(box.caps, fresh_s=0.05)
        assert request.mode is Mode.PLAY
        granted = permit(box.now_s, replace(request, level={A: Level(GOAL + 1)}), late, caps, box.session.limits)
        assert granted.asks
        assert (granted.why[A] == NOT_FRESH) is (language == "en")
