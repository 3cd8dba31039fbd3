"""A software Bluetens: a text shell over 20-byte pieces, files, scripts that play by themselves, buttons, traps.

Rules (notes on the vendor's firmware, see the family's file; "choice" where nobody knows):
1. One command at a time is read from a stream of bytes; what doesn't begin with > is no command and is passed over.
2. A start plays a file at level 1 and tells it. The end of a script, or the cut-off, is told by nothing.
3. `>str` with nothing running starts default file 0. A level is above 0 only while something runs.
4. Stopped and not spoken to for 30 s (first hardware 20 s) it switches itself off. A lost link changes nothing.
5. With the pads off and pulses wanted for 3 s it stops and says so. On its charger it says ok to a start, and doesn't.
"""

from collections import deque
from hashlib import md5
from math import inf

from protocols.bluetens import SERVICE, SHELL, WRITE_MAX
from protocols.vocabulary import Advert, Endpoint
from simulator.bluetens_loki import BadScript, Player
from simulator.bluetens_options import BluetensOptions
from simulator.chance import Chance
from simulator.kind import Kind
from simulator.outbox import Act, Agenda, Outbox
from simulator.trace import silent
from simulator.twin import Log, Pulse, Said, Twin, WriteRefused

TOP = 60
VOLTS_PP = {0: 0.0, 1: 7.45, 5: 15.8, 10: 25.8, 15: 35.2, 20: 47.6, 30: 61.0, 40: 76.8, 50: 90.0, 60: 103.0}
"""Measured at 500 ohm and 50 Hz, peak to peak of both phases (vendor's sheet)."""

CAPACITY = 60 * 1024
DEFAULT_FILE, DEFAULT_SCRIPT = "pain.lok", "V1D16{R4b0|R50Pc8F50}"
ANSWER_S, OFF_S = 0.02, 1.0
IDLE_S = {"second": 30.0, "first": 20.0}
NOLOAD_S, UPLOAD_S, TELL_BATTERY_S = 3.0, 5.0, 300.0
KEPT = 120_000
"""Pulses kept: 60 s at the highest rate of a program, many times over."""


