"""Lives many lives and says what came of them: `python -m tests.lives.run [FIRST [COUNT]]`."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.lives.lives import Life, Verdict


def lives(first: int, count: int) -> list[Verdict]:
    """Live `count` lives from this seed on, each in a home of its own."""
    verdicts = []
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(prefix="estim-") as folder:
            verdicts.append(Life(seed, Path(folder)).live())
    return verdicts


def main(first: int = 0, count: int = 2000) -> int:
    """Live them and print a line for each family, and all that was wrong."""
    began_s = time.monotonic()
    verdicts = lives(first, count)
    by_family = Counter(verdict.family for verdict in verdicts)
    for name, number in sorted(by_family.items()):
        own = [verdict for verdict in verdicts if verdict.family == name]
        claims = sum(verdict.claims for verdict in own)
        unproved = sum(verdict.unproved for verdict in own)
        kills = sum(verdict.kills for verdict in own)
        wrong = sum(bool(verdict.wrong) for verdict in own)
        print(f"{name:12} {number:5} lives {claims:6} confirmed {unproved:5} not {kills:5} kills {wrong:4} wrong")  # noqa: T201
    for verdict in verdicts:
        if verdict.wrong:
            print(verdict.told())  # noqa: T201
    bad = sum(bool(verdict.wrong) for verdict in verdicts)
    seconds = time.monotonic() - began_s
    print(f"{count} lives from seed {first}, {bad} wrong, {count / seconds:.1f} lives a second")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
