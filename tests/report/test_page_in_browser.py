"""A real browser draws every plot, in light and in dark, asks the network for nothing, and prints on A4."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from estim.core.days.diary import Diary, Pain, When
from estim.core.days.statistics import Tally, tally
from estim.report.page import as_html
from tests.report.browsing import A4_PT, LIGHT, asked_for, browse, browser, colours, missing, palettes
from tests.report.printed import lines, sheets
from tests.report.written import FIRST, at, clinic, written

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


@pytest.mark.parametrize(("days", "sheets_max"), [(28, 5), (92, 8)])
def test_it_prints_on_few_sheets_of_a4_with_all_tables_and_no_heading_alone(
    browser: str, tmp_path: Path, days: int, sheets_max: int
) -> None:
    sheet_file = tmp_path / "report.pdf"
    page = tmp_path / "report.html"
    text = as_html(written(days), title="Achilles tendon, left", made_at=at(FIRST, 9), clinic=clinic())
    page.write_text(text, encoding="utf-8")
    browse(browser, page, "--no-pdf-header-footer", f"--print-to-pdf={sheet_file}")
    data = sheet_file.read_bytes()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert {(round(float(wide)), round(float(tall))) for wide, tall in boxes} == {A4_PT}
    printed = [lines(sheet) for sheet in sheets(data)]
    assert len(printed) <= sheets_max
    assert max(printed[0]) > 0.8 * A4_PT[1], "the first sheet is full"
    whole = "".join(line for sheet in printed for line in sheet.values())
    named = [unescape(one) for one in re.findall(r'<th scope="row">([^<]*)</th>', text)]
    assert len(named) > 60
    for one in set(named):
        assert whole.count("".join(one.split())) >= named.count(one), one
    leading = [unescape(one) for one in re.findall(r"<(?:h2|label)[^>]*>([^<]*)</", text)]
    for sheet in printed:
        for height, line in sheet.items():
            for one in leading:
                if "".join(one.split()) in line:
                    assert max(sheet) - height > 20, f"{one} is the last of its sheet"
    assert all("".join(one.split()) in whole for one in leading)


@pytest.mark.parametrize("width", [390, 1024])
def test_the_newest_days_are_what_one_sees(browser: str, tmp_path: Path, width: int) -> None:
    """Of two pages, alike but for the days on which rest hurt, a phone shows the later ones; a desk shows both."""
    shown = []
    for days in (range(23, 28), range(5)):
        pains = [Pain(at=at(FIRST + timedelta(days=day), 20), score=2, when=When.WORST) for day in range(28)]
        pains += [Pain(at=at(FIRST + timedelta(days=day), 12), score=6, when=When.REST) for day in days]
        pains.sort(key=lambda one: one.at)
        last = FIRST + timedelta(days=27)
        folder = tmp_path / str(days.start)
        folder.mkdir()
        page = write(folder, tally(Diary(pains=tuple(pains)), [], at(last, 23), FIRST, last))
        shot = folder / "shot.png"
        browse(browser, page, LIGHT, f"--screenshot={shot}", f"--window-size={width},1600")
        shown.append(colours(shot)[palettes()[0]["rest"]])
    late, early = shown
    if width == 390:
        assert late > early + 60
    else:
        assert abs(late - early) < 60
        assert min(late, early) > 60
