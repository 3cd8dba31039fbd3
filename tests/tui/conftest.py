"""Takes away what would make two pictures of one screen differ: the colours of somebody's terminal."""

import pytest

from estim.tui.keymap import KEYBOARD, USUAL


@pytest.fixture(autouse=True)
def no_taste_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's theme or NO_COLOR must not change a picture."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_ANIMATIONS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def usual_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins and ends with the usual keys: which ones hold is one value for the whole process."""
    monkeypatch.setattr(KEYBOARD, "keymap", USUAL)
