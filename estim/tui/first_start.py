"""The first start, in three short steps: what estim is and isn't, the questions, a unit; it comes back where one left.

1. Nothing here starts anything. What a session needs are the answers, which the host looks at, not these steps.
2. How far one has come is kept when a step is shown (journal/first_start.py), so a crash or q comes back to it.
3. The steps are a place, so SIMULATED, alarms, STOP and what is on are around them, as everywhere.
"""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from estim.catalogue.families import check_unit_name
from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.config.units import Units
from estim.core.days.screening import QUESTIONS, Question
from estim.core.errors import EstimError
from estim.core.messages.commands import Found, Refusal, Scan, Sighting
from estim.core.translation import mark, tr, tr_text
from estim.journal import first_start
from estim.journal.first_start import OVER, UNIT, WHAT_IT_IS, keep_step, next_step
from estim.journal.today import Today
from estim.tui.app_interface import app_of
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.places import SESSION, TODAY
from estim.tui.questions import Part, Questions
from estim.tui.typed import ask

SCAN_S = 5.0

WHAT_ESTIM_IS = mark("""\
estim drives the stimulator that you already own. It begins at zero, raises the level step by step, keeps the time, \
stops, and makes sure that the unit says so.

It is not a medical device: it can't see your skin or your heart. Never use a stimulator with a pacemaker or other \
implanted electronics, with epilepsy, in pregnancy, across the chest, on the neck or the head, while driving, bathing \
or asleep.

To stop at any time: {panic} from everywhere, s, or a click on STOP. When in doubt, switch the unit off by hand.""")

HOW_ON = mark("Enter goes on. Escape leaves the three steps for now: the next start comes back to them.")

SWITCH_ON = mark("Switch the unit on, bring it near, and close the maker's app: a unit talks to one partner at a time.")

HOW_TO_CHOOSE = mark(
    "Enter remembers the unit that is lit, {name} under a name of yours. {scan} searches again. {without} tries estim "
    "without hardware."
)

HOW_TO_ANSWER = mark("y yes   n no   Backspace back   Escape later")
HOW_TO_ANSWER_ALL = mark("y yes   n no   Backspace back   Escape later (no session begins before all are answered)")

LEFT = mark("The three steps go on at the next start.")
LEFT_UNANSWERED = mark("The three steps go on at the next start. No session begins before all questions are answered.")

NEXT = mark("Next: Enter leads to the programs. Once you have played one, the same key plays it as last time.")


class Entered(Struct, frozen=True):
    """A step that was entered: the questions to ask in it, and what went wrong on the way."""

    step: int
    questions: tuple[Question, ...] = ()
    trouble: str = ""


def enter(options: HostOptions, step: int | None = None, *, anew: bool = False) -> Entered:
    """Keep that a step was entered, None: the one where the last start left, and read what it asks.

    `anew`: also what was answered already. A step that has nothing to ask leads to the next one.
    """
    if step is None:
        found = next_step(options)
        step = WHAT_IT_IS if found == OVER else found
    questions: tuple[Question, ...] = ()
    trouble = ""
    if step == first_start.QUESTIONS:
        try:
            questions = QUESTIONS if anew or options.simulate is not None else Today(options).questions()
        except EstimError as error:
            trouble = error.text
        step = step if questions else UNIT
    if step == UNIT and options.simulate is not None:
        step = OVER
    return Entered(step, questions, "; ".join(filter(None, (trouble, keep_step(options, step)))))


def answer(options: HostOptions, answers: dict[str, bool]) -> str:
    """Keep answers, but for those about software units, which nothing is kept of; return a trouble, "" if none."""
    if options.simulate is not None or not answers:
        return ""
    try:
        Today(options).answer(answers)
    except EstimError as error:
        return error.text
    return ""


def remember(options: HostOptions, one: Sighting, name: str) -> str:
    """Remember a unit, "" as its name: the one that it has or gets by itself; return its name. Raises EstimError."""
    if name:
        check_unit_name(name, one.family)
    options.place.prepare()
    now = RealClock().now().utc
    unit = Units.load(options.place).add(one.address, one.family, now, name=name or None, pinned=True, said=one.name)
    return unit.name


