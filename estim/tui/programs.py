"""Programs: search, what each plays, where the pads go and where not, and what the unit at hand does differently."""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from estim.catalogue.families import find_family, names
from estim.catalogue.programs import all_programs
from estim.config.options import HostOptions
from estim.config.units import Units
from estim.core.programs.matrix import Plays, cell
from estim.core.programs.program import Phase, Program, most, words
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.plot import Point, plot
from estim.tui.widgets import Line

KINDS = ("", "pain", "twitch", "tetanic")
"""What the filter steps through; the first is every kind."""

LOCKED = "LOCKED: it holds a muscle contracted; such programs are not unlocked in this version"


def pads_first(text: str) -> str:
    """Return the text on pads with where they must not go in front: that is what must not be overlooked."""
    sentences = re.split(r"(?<=[.;]) ", text)
    never = [one for one in sentences if re.match(r"(Not|Never)\b", one) or ", never " in one]
    return " ".join([*never, *(one for one in sentences if one not in never)])


def phase_text(phase: Phase) -> str:
    """Return what a phase plays."""
    parts = [f"{phase.title}: {phase.length_s / 60:g} min, {words(phase.rate_hz, 'Hz')}, {words(phase.width_us, 'µs')}"]
    if phase.burst is not None:
        parts.append(f"bursts of {phase.burst.on_s * 1000:g} ms, {phase.burst.off_s * 1000:g} ms apart")
    if phase.envelope is not None:
        one = phase.envelope
        parts.append(f"rise {one.up_s:g} s, hold {one.on_s:g} s, fall {one.down_s:g} s, rest {one.off_s:g} s")
    if phase.level_pct != 100:
        parts.append(f"{phase.level_pct} % of your level")
    return ", ".join(parts)


def preview(program: Program, width: int, height: int) -> list[str]:
    """Return the highest rate of each phase over the session's minutes."""
    points: list[Point] = []
    at_s = 0.0
    for phase in program.phases:
        points += [(at_s, most(phase.rate_hz)), (at_s + phase.length_s - 1, most(phase.rate_hz))]
        at_s += phase.length_s
    top = max(rate for _, rate in points)
    names = ("0 min", f"{at_s / 60:g} min")
    curve = plot({"█": points}, width=width, height=height, x=(0, at_s), y_top=top, names=names, held=True)
    return ["rate in Hz over the session:", *curve]


def told(program: Program, family: str, width: int) -> list[str]:
    """Return everything about a program; `family` is that of the unit at hand, "" if there is none."""
    lines = [f"{program.title} ({program.id}), {program.kind}, {program.length_s / 60:g} min"]
    if program.gated:
        lines.append(LOCKED)
    lines += [f"Pads: {pads_first(program.pads)}", f"Feels like: {program.rule.text}"]
    if program.rule.reraise is not None:
        lines.append(program.rule.reraise.words)
    lines += [f"{number}. {phase_text(phase)}" for number, phase in enumerate(program.phases, 1)]
    if family in names():
        one = cell(program, find_family(family))
        said = "; ".join(one.sentences) or "as written"
        lines.append(f"On your {family}: {'can not be played: ' if one.plays is Plays.NO else ''}{said}")
    return [*lines, f"Sites: {', '.join(program.site) or 'any'}", f"Numbers from: {program.source}", "",
            *preview(program, width, 8)]  # fmt: skip


class ProgramsPlace(Place):
    """The programs; see the module."""

    HEADING = "Programs"
    HELP = """\
Enter         choose it: the session's screen opens with it
f             every kind, pain, twitch, tetanic
/             search; Enter leads back to the list
Tab           to the text, to scroll in it"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,F", "kind", "Kind", key_display="f"),
        Binding("slash", "search", "Search", key_display="/"),
    ]
    _all: tuple[Program, ...] = ()
    _shown: tuple[Program, ...] = ()
    _kind = 0
    _family = ""
    _known = ""

    def body(self) -> Iterable[Widget]:
        """A search, the list, and one program in full."""
        yield Input(placeholder="/ to search", id="search", compact=True)
        yield OptionList(id="entries", markup=False, compact=True)
        with VerticalScroll(id="full"):
            yield Static("", id="program-text", markup=False)

    def load(self) -> None:
        """Read the programs, and which family the last unit is of."""
        self.query_one("#search", Input).cursor_blink = False
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    def _show(self, read: tuple[Sequence[Program], Sequence[str], str]) -> None:
        programs, problems, self._known = read
        self._all = tuple(programs)
        if problems:
            self.desk.say("; ".join(problems))
        self._list()

    async def draw(self, view: View) -> None:
        """Tell what the unit at hand makes of it, as soon as there is one."""
        await super().draw(view)
        family = view.snapshot.family if view.snapshot else ""
        if family != self._family:
            self._family = family
            self._tell()

    def _list(self) -> None:
        kind = KINDS[self._kind]
        searched = self.query_one("#search", Input).value.casefold()
        self._shown = tuple(
            one
            for one in self._all
            if kind in ("", one.kind) and searched in f"{one.id} {one.title} {one.pads}".casefold()
        )
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options(Option(_row(one)) for one in self._shown)
        if self._shown:
            entries.highlighted = 0
        self.query_one("#heading", Line).say(f"Programs: {kind or 'every kind'}, {len(self._shown)}")
        self._tell()

    def on_option_list_option_highlighted(self) -> None:
        """Tell of the one that is lit."""
        self._tell()

    def _tell(self) -> None:
        lit = self.query_one("#entries", OptionList).highlighted
        program = self._shown[lit] if lit is not None and lit < len(self._shown) else None
        lines = told(program, self._family or self._known, self.app.size.width - 4) if program else ["nothing fits"]
        self.query_one("#program-text", Static).update("\n".join(lines))

    def on_input_changed(self) -> None:
        """Search while typing."""
        self._list()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.query_one("#entries").focus()

    def action_search(self) -> None:
        """Type what is looked for."""
        self.query_one("#search").focus()

    def action_kind(self) -> None:
        """The next kind."""
        self._kind = (self._kind + 1) % len(KINDS)
        self._list()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it; a locked one is only told."""
        event.stop()
        program = self._shown[event.option_index]
        if program.gated:
            self.desk.say(f"{program.title}: {LOCKED}")
        else:
            self.desk.choose(program.id)


def _row(program: Program) -> str:
    locked = "LOCKED  " if program.gated else ""
    return f"{locked}{program.title}  ({program.id}, {program.length_s / 60:g} min, {program.kind})"


def _read(options: HostOptions) -> tuple[Sequence[Program], Sequence[str], str]:
    programs, problems = all_programs(options.place.programs)
    units = list(Units.load(options.place))
    return programs, problems, units[-1].family if units else ""
