"""`estim disconnect`: what it says of the link is the host's word, and no stop in another way covers it up."""

import json

import pytest

from estim.client.exchange import exchange
from estim.core.errors import Exit
from estim.host import stops
from tests.cli.line import Person
from tests.cli.playing import hosted

START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 2}, "pads_on": true, "keep": true}\n'


@pytest.mark.parametrize("patience_s", [stops.HANG_UP_S, 0.0])
def test_a_link_that_is_not_given_back_is_told_and_is_no_success(
    person: Person, monkeypatch: pytest.MonkeyPatch, patience_s: float
) -> None:
    monkeypatch.setattr(stops, "HANG_UP_S", patience_s)
    with hosted(person, "coyote3", speed="1"):
        assert json.loads(exchange(person.home / "control.sock", START, 30.0).answer())["answer"] == "done"
        said = person.types("disconnect")
    if patience_s:
        assert (said.code, said.err) == (Exit.DONE, "")
        assert said.out.endswith("no link is held\n")
    else:
        assert said.code == Exit.GENERAL
        assert "the link is not given back" in said.err