class Bluetens:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "bluetens"
    endpoints: tuple[Endpoint, ...] = (SHELL,)

    def __init__(self, address: str, options: BluetensOptions, _chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self.files: dict[str, bytes] = {DEFAULT_FILE: DEFAULT_SCRIPT.encode()}
        self._level = 0
        self._player: Player | None = None
        self._start_s = 0.0
        self._last_md5 = "0" * 32
        self._past: deque[Pulse] = deque(maxlen=KEPT)
        self._stream = b""
        self._upload: tuple[str, int, bytes, float] | None = None
        self._ctrl_d = 0
        self._spoken_s = self._told_s = 0.0
        self._dark_s = self._noload_s = inf
        self._battery_mv = options.battery
        self._pads_on, self._charging, self._met, self._central = True, options.charging, False, False
        self._ignored = self._damaged = 0
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin: service FFE0, and the maker's id most significant byte first."""
        address = bytes.fromhex(self.address.replace(":", ""))
        return Advert(self.address, self._options.name, (SERVICE,), ((0xBDFF, b"\x33\x07" + address + b"blt\0"),))

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._next_s)

    @property
    def _next_s(self) -> float:
        """When something happens that isn't a pulse."""
        ends_s = self._player.ends_s if self._player is not None else inf
        idle_s = inf if self._player is not None or not self.on else self._spoken_s + IDLE_S[self._options.hardware]
        upload_s = self._upload[3] if self._upload is not None else inf
        return min(self._agenda.due_s, ends_s, idle_s, upload_s, self._dark_s, self._noload_s)

    def level(self, channel: str = "A") -> int:
        """Return the level that it plays at, 0 if nothing runs."""
        return self._level

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = [one for one in self._outbox.take(now_s) if one.endpoint in self._heard]
        for one in said:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return said

    def connect(self, now_s: float) -> None:
        """See Twin. One that runs already was started by buttons, or by a host that died."""
        self._spoken_s = now_s if not self._met else self._spoken_s
        self._agenda.begin(now_s)
        self._live(now_s)
        if not self._met and self._options.strength:
            self._start(now_s, DEFAULT_FILE, inf, "before")
            self._set(now_s, self._options.strength, "before")
        self._met = self._central = True
        self._spoken_s = now_s
        self._log(now_s, "connect", {"level": {"A": self._level}})

    def disconnect(self, now_s: float) -> None:
        """See Twin: it plays on."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._central, self._upload, self._ctrl_d = False, None, 0
        if not self._options.half_line:
            self._stream = b""
        self._log(now_s, "disconnect", {"level": {"A": self._level}})

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: at most 20 bytes."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if len(data) > WRITE_MAX:
            self._log(now_s, "refused", {**fields, "code": 0x0D})
            raise WriteRefused(0x0D, f"{endpoint.name} takes at most {WRITE_MAX} bytes, not {len(data)}")
        self._log(now_s, "write", {**fields, "text": data.decode("ascii", errors="replace")})
        self._spoken_s = now_s
        if self._options.echo:
            self._outbox.put(now_s + ANSWER_S / 2, SHELL, data)
        self._read(now_s, data)

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing of use."""
        self._live(now_s)
        return b""

    def hand(self, now_s: float, act: str) -> None:
        """See Twin; `charger-on` and `charger-off` besides."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                self._watch_load(now_s)
            case "power-off":
                self._notify(now_s, "shutdown")
                self._stop(now_s, "power")
                self._dark_s = now_s + ANSWER_S * 2
            case "power-on":
                self.on, self._spoken_s, self._dark_s = True, now_s, inf
            case "low-battery":
                self._battery_mv = 3000
                self._notify(now_s, "low battery")
                self._stop(now_s, "battery")
                self._dark_s = now_s + OFF_S
            case "charger-on":
                self._charging = True
                self._notify(now_s, "charging")
                self._stop(now_s, "charger")
                self._dark_s = now_s + OFF_S
            case "charger-off":
                self._charging = False
            case _ if act[:2] in ("A+", "A-"):
                if self._player is not None:
                    self._set(now_s, max(1, min(TOP, self._level + int(f"{act[1]}{act[2:] or 1}"))), "hand")
                    self._notify(now_s, f"strength {self._level}")
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin."""
        self._live(until_s)
        return [pulse for pulse in self._past if since_s <= pulse.at_s < until_s]

    # Time

    def _live(self, now_s: float) -> None:
        while (at_s := self._next_s) <= now_s:
            self._pulse_until(at_s)
            if self._next_s < at_s:
                continue  # its script has come to an end before that
            self._happen(at_s)
        self._pulse_until(now_s)

    def _happen(self, at_s: float) -> None:
        if at_s == self._agenda.due_s:
            self.hand(*self._agenda.take())
        elif at_s == self._dark_s:
            self.on, self._dark_s = False, inf
            self._stop(at_s, "power")
        elif at_s == self._noload_s:
            self._noload_s = inf
            self._notify(at_s, "noload")
            self._stop(at_s, "noload")
        elif self._player is not None and at_s == self._player.ends_s:
            self._stop(at_s, "script")  # and no word of it
        elif self._upload is not None and at_s == self._upload[3]:
            self._end_upload(at_s)
        else:
            self._log(at_s, "ignored", {"why": "nobody spoke to it: it switches itself off"})
            self.on = False

    def _pulse_until(self, now_s: float) -> None:
        player = self._player
        while player is not None and player.pulse_s <= now_s:
            if self._pads_on and self._level:
                self._past.append(Pulse(player.pulse_s, "A", player.width_us, self._current_ma, 1))
            player.take()

    @property
    def _current_ma(self) -> float:
        low = max(level for level in VOLTS_PP if level <= self._level)
        high = min(level for level in VOLTS_PP if level >= self._level)
        share = (self._level - low) / (high - low) if high > low else 0.0
        volts = (VOLTS_PP[low] + (VOLTS_PP[high] - VOLTS_PP[low]) * share) / 2
        return round(volts / self._options.load_ohm * 1000, 3) if self._pads_on else 0.0

    # The shell

    def _read(self, now_s: float, data: bytes) -> None:
        """Take bytes: of a file that is being uploaded, or of lines."""
        self._stream += data
        while self._stream:
            if self._upload is not None:
                self._take_file(now_s, data)
                continue
            line, end, rest = self._stream.partition(b"\r\n")
            if not end:
                self._stream = self._stream[-256:]
                return
            self._stream = rest
            self._obey(now_s, line.decode("ascii", errors="replace"))

    def _take_file(self, now_s: float, data: bytes) -> None:
        assert self._upload is not None, "only an upload takes a file"
        name, length, so_far, _ = self._upload
        self._ctrl_d = self._ctrl_d + 1 if data == b"\x04" else 0
        fresh, self._stream = self._stream, b""
        if self._ctrl_d:
            fresh = b""
        so_far += fresh
        self._upload = name, length, so_far[:length], now_s + UPLOAD_S
        if len(so_far) >= length or self._ctrl_d == 2:
            self._stream = so_far[length:]
            self._end_upload(now_s)

    def _obey(self, now_s: float, line: str) -> None:
        _, mark, command = line.partition(">")
        if not mark:
            return
        name, *words = command.split(" ")
        act = getattr(self, f"_do_{name}", None)
        if act is None:
            self._say(now_s, "127: command not understood")
            return
        act(now_s, words)

    def _do_ver(self, now_s: float, words: list[str]) -> None:
        self._say(now_s, "v.3.3.7" if self._options.hardware == "second" else "v.3.0.12")

    def _do_bat(self, now_s: float, words: list[str]) -> None:
        shown = self._battery_mv
        if self._options.hardware == "first" and not words:
            shown = round((shown - 3500) * 1200 / 650 + 3800)
        self._say(now_s, f"{shown} mv")

    def _do_stat(self, now_s: float, words: list[str]) -> None:
        tick = max(1, int(now_s - self._start_s)) if self._player is not None else 0
        self._say(now_s, f"tick={tick},lmd5={self._cased(self._last_md5)},str={self._level}")

    def _do_str(self, now_s: float, words: list[str]) -> None:
        old, wanted = self._level, int(words[0]) if words and words[0].isdecimal() else 0
        if wanted and self._player is None:
            self._start(now_s, DEFAULT_FILE, inf, "host")  # the trap
        elif wanted:
            self._set(now_s, min(TOP, wanted), "host")
        self._say(now_s, f"str={old if self._options.old_level else self._level}")

    def _do_ssta(self, now_s: float, words: list[str]) -> None:
        cut_s = next((float(word[5:]) for word in words[1:] if word.startswith("-cut=")), inf)
        if not words or words[0] not in self.files:
            self._say(now_s, "100: failure")
            return
        self._say(now_s, "0: ok")
        if self._charging:
            self._notify(now_s, "charging")
            self._dark_s = now_s + OFF_S
            return
        self._stop(now_s, "host")
        self._start(now_s, words[0], cut_s, "host")

    def _do_osto(self, now_s: float, words: list[str]) -> None:
        if self._player is not None and self._ignored < self._options.stop_ignored:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
        else:
            self._stop(now_s, "host")
        self._say(now_s, "0: ok", self._options.slow_stop_s)

    def _do_md5(self, now_s: float, words: list[str]) -> None:
        data = self.files.get(words[0] if words else "")
        self._say(now_s, "2: failure" if data is None else self._cased(md5(data, usedforsecurity=False).hexdigest()))

    def _do_cat(self, now_s: float, words: list[str]) -> None:
        length = next((int(word[3:]) for word in words[1:] if word[:3] in ("-l=", "-s=")), 0)
        if not words or length <= 0:
            self._say(now_s, "22: failure")
        elif self._options.full or sum(map(len, self.files.values())) + length > CAPACITY:
            self._say(now_s, "28: failure")
        else:
            self._upload, self._ctrl_d = (words[0], length, b"", now_s + UPLOAD_S), 0

    def _end_upload(self, now_s: float) -> None:
        assert self._upload is not None, "an upload ends once"
        name, _, data, _ = self._upload
        if self._damaged < self._options.damaged and data:
            self._damaged += 1
            data = data[:-1] + b"?"
        self.files[name], self._upload = data, None
        self._say(now_s, "")
        self._say(now_s, "3: end of cat")

    def _do_ls(self, now_s: float, words: list[str]) -> None:
        for name, data in sorted(self.files.items()):
            left = self._options.pad == "left"
            self._say(now_s, f"{name:>10} {len(data):>5}" if left else f"{name:<10} {len(data):<5}")
        self._say(now_s, "1: end of ls")

    def _do_rm(self, now_s: float, words: list[str]) -> None:
        self._say(now_s, "0: ok" if words and self.files.pop(words[0], None) is not None else "2: failure")

    def _do_shdn(self, now_s: float, words: list[str]) -> None:
        self._say(now_s, "0: ok")
        self.hand(now_s, "power-off")

    # What it does

    def _start(self, now_s: float, name: str, cut_s: float, by: str) -> None:
        self._pulse_until(now_s)
        data = self.files[name]
        self._last_md5 = md5(data, usedforsecurity=False).hexdigest()
        try:
            self._player = Player(data.decode("ascii", errors="replace"), now_s, cut_s, self._options.hardware)
        except BadScript:
            self._player = None
            return
        self._start_s = now_s
        self._log(now_s, "program", {"file": name, "cut_s": cut_s if cut_s < inf else None})
        self._set(now_s, 1, by)
        self._notify(now_s, "strength 1")
        self._watch_load(now_s)

    def _stop(self, now_s: float, by: str) -> None:
        self._pulse_until(now_s)
        self._player, self._noload_s = None, inf
        self._spoken_s = now_s
        self._set(now_s, 0, by)

    def _set(self, now_s: float, level: int, by: str) -> None:
        if level == self._level:
            return
        self._pulse_until(now_s)
        self._level = level
        self._log(now_s, "level", {"channel": "A", "level": level, "by": by})
        self._log(now_s, "output", {"channel": "A", "current_ma": self._current_ma, "why": by})

    def _watch_load(self, now_s: float) -> None:
        self._noload_s = now_s + NOLOAD_S if self._player is not None and not self._pads_on else inf

    def _cased(self, digest: str) -> str:
        return digest.upper() if self._options.md5_case == "upper" else digest

    def _notify(self, now_s: float, what: str) -> None:
        self._say(now_s, f"NOTIFY {what}")

    def _say(self, now_s: float, line: str, later_s: float = 0.0) -> None:
        data = line.encode() + b"\r\n"
        for at in range(0, len(data), WRITE_MAX):
            self._outbox.put(now_s + ANSWER_S + later_s, SHELL, data[at : at + WRITE_MAX])


def _make(address: str, options: BluetensOptions, chance: Chance, log: Log) -> Twin:
    return Bluetens(address, options, chance, log)


KIND = Kind("bluetens", "Bluetens", "HMSoft", "B1:7E:45:33:07", BluetensOptions(), _make)
