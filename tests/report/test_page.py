"""The page needs nothing but itself, lets no text through as markup, and tells in tables what it draws."""

import re
from datetime import timedelta
from html import escape
from html.parser import HTMLParser

import pytest

from estim.core.days.diary import Diary, Pain, When
from estim.core.days.statistics import Tally, tally
from estim.report.clinic import Clinic
from estim.report.page import as_html
from tests.report.written import BERLIN, EVIL, FIRST, at, clinic, nothing, played, written

VOID = {"meta", "br", "hr", "img", "input", "link"}
LENGTHS = [1, 28, 93, 183, 400, 3650]


class Read(HTMLParser):
    """What a page holds: its elements with their attributes, its text, and every tag that isn't closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1], []).append(data.strip())

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(found: Tally, title: str = "Achilles tendon, left", told: Clinic | None = None) -> str:
    return as_html(found, title=title, made_at=at(FIRST + timedelta(days=28), 9), clinic=told)


@pytest.mark.parametrize("days", LENGTHS)
def test_every_element_is_closed_and_every_id_is_its_own(days: int) -> None:
    read = Read(page(written(days)))
    assert read.wrong == []
    assert read.open == []
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("days", LENGTHS)
def test_nothing_is_loaded_from_anywhere(days: int) -> None:
    text = page(written(days))
    read = Read(text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import|@font-face|src=|href=|javascript:|\bon\w+=", text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & {
        tag for tag, _ in read.elements
    }
    policies = [one["content"] for one in read.named("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_no_style_stands_in_an_attribute() -> None:
    assert not [tag for tag, attributes in Read(page(written())).elements if "style" in attributes]


@pytest.mark.parametrize("days", LENGTHS)
def test_every_plot_has_a_title_a_description_and_a_table(days: int) -> None:
    text = page(written(days))
    read = Read(text)
    plots = read.named("svg")
    assert len(plots) == 4
    for plot in plots:
        assert plot["role"] == "img"
        title, told = plot["aria-labelledby"].split()
        assert re.search(rf'<title id="{title}">[^<]+</title><desc id="{told}">[^<]+</desc>', text)
    fold = (
        r'</svg></div>\n<input type="checkbox" class="fold" id="([a-z]+)-table"><label for="\1-table">[^<]+</label>\n'
    )
    assert len(re.findall(fold + '<div class="wide"><table>', text)) == 4


def test_headings_lead_from_one_to_the_next() -> None:
    read = Read(page(written()))
    assert read.texts["h1"] == ["Achilles tendon, left"]
    assert read.texts["h2"] == [
        "At a glance",
        "What it means",
        "Pain",
        "Sessions",
        "Slots done",
        "Minutes a day",
        "Dose by site",
        "Notes",
    ]
    assert Read(page(written(), told=clinic())).texts["h2"] == [
        "Whose days these are",
        *read.texts["h2"][:7],
        "Highest level of each session, in the unit's own steps",
        "Programs",
        "How it felt, skin and plan",
        "Runs",
        "Heel raises",
        "Notes",
    ]
    assert read.named("html") == [{"lang": "en"}]
    assert [one["content"] for one in read.named("meta") if one.get("name") == "viewport"]


def test_what_a_person_wrote_is_text_and_never_markup() -> None:
    text = page(written(program=EVIL, note=EVIL), title=EVIL, told=clinic(name=EVIL, program=EVIL))
    read = Read(text)
    assert "script" not in {tag for tag, _ in read.elements}
    assert "<script" not in text.lower()
    assert text.count(escape(EVIL)) >= 4
    assert EVIL in read.texts["h1"]
    assert EVIL in read.texts["td"]


def test_the_same_tally_gives_the_same_bytes() -> None:
    assert page(written()) == page(written())


def test_it_says_when_it_was_made_with_the_offset() -> None:
    text = as_html(written(), title="x", made_at=at(FIRST + timedelta(days=28), 9).astimezone(BERLIN))
    assert "Made on 2026-03-30 09:00 (UTC+0200)" in text


def test_numbers_of_the_table_are_those_of_the_tally() -> None:
    read = Read(page(written()))
    cells = read.texts["td"]
    assert "Mon 2026-03-02" in read.texts["th"]
    assert cells[:5] == ["4", "1", "0", "–", "–"], "the newest day comes first"
    assert ["7", "5", "3", "–", "–"] in [cells[number : number + 5] for number in range(0, 28 * 5, 5)]
    assert "53 of 56 slots, 94\N{NO-BREAK SPACE}%" in read.texts["dd"]


def test_a_bar_above_the_usual_most_is_drawn_differently() -> None:
    assert 'class="bar above"' not in page(written())
    found = tally(Diary(sessions=(played(at(FIRST, 8), 130),)), [], at(FIRST, 23), FIRST, FIRST)
    assert 'class="bar above"' in page(found)


def test_an_empty_diary_says_what_to_type_and_draws_nothing() -> None:
    read = Read(page(nothing()))
    assert read.named("svg") == []
    assert any("estim pain add 3 --when worst" in text for text in read.texts["p"])


def test_ten_years_stay_small() -> None:
    assert len(page(written(3650)).encode()) < 1_500_000


def test_a_clinic_reads_what_it_asks_for() -> None:
    read = Read(page(written(), told=clinic()))
    text = page(written(), told=clinic())
    assert {"Anna Beispiel", "left"} <= set(read.texts["dd"])
    assert "Anna Beispiel" not in page(written())
    cells = read.texts["td"]
    for told in ("rising", "too few to tell", "100 Hz, 200 µs", "not known", "same 12, weaker 9", "rest 7"):
        assert told in cells, told
    assert "not fine on 2026-03-02" in cells
    assert cells.index("rest again; first steps 5 on 2026-03-15") < cells.index("fine: building up")
    assert cells.index("blue") == cells.index("rest again; first steps 5 on 2026-03-15") - 1, "which pair was worn"
    assert {"Shoes", "Repetitions each"} <= set(read.texts["th"])
    assert ["3", "15", "2"] in [cells[number : number + 3] for number in range(len(cells))]
    assert "as yesterday" not in text, "what isn't heel raises is left out"
    assert len(read.named("svg")) == 6
    assert 'class="line level"' in text


def drawn(scores: list[int | None], kind: str = "worst") -> str:
    """Return the path of the line of these days."""
    days = [FIRST + timedelta(days=number) for number in range(len(scores))]
    pains = tuple(
        Pain(at=at(day, 20), score=score, when=When.WORST)
        for day, score in zip(days, scores, strict=True)
        if score is not None
    )
    text = page(tally(Diary(pains=pains), [], at(days[-1], 23), FIRST, days[-1]))
    found = re.search(rf'<path class="line {kind}" d="(M[^"]*L[^"]*|M[^"]*h.1[^"]*)"/>', text)
    return "" if found is None else re.sub(r"[^MLh]", "", found[1])


def test_a_gap_in_the_scores_is_a_gap_in_the_line() -> None:
    assert drawn([3, 4, 5]) == "MLL"
    assert drawn([3, 4, None, 5, 6]) == "MLML"
    assert drawn([3, 4, None, 5, None, 6, 7]) == "MLMML"


def test_a_day_alone_is_seen_where_there_is_no_room_for_marks() -> None:
    weeks = [3, *[None] * 13] * 55
    assert set(drawn(weeks)) == {"M", "h"}
