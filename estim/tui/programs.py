"""Programs: search, what each plays, where the pads go and where not, and what the unit at hand does differently."""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static

from estim.catalogue.families import find_family, names
from estim.catalogue.programs import all_programs
from estim.config.options import HostOptions
from estim.config.units import Units
from estim.core.programs.matrix import Cell, Plays, cell
from estim.core.programs.phase_text import kind_named, phase_text
from estim.core.programs.program import Program, most
from estim.core.translation import mark, tr, tr_text
from estim.tui.key_names import bound
from estim.tui.model import View
from estim.tui.plot import Point, plot
from estim.tui.searched import SearchedPlace
from estim.tui.widgets import Line

KINDS = ("", "pain", "twitch", "tetanic")
"""What the filter steps through; the first is every kind."""

LOCKED = mark("LOCKED: it holds a muscle contracted; such programs are not unlocked in this version")

SENTENCE_ENDS = r"(?<=[.;]) "


def kind_shown(kind: str) -> str:
    """Return the name of a kind; "" is every kind."""
    return kind_named(kind) if kind else tr("every kind")


def pads_first(text: str) -> str:
    """Return the text on pads with where they must not go in front: that is what must not be overlooked.

    Which sentences these are is told by the text as it is written; a translation has the same ones in the same order.
    """
    written = re.split(SENTENCE_ENDS, text)
    told = re.split(SENTENCE_ENDS, tr_text(text))
    if len(told) != len(written):
        return tr_text(text)
    order = sorted(range(len(written)), key=lambda number: not _forbids(written[number]))
    return " ".join(told[number] for number in order)


def _forbids(sentence: str) -> bool:
    return bool(re.match(r"(Not|Never)\b", sentence)) or ", never " in sentence  # untranslated: as the file says it


def preview(program: Program, width: int, height: int) -> list[str]:
    """Return the highest rate of each phase over the session's minutes."""
    points: list[Point] = []
    at_s = 0.0
    for phase in program.phases:
        points += [(at_s, most(phase.rate_hz)), (at_s + phase.length_s - 1, most(phase.rate_hz))]
        at_s += phase.length_s
    top = max(rate for _, rate in points)
    names = (tr("{minutes:g} min", minutes=0.0), tr("{minutes:g} min", minutes=at_s / 60))
    curve = plot({"█": points}, width=width, height=height, x=(0, at_s), y_top=top, names=names, held=True)
    return [tr("rate in Hz over the session:"), *curve]


def told(program: Program, family: str, width: int) -> list[str]:
    """Return everything about a program; `family` is that of the unit at hand, "" if there is none."""
    head = tr(
        "{title} ({program}), {kind}, {minutes:g} min",
        title=tr_text(program.title),
        program=program.id,
        kind=kind_shown(program.kind),
        minutes=program.length_s / 60,
    )
    lines = [head]
    if program.gated:
        lines.append(tr_text(LOCKED))
    lines.append(tr("Pads: {where}", where=pads_first(program.pads)))
    lines.append(tr("Feels like: {feeling}", feeling=tr_text(program.rule.text)))
    if program.rule.reraise is not None:
        lines.append(program.rule.reraise.words)
    lines += [f"{number}. {phase_text(phase)}" for number, phase in enumerate(program.phases, 1)]
    if family in names():
        one = cell(program, find_family(family))
        lines.append(_on_unit(family, one))
    sites = ", ".join(program.site)
    lines.append(tr("Sites: {sites}", sites=sites) if sites else tr("Sites: any"))
    lines.append(tr("Numbers from: {source}", source=tr_text(program.source)))
    return [*lines, "", *preview(program, width, 8)]


def _on_unit(family: str, made: Cell) -> str:
    said = "; ".join(made.sentences)
    if made.plays is Plays.NO:
        return tr("On your {family}: can not be played: {said}", family=family, said=said)
    if not said:
        return tr("On your {family}: as written", family=family)
    return tr("On your {family}: {said}", family=family, said=said)


class ProgramsPlace(SearchedPlace):
    """The programs; see the module."""

    HEADING = mark("Programs")
    FIXED = (
        ("enter", mark("choose it: the session's screen opens with it")),
        ("tab", mark("to the text, to scroll in it")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("programs.filter", "kind"),
        bound("programs.search", "search"),
    ]
    _all: tuple[Program, ...] = ()
    _shown: tuple[Program, ...] = ()
    kinds = len(KINDS)
    _family = ""
    _known = ""

    def body(self) -> Iterable[Widget]:
        """A search, the list, and one program in full."""
        yield from super().body()
        with VerticalScroll(id="full"):
            yield Static("", id="program-text", markup=False)

    def load(self) -> None:
        """Read the programs, and which family the last unit is of."""
        super().load()
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
        self._shown = tuple(
            one
            for one in self._all
            if kind in ("", one.kind) and self.searched_in(f"{one.id} {tr_text(one.title)} {tr_text(one.pads)}")
        )
        self.list_rows(map(_row, self._shown))
        heading = tr("Programs: {kind}, {count}", kind=kind_shown(kind), count=len(self._shown))
        self.query_one("#heading", Line).say(heading)
        self._tell()

    def on_option_list_option_highlighted(self) -> None:
        """Tell of the one that is lit."""
        self._tell()

    def _tell(self) -> None:
        lit = self.query_one("#entries", OptionList).highlighted
        program = self._shown[lit] if lit is not None and lit < len(self._shown) else None
        lines = told(program, self._family or self._known, self.app.size.width - 4) if program else [tr("nothing fits")]
        self.query_one("#program-text", Static).update("\n".join(lines))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it; a locked one is only told."""
        event.stop()
        program = self._shown[event.option_index]
        if program.gated:
            self.desk.say(f"{tr_text(program.title)}: {tr_text(LOCKED)}")
        else:
            self.desk.choose(program.id)


def _row(program: Program) -> str:
    row = tr(
        "{title}  ({program}, {minutes:g} min, {kind})",
        title=tr_text(program.title),
        program=program.id,
        minutes=program.length_s / 60,
        kind=kind_shown(program.kind),
    )
    return "  ".join([tr("LOCKED"), row]) if program.gated else row


def _read(options: HostOptions) -> tuple[Sequence[Program], Sequence[str], str]:
    programs, problems = all_programs(options.place.programs)
    units = list(Units.load(options.place))
    return programs, problems, units[-1].family if units else ""
