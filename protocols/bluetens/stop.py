"""The stop of a Bluetens: `>osto`, a question, again on each answer that says more than zero, until one proves it.

1. `>osto` is answered when the output is off, which may take 3 s; `>stat` is asked after that answer, or after ASK_S
   without one. From then on both go out every ASK_S. The answer to `>osto` itself proves nothing:
   it may be one to something older.
2. In an upload the shell takes all bytes for the file: two single Ctrl-D end it first. The same is done when nothing
   at all is answered, since an upload of a host that died may still be open.
3. Each `>osto` begins with CR LF, which ends half a line that may be in the shell.
4. An answer may come twice, late. So where the state before was a zero too, another one proves this stop only when no
   answer to a question of before it can come any more.
"""

from dataclasses import dataclass
from math import inf

from protocols.bluetens.packets import COMMAND, CR_LF, Line

ASK_S = 0.3
"""How long an answer is waited for."""

MUTE = 3
"""After so many stops without any answer it may be in an upload of somebody else's."""

CTRL_D = b"\x04"
OSTO = COMMAND.build(Line("osto"))
STAT = COMMAND.build(Line("stat"))


@dataclass(slots=True)
class Stop:
    """One stop. `due_s` says when to act next, `sent_s` when the last `>osto` went out (-inf: none did)."""

    due_s: float
    uploads: bool = False
    sent_s: float = -inf
    first_s: float = inf
    proved: bool = False
    _asks: bool = False
    _mute: int = 0

    def act(self, now_s: float) -> list[bytes]:
        """Return the writes that have to go out now."""
        if self.proved or now_s < self.due_s:
            return []
        self.due_s = now_s + ASK_S
        if self._asks:
            self._asks = False
            return [STAT]
        self._asks = self._mute == 0
        self._mute += 1
        self.sent_s = now_s
        self.first_s = min(self.first_s, now_s)
        ends_upload = self.uploads or self._mute % MUTE == 0
        self.uploads = False
        words = [*([CTRL_D, CTRL_D] if ends_upload else []), CR_LF + OSTO]
        return words if self._asks else [*words, STAT]

    def answered(self, now_s: float) -> None:
        """The unit has answered a command: ask."""
        if self._asks:
            self.due_s = min(self.due_s, now_s)

    def told(self, now_s: float, asked_s: float, *, off: bool, double: bool) -> None:
        """Take what a state says, when it was asked for at the earliest, and if it may be an old one come twice."""
        self._mute = 0
        if off and asked_s >= self.first_s and not double:
            self.proved = True
            self.due_s = inf
        elif off or asked_s < self.sent_s:
            self._asks = True
        else:
            self._asks = False
            self.due_s = now_s
