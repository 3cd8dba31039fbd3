"""Before a start: a second unit beside the first, where the pads of each are, and the order of both."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from textual.app import App

from estim.catalogue.playable import refusal
from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.config.settings import read_settings
from estim.config.units import Units
from estim.core.errors import EstimError
from estim.core.messages.commands import Start
from estim.core.translation import tr
from estim.core.values import replace
from estim.tui.choice import Candidate, wrong_of
from estim.tui.model import Model
from estim.tui.pick import Pick
from estim.tui.wording import Offer
from protocols.vocabulary import Channel

KEYS = "123456789"


class TwoUnits:
    """Asks and checks; `order` sends what came of it. Without `options` (some tests) nothing is remembered."""

    def __init__(
        self,
        app: App[int],
        model: Model,
        options: HostOptions | None,
        offers: Callable[[], Sequence[Offer]],
        order: Callable[[Sequence[Start]], None],
    ) -> None:
        self._app = app
        self._model = model
        self._options = options
        self._offers = offers
        self._order = order
        self._usual = ""

    def read(self) -> None:
        """Read what the home remembers; it blocks. What can't be read is said where it is shown, and offers nothing."""
        options = self._options
        if options is None or options.simulate is not None:
            return
        try:
            known = tuple(Units.load(options.place))
            self._usual = read_settings(options.place.settings_file).site or ""
        except EstimError:
            return
        self._model.choice.remembered = tuple(Candidate(one.address, one.family, one.name) for one in known)

    def next(self, program: str) -> None:
        """Choose the next second unit, and ask where the pads are."""
        wrong = self._model.choice.next_second()
        self._model.answer(wrong)
        if not wrong:
            self._ask(program, lambda: None)

    def start(self, start: Start, level: Mapping[Channel, int]) -> None:
        """Order a program on both: the first unit with the start's level, the second with this one."""
        self._ask(start.program, partial(self._check, start, level))

    def _ask(self, program: str, then: Callable[[], None], wrong: str = "") -> None:
        """Ask for each unit whose site isn't known; `wrong` says what came of the last answer."""
        sites = next((one.sites for one in self._offers() if one.id == program), ())
        choice = self._model.choice
        one = choice.unplaced(sites)
        if one is None or not sites:
            then()
            return
        rows = dict(zip(KEYS, choice.guesses(one, sites, self._usual), strict=False))
        question = tr("Where are the pads of {unit}?", unit=one.told)
        asked = "\n\n".join(filter(None, [wrong, question]))
        self._app.push_screen(Pick(asked, rows, rows), partial(self._placed, program, then, one))

    def _placed(self, program: str, then: Callable[[], None], one: Candidate, site: str | None) -> None:
        if site is None:
            self._model.answer(
                tr("where the pads of {unit} are is still open: it is asked before the start", unit=one.told)
            )
            return
        wrong = self._model.choice.put(one, site)
        self._model.say("")
        self._ask(program, then, wrong)

    def _check(self, start: Start, level: Mapping[Channel, int]) -> None:
        """Look at what can be seen before anything is ordered, then order."""
        choice = self._model.choice
        two = choice.two
        if two is None:
            return
        wrong = wrong_of([(one.name, choice.site_of(one)) for one in two], self._model.live)
        if wrong:
            self._model.answer(wrong)
            return
        now_s = RealClock().now().mono_s
        starts = [
            replace(
                start, unit=one.name, site=choice.site_of(one) or None, level=dict(goal), pads_on=False, typed_s=now_s
            )
            for one, goal in zip(two, (start.level, level), strict=True)
        ]
        self._app.run_worker(self._order_unless_refused(starts, two), group="two")

    async def _order_unless_refused(self, starts: Sequence[Start], two: Sequence[Candidate]) -> None:
        folder = self._options.place.programs if self._options else None
        for start, one in zip(starts, two, strict=True):
            why = await asyncio.to_thread(_refusal, folder, start.program, one.family)
            if why:
                self._model.answer(tr("nothing was started: {unit} can't play it: {why}", unit=one.name, why=why))
                return
        self._order(starts)


def _refusal(folder: Path | None, program: str, family: str) -> str:
    return refusal(folder, program, family) if folder is not None else ""
