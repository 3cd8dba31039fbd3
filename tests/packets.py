"""The literal packets of the golden files, by family, direction, endpoint and profile."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from protocols.layout import Direction
from protocols.registry import family


@cache
def golden(name: str) -> dict[str, Any]:
    """Return a family's golden file."""
    return tomllib.loads((Path(__file__).parent / f"golden/{name}.toml").read_text(encoding="utf-8"))


def literal(name: str, direction: Direction, endpoint: str, profile: str = "") -> list[bytes]:
    """Return the good packets; an entry that names no endpoint is of the usual one, no profile: of the first."""
    made = family(name)
    usual = next(iter(made.layouts[direction]))
    first = made.profiles[0] if made.profiles else ""
    return [
        bytes_of(entry)
        for entry in golden(name)["packet"]
        if entry["direction"] == direction
        and entry.get("endpoint", usual) == endpoint
        and entry.get("profile", first) == (profile or first)
    ]


def bytes_of(entry: dict[str, Any]) -> bytes:
    """Return the bytes of an entry, which it gives in hex or as text."""
    return bytes.fromhex(entry["hex"]) if "hex" in entry else str(entry["text"]).encode()
