"""A Coyote on the radio in memory whose air falls silent: through the real runner, it ramps again from zero."""

import pytest

from estim.core.messages.events import Levelled, Paused
from tests.host.test_runner import Rig


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_after_a_silence_on_the_air_it_ramps_again_from_zero(name: str) -> None:
    rig = Rig(f"{name}:stall=20+2", minutes=1.0)
    rig.play()
    assert rig.ended.stop_confirmed
    told = [event for event in rig.notes.told if isinstance(event, Paused | Levelled)]
    pauses = [at for at, event in enumerate(told) if isinstance(event, Paused)]
    assert len(pauses) == 1
    after = [event for event in told[pauses[0] :] if isinstance(event, Levelled)]
    assert after[0].level == 0
    assert max(event.level for event in after) == 4
    pulses = [pulse for pulse in rig.twin.pulses(21.0, 23.5) if pulse.current_ma]
    assert not [pulse for pulse in pulses if 22.6 < pulse.at_s < 22.8]


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_short_silence_on_the_air_interrupts_nothing(name: str) -> None:
    rig = Rig(f"{name}:stall=20+0.3", minutes=1.0)
    rig.play()
    assert rig.ended.stop_confirmed
    assert not [event for event in rig.notes.told if isinstance(event, Paused)]


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
@pytest.mark.parametrize("silence_s", [2.0, 4.0, 8.0])
def test_a_radio_that_takes_frames_in_a_silence_hides_it_from_nobody(name: str, silence_s: float) -> None:
    """The stack takes 64 writes while the radio carries none: what it was told of them proves no feeding."""
    full = 20 if name == "coyote3" else 200
    rig = Rig(f"{name}:stall=20+{silence_s},taken=64", minutes=1.0, level=full)
    rig.play()
    over_s = 20.3 + silence_s  # the air counts from the opening of the link
    assert max(level for at_s, level in rig.levels if at_s < over_s) == full
    after = [level for at_s, level in rig.levels if over_s + 0.25 < at_s < over_s + 1.2]
    assert max(after) <= full // 4, "back without a ramp"
    assert [event for event in rig.notes.told if isinstance(event, Paused)]
    assert rig.ended.stop_confirmed