def ended(options: HostOptions, unit: str) -> str:
    """Keep that the steps are over, and return what to do next."""
    trouble = keep_step(options, OVER)
    try:
        forbids = Today(options).blocking()
    except EstimError as error:
        forbids = ()
        trouble = error.text
    told = [tr("{unit} is remembered.", unit=unit)] if unit else []
    if options.simulate is not None:
        told.append(tr("Step 3 of 3, your unit, is left out: a software unit plays here."))
    if forbids:
        told.append(
            tr(
                "An answer forbids every session. Next: ask your doctor; if it was a slip, {session} and then {again}.",
                session=key_of(SESSION),
                again=key_of("answer_again"),
            )
        )
    else:
        told.append(tr_text(NEXT))
    return " ".join(filter(None, [*told, trouble]))


def row_of(one: Sighting) -> str:
    """Return one unit that was seen: its name, family and signal, and whether it is remembered."""
    named = one.known_as or one.name or tr("(no name)")
    signal = f"{one.rssi_dbm} dBm" if one.rssi_dbm is not None else ""  # untranslated: a unit of measure
    known = tr("remembered") if one.known_as else ""
    sure = "" if one.sure or one.known_as else tr("not certain: choose it if it is yours")
    return f"{named:<20} {one.family:<10} {', '.join(filter(None, (signal, known, sure)))}"


def _how_to_choose() -> str:
    return tr(HOW_TO_CHOOSE, name=key_of("first.name"), scan=key_of("first.scan"), without=key_of("first.without"))


def _head(number: int, count: int) -> str:
    return tr("Step 2 of 3: question {number} of {count}", number=number, count=count)


def _simulated_head(number: int, count: int) -> str:
    return tr(
        "Step 2 of 3: question {number} of {count}. SIMULATED: no answer is kept, a real unit asks again",
        number=number,
        count=count,
    )


