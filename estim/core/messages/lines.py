"""The three kinds of lines that a host sends, told apart by their first field."""

import msgspec

from estim.core.messages.commands import Reply
from estim.core.messages.events import Happened
from estim.core.messages.shown import Snapshot

Line = Reply | Snapshot | Happened

_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
_snapshots = msgspec.json.Decoder(Snapshot)
_happenings: msgspec.json.Decoder[Happened] = msgspec.json.Decoder(Happened)


def read_line(line: bytes) -> Line:
    """Read what a host says; raises msgspec.MsgspecError (a ValueError) if it is none of the three kinds."""
    kind = line[2:8]
    if kind == b"answer":
        return _replies.decode(line)
    return _snapshots.decode(line) if kind.startswith(b"show") else _happenings.decode(line)
