"""A real browser draws every plot, in light and in dark, asks the network for nothing, and prints on A4."""

import re
from pathlib import Path

import pytest

from estim.core.days.statistics import Tally
from estim.report.page import as_html
from tests.report.browsing import A4_PT, LIGHT, asked_for, browse, browser, colours, missing, palettes
from tests.report.written import FIRST, at, written

__all__ = ["browser"]


def write(folder: Path, tally: Tally) -> Path:
    path = folder / "report.html"
    path.write_text(as_html(tally, title="Achilles tendon, left", made_at=at(FIRST, 9)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("days", "dark"), [(28, False), (400, True)])
def test_every_line_bar_and_square_is_drawn_and_nothing_asked_of_the_network(
    browser: str, tmp_path: Path, days: int, dark: bool
) -> None:
    log = tmp_path / "net.json"
    page = write(tmp_path, written(days))
    assert missing(browser, page, tmp_path / "shot.png", f"--log-net-log={log}", dark=dark) == []
    assert asked_for(log) == []


def test_an_empty_page_would_be_noticed(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "empty.html"
    shot = tmp_path / "shot.png"
    page.write_text(
        re.sub(r"<svg.*?</svg>", "", write(tmp_path, written()).read_text(encoding="utf-8")), encoding="utf-8"
    )
    browse(browser, page, LIGHT, f"--screenshot={shot}", "--window-size=1000,2400")
    assert colours(shot)[palettes()[0]["bar"]] == 0


def test_a_page_that_asks_would_be_noticed(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "nosy.html"
    log = tmp_path / "net.json"
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