class FirstStart(Place):
    """The steps; see the module."""

    HEADING = mark("First start")
    FIXED = (
        ("enter", mark("goes on; in the third step it remembers the unit that is lit")),
        ("backspace", mark("back to the step before")),
        ("escape", mark("leaves the steps for now: the next start comes back")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "on", mark("Go on"), key_display="Enter"),
        Binding("backspace,left", "back", mark("Back"), key_display="Backspace", show=False),
        Binding("escape", "later", mark("Later"), key_display="Esc"),
        bound("first.name", "name"),
        bound("first.scan", "scan"),
        bound("first.without", "without"),
        Binding("1,2,3,4,5,6,7,8,9", "stay", show=False),
    ]
    _step = 0
    _busy = False
    _sightings: tuple[Sighting, ...] = ()

    def body(self) -> Iterable[Widget]:
        """What a step says, and the units of the third."""
        with VerticalScroll(id="step"):
            yield Static("", id="step-text", markup=False)
        yield OptionList(id="entries", markup=False, compact=True)

    def load(self) -> None:
        """Come back to the step where the last start left."""
        self._enter()

    async def draw(self, view: View) -> None:
        """A small screen has no room for the heading: the step says its number itself."""
        await super().draw(view)
        self.query_one("#heading").display = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show in the footer only what this step has."""
        return self._step == UNIT if action in ("name", "scan", "without") else True

    def _enter(self, step: int | None = None, *, anew: bool = False) -> None:
        """Go to a step once it is kept; keys that come meanwhile are for none."""
        options = self.desk.options
        if options is None or self._busy:
            return
        self._busy = True
        self.fetch(partial(enter, options, step, anew=anew), self._entered)

    def _entered(self, entered: Entered) -> None:
        self._busy = False
        self._step = entered.step
        if entered.trouble:
            self.desk.say(entered.trouble)
        if entered.step == OVER:
            self._end("")
            return
        self.query_one("#step-text", Static).update(self._text())
        units = entered.step == UNIT
        self.set_class(units, "-units")
        (self.query_one("#entries") if units else self.query_one("#step")).focus()
        self.refresh_bindings()
        if entered.questions:
            asked = Questions(entered.questions, self._part())
            self.app.push_screen(asked, partial(self._answered, asked))
        elif units:
            self.action_scan()

    def _part(self) -> Part:
        options = self.desk.options
        if options is not None and options.simulate is not None:
            return Part(_simulated_head, tr_text(HOW_TO_ANSWER))
        return Part(_head, tr_text(HOW_TO_ANSWER_ALL))

    def _text(self) -> str:
        match self._step:
            case first_start.WHAT_IT_IS:
                what = tr(WHAT_ESTIM_IS, panic=key_of("panic"))
                return "\n\n".join([tr("Step 1 of 3: what estim is, and what it isn't"), what, tr_text(HOW_ON)])
            case first_start.UNIT:
                return "\n".join([tr("Step 3 of 3: your unit"), _how_to_choose(), tr_text(SWITCH_ON)])
            case _:
                return tr("Step 2 of 3: the questions")

    def action_on(self) -> None:
        """Read on where there is more to read, then go to the questions."""
        step = self.query_one("#step", VerticalScroll)
        if self._step != WHAT_IT_IS:
            return
        if step.scroll_offset.y < step.max_scroll_y:
            step.scroll_page_down(animate=False)
        else:
            self._enter(first_start.QUESTIONS)

    def action_back(self) -> None:
        """Go back from the unit to the questions, all of them, since they are answered already."""
        if self._step == UNIT:
            self._enter(first_start.QUESTIONS, anew=True)

    def _answered(self, asked: Questions, answers: dict[str, bool] | None) -> None:
        options = self.desk.options
        if answers is None:
            self._enter(WHAT_IT_IS)
        elif options is not None:
            whole = len(answers) == asked.number and not asked.quits
            self.fetch(partial(answer, options, answers), partial(self._kept, asked, whole))

    def _kept(self, asked: Questions, whole: bool, trouble: str) -> None:
        app_of(self).action_renew_day()
        if trouble:
            self.desk.say(trouble)
        if asked.quits:
            self.app.call_later(self.app.action_quit)
        elif whole:
            self._enter(UNIT)
        else:
            self.action_later()

    def action_later(self) -> None:
        """Leave the steps for now. While a session runs, Escape may have been meant as a stop: so it is one too."""
        options = self.desk.options
        answered = self._step == UNIT or (options is not None and options.simulate is not None)
        self.desk.say(tr_text(LEFT if answered else LEFT_UNANSWERED))
        self.desk.go(TODAY)
        app_of(self).action_soft()

    def action_stay(self) -> None:
        """A number leads to a place elsewhere; here it would lead away without a word."""
        self.desk.say(tr("First these three steps; Escape leaves them for now."))

    def action_scan(self) -> None:
        """Ask the host which units are on the air."""
        self._list(tr("listening for {seconds:g} s …", seconds=SCAN_S))
        self.run_worker(self._scan(), group="scan", exclusive=True)

    async def _scan(self) -> None:
        reply = await self.desk.ask(Scan(SCAN_S))
        if isinstance(reply, Refusal):
            self._list(tr("no search took place: {key} searches again", key=key_of("first.scan")))  # the note says why
        elif isinstance(reply, Found):
            strongest = sorted(reply.units, key=lambda one: -200 if one.rssi_dbm is None else one.rssi_dbm)
            self._sightings = tuple(reversed(strongest))
            self._list(tr("nothing found: switch the unit on, and close other apps"))

    def _list(self, none: str) -> None:
        """Show the units that were seen last; without any, this sentence."""
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options([Option(row_of(one)) for one in self._sightings] or [Option(none)])
        entries.highlighted = 0

    @property
    def _lit(self) -> Sighting | None:
        lit = self.query_one("#entries", OptionList).highlighted
        return self._sightings[lit] if lit is not None and lit < len(self._sightings) else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Remember the unit that is lit."""
        event.stop()
        one = self._lit
        options = self.desk.options
        if one is not None and options is not None:
            self.fetch(partial(remember, options, one, ""), partial(self._remembered, one))

    def action_name(self) -> None:
        """Ask for a name, then remember the unit by it."""
        one = self._lit
        options = self.desk.options
        if one is not None and options is not None:
            question = tr("What is {name} ({address}) to be called?", name=one.name, address=one.address)
            ask(self, question, partial(remember, options, one), partial(self._remembered, one))

    def _remembered(self, one: Sighting, name: str) -> None:
        app_of(self).model.mean(one)
        self._end(name)

    def _end(self, unit: str) -> None:
        options = self.desk.options
        if options is not None:
            self.fetch(partial(ended, options, unit), self._over)

    def _over(self, told: str) -> None:
        self.desk.say(told)
        self.desk.go(TODAY)

    def action_without(self) -> None:
        """Try estim without hardware: this screen ends, and a demo home opens, which is another one."""
        app_of(self).action_without_hardware()
