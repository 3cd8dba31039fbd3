"""`estim plugins`: what plug-ins brought, and what is wrong with those that bring nothing."""

import json

import typer

from estim.cli.flags import Flags
from estim.core.errors import Exit


def plugins(context: typer.Context) -> None:
    """Show the plug-ins that bring families and programs, and what is wrong with those that can't be used."""
    from estim.catalogue.families import plugins as of_families
    from estim.catalogue.plugged import brought
    from estim.catalogue.programs import shipped

    flags: Flags = context.obj
    found = (*of_families(), *brought(frozenset(program.id for program in shipped())).plugins)
    for one in found:
        if flags.as_json:
            told = {"group": one.group, "name": one.name, "package": one.package}
            typer.echo(json.dumps({**told, "ok": not one.trouble, "trouble": one.trouble}, ensure_ascii=False))
        else:
            typer.echo(f"{one.name:<16} {one.group:<15} {one.package:<24} {one.trouble or 'fine'}")
    if not found and not flags.as_json:
        typer.echo("no plug-in is installed; docs/plugins.md says how to write one", err=True)
    raise typer.Exit(Exit.CONFIG if any(one.trouble for one in found) else Exit.DONE)
