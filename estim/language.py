"""Chooses the language that a person reads, from what the surroundings say (LANGUAGE, LC_ALL, LC_MESSAGES, LANG).

1. The variables are those of gettext, in its order; the first one that is set counts, and LANGUAGE may name several.
2. English needs no catalogue, so nothing is read for it.
3. A catalogue that is damaged, gone or can't be read leaves English: no language keeps a stop away (SAFETY.md, C-60).
"""

import os
from collections.abc import Mapping
from pathlib import Path

from estim.core.translation import LANGUAGE

CATALOGUES = Path(__file__).parent / "locale"
"""Where the translations are, as gettext wants them: de/LC_MESSAGES/estim.mo."""

DOMAIN = "estim"

ENGLISH = "en"

_NO_LANGUAGE = frozenset({"", "c", "posix"})


def wanted(surroundings: Mapping[str, str]) -> list[str]:
    """Return the languages that are asked for, best first, as small codes such as "de"; none: English.

    A computer without a language (LANG=C) has none, whatever LANGUAGE says: gettext's own rule.
    """
    locale = next((surroundings[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if surroundings.get(name)), "")
    if _code(locale) in _NO_LANGUAGE:
        return []
    several = [_code(name) for name in surroundings.get("LANGUAGE", "").split(":")]
    return [code for code in several if code not in _NO_LANGUAGE] or [_code(locale)]


def choose(surroundings: Mapping[str, str] = os.environ) -> None:
    """Speak the first language that is asked for and that there is; English, whatever goes wrong."""
    for code in wanted(surroundings):
        if code == ENGLISH:
            return
        try:
            _speak(code)
        except Exception:  # noqa: BLE001 - damaged in whatever way: English is there
            continue
        return


def _speak(code: str) -> None:
    from gettext import bindtextdomain, textdomain, translation

    LANGUAGE.speak(code, translation(DOMAIN, CATALOGUES, [code]))
    bindtextdomain(DOMAIN, str(CATALOGUES))  # for what typer asks for: the headings of help (estim/cli/help_texts.py)
    textdomain(DOMAIN)


def _code(name: str) -> str:
    """Return the language of a locale's name: "de" of "de_DE.UTF-8@euro"."""
    return name.split(".")[0].split("@")[0].split("_")[0].strip().lower()
