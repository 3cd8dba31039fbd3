"""The doctor on the screen: what a session needs here, finding by finding as they come, each with what to do.

It is the same checkup as `estim doctor --unit`, and goes to the unit as that does: through the host, with a session
that is never armed. That one isn't shown as a session (`Desk.look`) as long as it can put nothing out.
"""

from collections.abc import Iterable
from contextlib import aclosing

from textual.widget import Widget
from textual.widgets import Static

from estim.config.options import HostOptions
from estim.core.errors import Exit
from estim.core.translation import tr, tr_text
from estim.doctor.checkup import checkup
from estim.doctor.findings import SIGN, Finding, code_of
from estim.tui.desk import Desk
from estim.tui.unit_rows import Row
from estim.tui.watched import Watched
from estim.tui.widgets import Line


def told(finding: Finding) -> str:
    """Return a finding as lines that wrap on every width: its sign, what it is about, what is so, and what to do."""
    sign = tr_text(SIGN[finding.grade])
    line = f"{sign:<3} {finding.named}: {finding.text}"
    return f"{line}\n    → {finding.do}" if finding.do else line


class Doctor(Watched[None]):
    """Looks until all is looked at, or the person has seen enough; Escape ends it, and what it has linked."""

    def __init__(self, desk: Desk, options: HostOptions, row: Row | None) -> None:
        super().__init__(desk)
        self._options = options
        self._row = row
        self._findings: list[Finding] = []

    def body(self) -> Iterable[Widget]:
        """What is being looked at, then the findings."""
        yield Line(id="question")
        yield Static("", id="findings", markup=False)

    def begin(self) -> None:
        """Begin to look."""
        self.looking(tr("looking: Escape ends it"))
        self.run_worker(self._look(), group="look")

    def looking(self, text: str) -> None:
        """Show what is being looked at."""
        self.query_one("#question", Line).say(text)

    async def _look(self) -> None:
        row = self._row
        self.desk.look(row.address if row is not None else "")
        try:
            async with aclosing(checkup(self._options, row.called if row is not None else None, self.looking)) as looks:
                async for finding in looks:
                    self.take(finding)
        finally:
            self.desk.look("")
        self.over()

    def take(self, finding: Finding) -> None:
        """Show one more finding."""
        self._findings.append(finding)
        self.query_one("#findings", Static).update("\n".join(told(one) for one in self._findings))

    def over(self) -> None:
        """Say what came of it all."""
        if code_of(self._findings) == Exit.DONE:
            self.looking(tr("a session could start here: Escape closes"))
        else:
            self.looking(tr("no session could start here, see NO below: Escape closes"))
