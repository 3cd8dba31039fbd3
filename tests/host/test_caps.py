"""No cap is lifted: where a coarse unit has no level that a cap allows, a start is refused and says why."""

import pytest

from estim.config.caps import unit_caps
from estim.config.settings import Settings
from estim.core.errors import EstimError, Exit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.values import replace
from estim.host.prepare import check_room
from protocols.registry import family, names
from protocols.vocabulary import Channel


@pytest.mark.control("C-05")
@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("percent", [1, 3, 5, 6, 35, 100])
def test_a_cap_in_percent_is_never_more_than_it_says(name: str, percent: int) -> None:
    caps = family(name).caps
    for cap in (percent_cap(caps, percent, "a cap"), *unit_caps(caps, Settings(new_unit_cap_pct=percent), "box")):
        assert all(level <= caps.scale * percent / 100 for level in cap.level.values())


@pytest.mark.control("C-05")
def test_where_a_cap_leaves_nothing_a_start_is_refused_with_the_reason() -> None:
    em70 = family("em70")
    limits = Limits((family_cap(em70.caps), percent_cap(em70.caps, 5, "this program is capped at 5 % of the scale")))
    assert limits.of(Channel.A)[0] == 0
    with pytest.raises(
        EstimError, match=r"nothing above 0 is left on .*lowest level is 1 of 15, and the cap is 0"
    ) as no:
        check_room(em70, limits)
    assert no.value.code == Exit.REFUSED
    assert "capped at 5 %" in no.value.text
    check_room(em70, Limits((family_cap(em70.caps), percent_cap(em70.caps, 7, "a cap"))))
    one = replace(limits.caps[1], level={Channel.A: limits.caps[0].level[Channel.A]})
    check_room(em70, Limits((limits.caps[0], one)))
