"""A real browser draws every plot, in light and in dark, asks the network for nothing, and prints on A4."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from estim.core.days.tally import Tally
from estim.report.page import as_html
from tests.report.written import FIRST, at, written

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


def write(folder: Path, tally: Tally) -> Path:
    path = folder / "report.html"
    path.write_text(as_html(tally, title="Achilles tendon, left", made_at=at(FIRST, 9)), encoding="utf-8")
    return path


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


@pytest.mark.parametrize("days", [28, 400])
@pytest.mark.parametrize(("scheme", "flag"), [("light", LIGHT), ("dark", DARK)])
def test_every_line_bar_and_square_is_drawn(browser: str, tmp_path: Path, days: int, scheme: str, flag: str) -> None:
    light, dark = palettes()
    palette = light if scheme == "light" else dark
    shot = tmp_path / "shot.png"
    browse(browser, write(tmp_path, written(days)), flag, f"--screenshot={shot}", "--window-size=1000,2400")
    seen = colours(shot)
    assert seen.most_common(2)[0][0] in {palette["ground"], palette["sheet"]}
    missing = {name: seen[palette[name]] for name in DRAWN if seen[palette[name]] < 30}
    assert not missing, f"hardly a pixel of {missing}"


def test_an_empty_page_would_be_noticed(browser: str, tmp_path: Path) -> None:
    page, shot = tmp_path / "empty.html", tmp_path / "shot.png"
    page.write_text(
        re.sub(r"<svg.*?</svg>", "", write(tmp_path, written()).read_text(encoding="utf-8")), encoding="utf-8"
    )
    browse(browser, page, LIGHT, f"--screenshot={shot}", "--window-size=1000,2400")
    assert colours(shot)[palettes()[0]["bar"]] == 0


def test_the_page_asks_the_network_for_nothing(browser: str, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    browse(browser, write(tmp_path, written()), f"--log-net-log={log}", "--dump-dom")
    assert asked_for(log) == []


def test_a_page_that_asks_would_be_noticed(browser: str, tmp_path: Path) -> None:
    page, log = tmp_path / "nosy.html", tmp_path / "net.json"
    page.write_text('<!DOCTYPE html><title>x</title><img src="https://example.invalid/x.png">', encoding="utf-8")
    browse(browser, page, f"--log-net-log={log}", "--dump-dom")
    assert asked_for(log) == ["https://example.invalid/x.png"]


def test_a_note_never_runs(browser: str, tmp_path: Path) -> None:
    evil = "<script>document.title = 'it ran'</script><img src=x onerror=\"document.title = 'it ran'\">"
    dom = browse(browser, write(tmp_path, written(note=evil, program=evil)), "--dump-dom")
    assert "<title>Achilles tendon, left</title>" in dom
    assert "&lt;script&gt;document.title" in dom
    assert "<script" not in dom


def test_it_prints_on_few_sheets_of_a4(browser: str, tmp_path: Path) -> None:
    sheets = tmp_path / "report.pdf"
    browse(browser, write(tmp_path, written()), "--no-pdf-header-footer", f"--print-to-pdf={sheets}")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheets.read_bytes())
    assert {(round(float(wide)), round(float(tall))) for wide, tall in boxes} == {A4_PT}
    assert len(boxes) <= 3
