"""The questions before the first session, one at a time: y or n; what a yes leads to is told, and can be taken back."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from estim.client.consent import OneEach
from estim.core.days.screening import Question
from estim.core.translation import mark, tr, tr_text
from estim.tui.app_interface import app_of
from estim.tui.dialog import ONE_EACH, Dialog
from estim.tui.stopping import LEAVE_KEYS


class Part(Struct, frozen=True):
    """What stands around each question where they are a part of something: `head` has its number and how many."""

    head: Callable[[int, int], str]
    how: str


class Questions(Dialog[dict[str, bool] | None]):
    """Returns the answers by id; fewer than all if they were left. With a yes among them they are shown once more.

    Where they are a part of something the way back leads before the first one, too: None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", mark("Yes")),
        Binding("n,N", "answer(False)", mark("No")),
        Binding("backspace,left", "back", mark("Previous question")),
        Binding("enter", "keep", mark("Keep these answers")),
        Binding(LEAVE_KEYS, "quit", mark("Quit"), show=False),
    ]

    def __init__(self, questions: Sequence[Question], part: Part | None = None) -> None:
        super().__init__()
        self._questions = tuple(questions)
        self._part = part
        self._answers: dict[str, bool] = {}
        self._one_each = OneEach()
        self._hasty = False
        self.quits = False
        """Whether the person left the whole screen by q: what was answered is kept first."""

    async def on_mount(self) -> None:
        """Take no answer from the key that led here. The library calls the dialog's own too."""
        self._one_each.asked()
        self.call_after_refresh(self._show_keys)

    @property
    def number(self) -> int:
        """How many questions there are."""
        return len(self._questions)

    def body(self) -> Iterable[Widget]:
        """One question."""
        yield Static(self._text(), id="question", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show in the footer only what can be done at this question."""
        match action:
            case "keep":
                return self._over
            case "answer":
                return not self._over
            case "back":
                return bool(self._answers) or self._part is not None
            case _:
                return True

    def action_answer(self, yes: bool) -> None:
        """Take an answer and show the next question; after the last one, what was said yes to."""
        left = self._questions[len(self._answers) :]
        if not left:
            return
        self._hasty = not self._one_each.given()
        if self._hasty:
            self._ask()
            return
        self._one_each.asked()
        self._answers[left[0].id] = yes
        if len(left) == 1 and not any(self._answers.values()):
            self.dismiss(self._answers)
        else:
            self._ask()

    def action_back(self) -> None:
        """Take the last answer back; before the first one, go to what comes before the questions."""
        if self._answers:
            self._answers.popitem()
            self._ask()
        elif self._part:
            self.dismiss(None)

    def action_keep(self) -> None:
        """Keep all answers, once all are given."""
        if self._over:
            self.dismiss(self._answers)

    def action_leave(self) -> None:
        """Keep what was answered so far. While a session runs, Escape may have been meant as a stop."""
        self.dismiss(self._answers)
        app_of(self).action_soft()

    def action_quit(self) -> None:
        """Keep what was answered so far, then leave estim."""
        self.quits = True
        self.action_leave()

    @property
    def _over(self) -> bool:
        return len(self._answers) == len(self._questions)

    def _ask(self) -> None:
        """Show the next question; on a small screen rather it and its keys than what an answer led to."""
        self.query_one("#question", Static).update(self._text())
        self.refresh_bindings()
        self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        if self.is_attached:
            self.query_one("#keys").scroll_end(animate=False)

    def _text(self) -> str:
        count = len(self._questions)
        if self._over:
            heads = [self._part.head(count, count)] if self._part else []
            said = "\n".join(_told(one) for one in self._questions if self._answers[one.id])
            how = tr("Enter keeps these answers   Backspace takes the last one back")
            return "\n\n".join([*heads, said, how])
        number = len(self._answers)
        before = self._questions[number - 1] if number else None
        told = [_told(before)] if before and self._answers[before.id] else []
        if self._part:
            head = self._part.head(number + 1, count)
            how = self._part.how
        else:
            head = tr("Before a session, and every 90 days ({number} of {all})", number=number + 1, all=count)
            how = tr("y yes   n no   Escape later (no session begins before all are answered)")
            if number:
                how = tr(
                    "y yes   n no   Backspace takes the last answer back   "
                    "Escape later (no session begins before all are answered)"
                )
        hasty = [tr_text(ONE_EACH)] if self._hasty else []
        return "\n\n".join([head, *told, tr_text(self._questions[number].question), *hasty, how])


def _told(question: Question) -> str:
    """Return what a yes leads to."""
    asked = tr_text(question.question)
    if question.never:
        return tr("“{question}” yes: NO SESSION may take place, unless your doctor agrees.", question=asked)
    return tr("“{question}” yes: {care}.", question=asked, care=tr_text(question.care))
