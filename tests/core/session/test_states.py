"""Walks the session's table and its complement."""

import pytest

from estim.core.errors import Exit, IllegalMove
from estim.core.session.states import PLAYING, TABLE, Move, move
from estim.core.vocabulary import State

EVERY = [(state, by) for state in State for by in Move]
LEGAL = [(state, by) for state, by in EVERY if by in TABLE[state]]
ILLEGAL = [pair for pair in EVERY if pair not in LEGAL]


@pytest.mark.parametrize(("state", "by"), LEGAL)
def test_what_the_table_lists_is_allowed(state: State, by: Move) -> None:
    assert move(state, by) is TABLE[state][by]


@pytest.mark.parametrize(("state", "by"), ILLEGAL)
def test_all_else_is_refused_in_a_sentence(state: State, by: Move) -> None:
    with pytest.raises(IllegalMove, match=r"can't .+ now: .+") as refused:
        move(state, by)
    assert refused.value.code is Exit.TRY_LATER


def test_every_state_has_a_row() -> None:
    assert set(TABLE) == set(State)


@pytest.mark.control("C-13")
def test_only_armed_leads_to_output_the_first_time() -> None:
    into = {state for state, row in TABLE.items() for after in row.values() if after is State.RAMPING}
    assert into == {State.ARMED, State.RAMPING, State.PAUSED}
    assert {state for state, row in TABLE.items() if State.ARMED in row.values()} == {State.READY}


@pytest.mark.control("C-07")
def test_a_stop_is_legal_in_every_state_and_never_leads_to_output() -> None:
    for state in State:
        assert TABLE[state][Move.STOP] not in PLAYING


@pytest.mark.control("C-44")
def test_nothing_leads_from_stopping_or_fault_to_output_but_through_a_pause() -> None:
    for state in (State.STOPPING, State.FAULT, State.ENDED):
        assert not PLAYING & set(TABLE[state].values())


def test_the_end_is_the_end() -> None:
    assert set(TABLE[State.ENDED].values()) == {State.ENDED}


def test_every_state_can_reach_the_end() -> None:
    for start in State:
        seen = {start}
        todo = [start]
        while todo:
            for after in TABLE[todo.pop()].values():
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        assert State.ENDED in seen, start


@pytest.mark.parametrize("by", [Move.PAUSE, Move.RESUME])
def test_who_has_not_said_that_the_pads_are_on_is_told_so_in_plain_words(by: Move) -> None:
    with pytest.raises(IllegalMove, match="it waits for you to say that the pads are on"):
        move(State.READY, by)
