"""Reads what a browser has printed: where each text stands on each sheet. As much of PDF as Skia writes."""

import re
import zlib
from dataclasses import dataclass

Matrix = tuple[float, float, float, float, float, float]
STILL: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

TOKEN = re.compile(rb"<([0-9A-Fa-f]*)>|\((?:\\.|[^()\\])*\)|/?[^\s<>\[\]()/]+|[\[\]]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and how far below the top of its sheet it stands, in points."""

    text: str
    down: float


def sheets(data: bytes) -> list[list[Piece]]:
    """Return the pieces of every sheet, in the order in which they were written."""
    objects = {int(number): body for number, body in re.findall(rb"(?m)^(\d+) 0 obj\s(.*?)\sendobj", data, re.DOTALL)}
    pages = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    found = []
    for page in sorted(pages, key=lambda body: _place(objects, body)):
        fonts = {
            name: _letters(objects, int(number))
            for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", _resources(objects, page))
        }
        tall = float(re.findall(rb"/MediaBox\s*\[0 0 [\d.]+ ([\d.]+)\]", page)[0])
        contents = int(re.findall(rb"/Contents (\d+) 0 R", page)[0])
        found.append(_pieces(_stream(objects[contents]), fonts, tall))
    return found


def lines(sheet: list[Piece]) -> dict[int, str]:
    """Return the text by its height, from the top down, without blanks: a browser sets letters one by one."""
    found: dict[int, str] = {}
    for piece in sorted(sheet, key=lambda one: round(one.down)):
        height = round(piece.down)
        found[height] = found.get(height, "") + "".join(piece.text.split()).replace("\ufb01", "fi")
    return found


def _place(objects: dict[int, bytes], page: bytes) -> int:
    """Return the number of a page among the kids of its parents: they are told in order."""
    kids = b" ".join(re.findall(rb"/Kids\s*\[(.*?)\]", b" ".join(objects.values()), re.DOTALL))
    order = [int(number) for number in re.findall(rb"(\d+) 0 R", kids)]
    return order.index(next(number for number, body in objects.items() if body is page))


def _resources(objects: dict[int, bytes], page: bytes) -> bytes:
    found = re.search(rb"/Resources (\d+) 0 R", page)
    return page if found is None else objects[int(found[1])]


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream")
    raw = rest.lstrip(b"\r").removeprefix(b"\n").rpartition(b"endstream")[0]
    return zlib.decompressobj().decompress(raw) if b"FlateDecode" in head else raw


def _letters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    told = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    if told is None:
        return {}
    text = _stream(objects[int(told[1])])
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, letter in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, letter in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = chr(int(letter, 16) + step)
    return found


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _pieces(content: bytes, fonts: dict[bytes, dict[int, str]], tall: float) -> list[Piece]:
    found: list[Piece] = []
    there = STILL
    kept: list[Matrix] = []
    at = STILL
    letters: dict[int, str] = {}
    before: list[bytes] = []
    for token in TOKEN.finditer(content):
        word = token[0]
        match word:
            case b"q":
                kept.append(there)
            case b"Q":
                there = kept.pop()
            case b"cm":
                there = _times(_matrix(before), there)
            case b"Tm":
                at = _matrix(before)
            case b"Tf":
                letters = fonts.get(before[-2].removeprefix(b"/"), {})
            case b"Tj" | b"TJ":
                codes = b"".join(re.findall(rb"<([0-9A-Fa-f]*)>", b"".join(before))).decode()
                text = "".join(letters.get(int(codes[n : n + 4], 16), "") for n in range(0, len(codes), 4))
                if text.strip():
                    found.append(Piece(text, tall - _times(at, there)[5]))
        if re.fullmatch(rb"[A-Za-z*']+", word):
            before = []
        else:
            before.append(word)
    return found


def _matrix(before: list[bytes]) -> Matrix:
    a, b, c, d, e, f = (float(word) for word in before[-6:])
    return (a, b, c, d, e, f)
