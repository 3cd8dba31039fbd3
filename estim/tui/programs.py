"""Programs: search, what each plays, where the pads go and where not, and what the unit at hand does differently."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static

from estim.catalogue.families import find_family, names
from estim.catalogue.programs import all_programs, own_ids, read_own, wrong_files
from estim.config.options import HostOptions
from estim.config.own_programs import copied, own_file, usual_id
from estim.config.units import Units
from estim.core.errors import EstimError
from estim.core.programs.matrix import Cell, Plays, cell
from estim.core.programs.pads import drawn
from estim.core.programs.phase_text import kind_named, minutes_text, phase_text
from estim.core.programs.program import Program, most
from estim.core.translation import mark, tr, tr_many, tr_text
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.offers import in_order, offers_of
from estim.tui.place import BROAD
from estim.tui.plot import Point, plot
from estim.tui.searched import SearchedPlace
from estim.tui.typed import ask
from estim.tui.widgets import Line

KINDS = ("", "pain", "twitch", "tetanic")
"""What the filter steps through; the first is every kind."""

LOCKED = mark("LOCKED: it holds a muscle contracted; such programs are not unlocked in this version")

MISTAKES = 5
"""Mistakes of a file that are told at once: the first ones explain the rest."""

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
    names = (tr("{minutes} min", minutes=minutes_text(0)), tr("{minutes} min", minutes=minutes_text(at_s)))
    curve = plot({"█": points}, width=width, height=height, x=(0, at_s), y_top=top, names=names, held=True)
    return [tr("rate in Hz over the session:"), *curve]


def told(program: Program, family: str, width: int) -> list[str]:
    """Return everything about a program; `family` is that of the unit at hand, "" if there is none."""
    head = tr(
        "{title} ({program}), {kind}, {minutes} min",
        title=tr_text(program.title),
        program=program.id,
        kind=kind_shown(program.kind),
        minutes=minutes_text(program.length_s),
    )
    lines = [head]
    if program.gated:
        lines.append(tr_text(LOCKED))
    lines.append(tr("Pads: {where}", where=pads_first(program.pads)))
    lines += [line for name in program.pictures for line in drawn(name)]
    lines.append(tr("Feels like: {feeling}", feeling=tr_text(program.rule.text)))
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


class Wrong(Struct, frozen=True):
    """A file of the person's own that is no program as it is; `mistakes` one a line, without the file's name."""

    path: Path
    mistakes: tuple[str, ...]


class Shelf(Struct, frozen=True):
    """What there is to read: programs, which of them are the person's own, files that are wrong, troubles besides.

    `family` is that of the last unit, "" if there is none.
    """

    programs: Sequence[Program]
    problems: Sequence[str] = ()
    family: str = ""
    own: frozenset[str] = frozenset()
    wrong: Sequence[Wrong] = ()


class ProgramsPlace(SearchedPlace):
    """The programs; see the module."""

    HEADING = mark("Programs")
    HORIZONTAL_BREAKPOINTS = [(BROAD, "-broad")]  # noqa: RUF012 - declared so by the library
    FIXED = (
        ("enter", mark("choose it: the session's screen opens with it")),
        ("tab", mark("to the text, to scroll in it")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("programs.filter", "kind"),
        bound("programs.search", "search", show=False),  # its field says it
        bound("programs.edit", "edit"),
    ]
    _shelf = Shelf(())
    _shown: tuple[Program | Wrong, ...] = ()
    kinds = len(KINDS)
    _family = ""
    _next = ""
    _told_columns = 0

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

    def _show(self, shelf: Shelf) -> None:
        self._shelf = shelf
        if shelf.problems:
            self.desk.say("; ".join(shelf.problems))
        self.desk.offer(offers_of(shelf.programs))
        self._list()

    async def draw(self, view: View) -> None:
        """Tell what the unit at hand makes of it, as soon as there is one."""
        await super().draw(view)
        family = view.snapshot.family if view.snapshot else ""
        if (family, self._columns) != (self._family, self._told_columns):
            self._family = family
            self._tell()

    @property
    def _columns(self) -> int:
        """How wide a text may be: beside the list it has three fifths of the screen, less its frame."""
        width = self.app.size.width
        return width * 3 // 5 - 6 if width >= BROAD else width - 4

    def _list(self) -> None:
        kind = KINDS[self._kind]
        found = [
            one
            for one in self._shelf.programs
            if kind in ("", one.kind) and self.searched_in(f"{one.id} {tr_text(one.title)} {tr_text(one.pads)}")
        ]
        # a wrong file has no kind; it stands first: whoever has one wants to mend it
        wrong = [one for one in self._shelf.wrong if not kind and self.searched_in(one.path.name)]
        self._shown = (*wrong, *found)
        self.list_rows(map(_row, self._shown))
        names = [_name(one) for one in self._shown]
        if self._next in names:
            entries = self.query_one("#entries", OptionList)
            entries.highlighted = names.index(self._next)
            self.call_after_refresh(entries.scroll_to_highlight)  # its rows have no place on the screen before
        heading = tr("Programs: {kind}, {count}", kind=kind_shown(kind), count=len(found))
        self.query_one("#heading", Line).say(heading)
        self._tell()

    def on_option_list_option_highlighted(self) -> None:
        """Tell of the one that is lit."""
        self._tell()

    @property
    def _lit(self) -> Program | Wrong | None:
        lit = self.query_one("#entries", OptionList).highlighted
        return self._shown[lit] if lit is not None and lit < len(self._shown) else None

    def _tell(self) -> None:
        self._told_columns = self._columns
        match self._lit:
            case None:
                lines = [tr("nothing fits")]
            case Wrong() as wrong:
                lines = wrong_told(wrong)
            case Program() as program:
                lines = told(program, self._family or self._shelf.family, self._columns)
        self.query_one("#program-text", Static).update("\n".join(lines))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it; one that is locked or wrong is only told."""
        event.stop()
        match self._shown[event.option_index]:
            case Wrong() as wrong:
                self.desk.say(wrong_told(wrong)[0])
            case Program(gated=True) as program:
                self.desk.say(f"{tr_text(program.title)}: {tr_text(LOCKED)}")
            case Program() as program:
                self.desk.choose(program.id)

    def action_edit(self) -> None:
        """Open the person's own file in the editor; a program of somebody else's is copied under a new name first."""
        lit = self._lit
        options = self.desk.options
        if lit is None or options is None or not self.desk.editing.may():
            return
        if isinstance(lit, Wrong):
            self._open(lit.path)
        elif lit.id in self._shelf.own:
            self._open(own_file(options.place, lit.id))
        else:
            question = tr("{program} isn't yours: what shall your copy be called?", program=lit.id)
            ask(self, question, partial(copied, options.place, lit), self._open, usual_id(lit))

    def _open(self, path: Path) -> None:
        self.desk.editing.edit(path, partial(_checked, path), partial(self._edited, path))

    def _edited(self, path: Path, found: str, failed: str) -> None:
        """Show what came of it, then tell it; where the place is gone by now, the note alone."""
        options = self.desk.options
        if self.is_attached and options is not None:
            self._next = path.stem
            self.fetch(lambda: _read(options), partial(self._show_edited, failed or found))
        else:
            self.desk.say(failed or found)

    def _show_edited(self, said: str, shelf: Shelf) -> None:
        self._show(shelf)
        self.desk.say(said)


