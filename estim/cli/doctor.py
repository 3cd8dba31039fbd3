"""`estim doctor`: whether a session could start here, and what to do where it couldn't."""

import asyncio
from typing import Annotated

import typer

from estim.cli.completers import units
from estim.cli.flags import Flags
from estim.cli.output import is_watched, note, say, tell_row
from estim.core.translation import tr, tr_text
from estim.doctor.checkup import checkup
from estim.doctor.findings import SIGN, Finding, code_of


def doctor(
    context: typer.Context,
    unit: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ADDRESS",
            help="look for it too, and measure its stop at level 0: nothing is put out",
            autocompletion=units,
        ),
    ] = None,
) -> None:
    """Check whether a session could start here, with what to do; the exit code is what a start would end with."""
    raise typer.Exit(asyncio.run(_look(context.obj, unit)))


async def _look(flags: Flags, unit: str | None) -> int:
    findings: list[Finding] = []

    def looking(text: str) -> None:
        if is_watched() and not flags.as_json:
            note(text)

    async for finding in checkup(flags.host, unit, looking):
        findings.append(finding)
        if flags.as_json:
            row = {"what": finding.what, "grade": finding.grade.value, "text": finding.text, "do": finding.do}
            tell_row("finding", row)
        else:
            say(_line(finding))
    code = code_of(findings)
    if not flags.as_json:
        good = tr("a session could start here")
        say(good if code == 0 else tr("no session could start here (exit code {code})", code=int(code)))
    return code


def _line(finding: Finding) -> str:
    """Return a finding as people read it, with what to do below its text."""
    wide = max(3, *(len(tr_text(sign)) for sign in SIGN.values()))
    line = f"{tr_text(SIGN[finding.grade]):<{wide}} {finding.named:<12} {finding.text}"
    return f"{line}\n{'':{wide + 14}}{finding.do}" if finding.do else line
