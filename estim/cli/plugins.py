"""`estim plugins`: what plug-ins brought, and what is wrong with those that bring nothing."""

import typer

from estim.cli.flags import Flags
from estim.cli.output import note, tell
from estim.core.errors import Exit
from estim.core.translation import tr


def plugins(context: typer.Context) -> None:
    """Show the plug-ins that bring families and programs, and what is wrong with those that can't be used."""
    from estim.catalogue.families import plugins as of_families
    from estim.catalogue.plugged import brought
    from estim.catalogue.programs import shipped

    flags: Flags = context.obj
    found = (*of_families(), *brought(frozenset(program.id for program in shipped())).plugins)
    fine = tr("fine")
    lines = [f"{one.name:<16} {one.group:<15} {one.package:<24} {one.trouble or fine}" for one in found]
    rows = [
        {"group": one.group, "name": one.name, "package": one.package, "ok": not one.trouble, "trouble": one.trouble}
        for one in found
    ]
    tell(flags, "plugin", "\n".join(lines), rows)
    if not found and not flags.as_json:
        note(tr("no plug-in is installed; docs/plugins.md says how to write one"))
    raise typer.Exit(Exit.CONFIG if any(one.trouble for one in found) else Exit.DONE)
