"""A real browser without a window: what it draws of a page, and what it asks the network for."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_S = 60
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"

A4_PT = (595, 842)
DRAWN = ("worst", "morning", "rest", "bar", "m1", "m2", "m3")
"""Colours of the page's style that lines, marks, bars and squares have."""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"none of {', '.join(BROWSERS)} is installed, and this machine has to have one")
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    return found


def browse(browser: str, page: Path, *flags: str) -> str:
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [browser, *QUIET, profile, *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S).stdout


def palettes() -> tuple[dict[str, str], dict[str, str]]:
    """Return the colours by name that the style has for light and for dark."""
    css = (Path(__file__).parents[2] / "estim/report/page.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--(\w+): #([0-9a-f]{6})\b", part)) for part in css.split("}")[:2])
    return light, dark


def colours(picture: Path) -> Counter[str]:
    from matplotlib.image import imread

    pixels = (imread(picture)[..., :3] * 255).round().astype("uint32")
    codes = (pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]).ravel().tolist()
    return Counter({f"{code:06x}": count for code, count in Counter(codes).items()})


def asked_for(log: Path) -> list[str]:
    """Return what the page itself asked for: requests in the name of a file, and not those of the browser's makers."""
    told = json.loads(log.read_text(encoding="utf-8"))
    start = told["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [event["params"] for event in told["events"] if event["type"] == start and "params" in event]
    return [one["url"] for one in begun if str(one.get("network_isolation_key", "")).startswith("file:")]


def missing(
    browser: str, page: Path, shot: Path, *flags: str, dark: bool = False, wanted: tuple[str, ...] = DRAWN
) -> list[str]:
    """Return which colours of plots are hardly there when a page is drawn, and of the ground if that is wrong."""
    palette = palettes()[dark]
    browse(browser, page, DARK if dark else LIGHT, f"--screenshot={shot}", "--window-size=1024,2400", *flags)
    seen = colours(shot)
    ground = [] if seen.most_common(1)[0][0] in {palette["ground"], palette["sheet"]} else ["ground"]
    return [*ground, *(name for name in wanted if seen[palette[name]] < 30)]