def _name(one: Program | Wrong) -> str:
    return one.path.stem if isinstance(one, Wrong) else one.id


def _row(one: Program | Wrong) -> str:
    if isinstance(one, Wrong):
        return tr("NOT RIGHT  {file}", file=one.path.name)
    row = tr(
        "{title}  ({program}, {minutes} min, {kind})",
        title=tr_text(one.title),
        program=one.id,
        minutes=minutes_text(one.length_s),
        kind=kind_shown(one.kind),
    )
    return "  ".join([tr("LOCKED"), row]) if one.gated else row


def wrong_told(wrong: Wrong) -> list[str]:
    """Return what is wrong with a file: where, what, and what is allowed; the first mistakes, the rest as a number."""
    head = tr("{file} isn't right yet: {key} edits it again", file=wrong.path, key=key_of("programs.edit"))
    more = len(wrong.mistakes) - MISTAKES
    rest = [tr_many("and {count} mistake more", "and {count} mistakes more", more)] if more > 0 else []
    return [head, *wrong.mistakes[:MISTAKES], *rest]


def _wrong(path: Path, text: str) -> Wrong:
    return Wrong(path, tuple(line.removeprefix(f"{path}: ") for line in text.splitlines()))


def _checked(path: Path) -> str:
    """Check a file as `estim programs check` does, and as the folder has it; return what the person reads of it."""
    try:
        program = read_own(path)
    except EstimError as error:
        if not path.exists():
            return tr("{file} isn't there any more: nothing was kept", file=path)
        first = _wrong(path, error.text).mistakes[0]
        return tr("not right yet: {mistake} ({key} edits it again)", mistake=first, key=key_of("programs.edit"))
    return tr_many(
        "{file}: {id} is fine, {minutes} minutes in {count} phase",
        "{file}: {id} is fine, {minutes} minutes in {count} phases",
        len(program.phases),
        file=path,
        id=program.id,
        minutes=minutes_text(program.length_s),
    )


def _read(options: HostOptions) -> Shelf:
    folder = options.place.programs
    programs, problems = all_programs(folder)
    texts = wrong_files(folder) if problems else {}
    besides = [problem for problem in problems if problem not in texts.values()]
    units = list(Units.load(options.place))
    wrong = [_wrong(path, text) for path, text in texts.items()]
    return Shelf(in_order(programs), besides, units[-1].family if units else "", own_ids(folder), wrong)
