"""Says where each verb lives, and adds to the command line those that a line may mean: the rest isn't imported."""

from importlib import import_module

import typer

_GROUPS = {
    "devices": "estim.cli.devices:devices",
    "programs": "estim.cli.programs:programs",
    "pain": "estim.cli.diary:pain",
    "run-log": "estim.cli.diary:run_log",
    "note": "estim.cli.diary:note",
    "pads": "estim.cli.diary:pads",
    "log": "estim.cli.diary:log",
    "schedule": "estim.cli.schedule:schedule",
    "care": "estim.cli.care:care",
    "fleet": "estim.cli.fleet:fleet",
    "settings": "estim.cli.settings:settings",
    "service": "estim.cli.service:service",
}
_VERBS = {
    "undo": "estim.cli.diary:undo",
    "report": "estim.cli.report:report",
    "export": "estim.cli.report:export",
    "import": "estim.cli.report:import_",
    "scope": "estim.cli.scope:scope",
    "doctor": "estim.cli.doctor:doctor",
    "plugins": "estim.cli.plugins:plugins",
    "completion": "estim.cli.completion:completion",
    "demo": "estim.cli.demo:demo",
}
"""Verbs that live elsewhere: where, and what there."""

_PLACES = _GROUPS | _VERBS


_added: set[str] = set()


def add_verbs(app: typer.Typer, argv: list[str]) -> int:
    """Add the verbs that the line may mean, or all where it names none; return how many have been added so far.

    What isn't needed isn't imported.
    """
    own = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    wanted = [word for word in argv if word in _PLACES]
    verb = next((place for place, word in enumerate(argv) if word in _PLACES or word in own), len(argv))
    if verb == len(argv) or "--help" in argv[:verb]:
        wanted = list(_PLACES)
    for name in wanted:
        _add(app, name)
    return len(_added)


def add_names(app: typer.Typer, words: list[str]) -> int:
    """Add the verbs that a line names, and of the others the names alone: enough to complete it, and quick."""
    for name in _PLACES:
        if name in words:
            _add(app, name)
        elif name not in _added:
            app.command(name, help="")(_name_alone)  # else zsh and fish would tell what this function is for
    return len(_added)


def _name_alone() -> None:
    """Stand for a verb that isn't imported: a line that is completed isn't carried out."""


def _add(app: typer.Typer, name: str) -> None:
    if name in _added:
        return
    _added.add(name)
    module, _, thing = _PLACES[name].partition(":")
    found = getattr(import_module(module), thing)
    if name in _GROUPS:
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)
