"""A software Bluetens: a text shell over 20-byte pieces, files, scripts that play by themselves, buttons, traps.

Rules (notes on the vendor's firmware, see the family's file; "choice" where nobody knows):
1. One command after the other, from a stream. A stop that takes its time holds up what comes after it.
2. A start plays a file at level 1 and tells it. The end of a script, or the cut-off, is told by nothing.
3. `>str` with nothing running starts default file 0. A level is above 0 only while something runs.
4. Stopped and not spoken to for 30 s (first hardware 20 s, some 60 s) it goes off. A lost link changes nothing.
5. Pads off while it runs: after 3 s (with those addresses 10 s) it stops and says so. A start on its charger, or with
   a low battery, is ok and none; a line tells why. A button starts default file 0, and goes down to 1 (choice).
"""

from math import inf

from protocols.bluetens.packets import SERVICE, SHELL, WRITE_MAX
from protocols.vocabulary import Advert, Endpoint
from simulator.bluetens.options import BluetensOptions
from simulator.bluetens.output import TOP, Output
from simulator.bluetens.power import Power
from simulator.bluetens.shell import Files, Stream, number_of, option_of
from simulator.chance import Chance
from simulator.outbox import Act, Agenda, Outbox
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, WriteRefused

ANSWER_S = 0.02
OFF_S = 1.0
RESET_S = 3.0
TELL_BATTERY_S = 300.0


class Bluetens:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "bluetens"
    endpoints: tuple[Endpoint, ...] = (SHELL,)

    def __init__(self, address: str, options: BluetensOptions, chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self.files = Files(options)
        self._options = options
        self._log = log
        self._chance = chance.stream(f"{self.family} {address}")
        self._power = Power(address, options)
        self._mode = 0
        self._radio_name = options.name
        self._out = Output(options, log)
        self._last_md5 = {"none": "", "default": self.files.digest(self.files.defaults[0])}.get(options.first_md5)
        self._stream = Stream()
        self._spoken_s = self._tell_s = 0.0
        self._dark_s = self._noload_s = self._stop_s = inf
        self._met = False
        self._count = {"start": 0, "stop": 0, "down": 0}
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin: service FFE0, and the maker's id most significant byte first."""
        address = bytes.fromhex(self.address.replace(":", ""))
        return Advert(self.address, self._radio_name, (SERVICE,), ((0xBDFF, b"\x33\x07" + address + b"blt\0"),))

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._next_s)

    @property
    def _next_s(self) -> float:
        """When something happens that isn't a pulse."""
        if not self.on:
            return self._agenda.due_s
        idle_s = self._spoken_s + self._power.idle_s if self._met else inf  # it is on until somebody comes
        over_s = self._out.ends_s if self._out.plays else idle_s
        timers = self._stream.due_s, self._dark_s, self._noload_s, self._stop_s, self._tell_s + TELL_BATTERY_S
        return min(self._agenda.due_s, over_s, *timers)

    def level(self, channel: str = "A") -> int:
        """Return the level that it plays at, 0 if nothing runs."""
        return self._out.level

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = [one for one in self._outbox.take(now_s) if one.endpoint in self._heard]
        for one in said:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return said

    def connect(self, now_s: float) -> None:
        """See Twin. One that runs already was started by its button, or by a host that died."""
        if not self._met:
            self._spoken_s = self._tell_s = now_s
        self._agenda.begin(now_s)
        self._live(now_s)
        if not self._met and self._options.strength:
            self._start(now_s, self.files.defaults[0], inf, "before")
            self._out.set(now_s, self._options.strength, "before")
            self._outbox.clear()
        self._met = True
        self._spoken_s = now_s
        self._log(now_s, "connect", {"level": {"A": self._out.level}})

    def disconnect(self, now_s: float) -> None:
        """See Twin: it plays on."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._stream.cut(keeps_line=self._options.half_line, keeps_file=self._options.half_file)
        self._log(now_s, "disconnect", {"level": {"A": self._out.level}})

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: at most 20 bytes, with response or without."""
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
        self._stream.take(now_s, data)
        self._live(now_s)
        self._work(now_s)

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing of use."""
        self._live(now_s)
        return b""

    def hand(self, now_s: float, act: str) -> None:
        """See Twin; `charger-on` and `charger-off` besides."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; `until_s` may not lie in the future."""
        self._live(until_s)
        return self._out.pulses(since_s, until_s)

    # Time

    def _live(self, now_s: float) -> None:
        while True:
            self._out.live(min(self._next_s, now_s))
            if self._next_s > now_s:
                return
            self._happen(self._next_s)

    def _happen(self, at_s: float) -> None:
        if at_s == self._agenda.due_s:
            self._act(*self._agenda.take())
        elif at_s == self._stop_s:
            self._stop(at_s, "host")
            self._say(at_s, "0: ok")
            self._work(at_s)
        elif at_s == self._dark_s:
            self._switch_off(at_s, "power")
        elif at_s == self._noload_s:
            self._notify(at_s, "noload")
            self._stop(at_s, "noload")
        elif at_s == self._stream.due_s:
            self._say(at_s, *self.files.close(self._stream.filed()))
            self._work(at_s)
        elif at_s == self._tell_s + TELL_BATTERY_S:
            self._tell_s = at_s
            self._notify(at_s, f"battery {self._power.shown_mv}")
        elif self._out.plays:
            self._stop(at_s, "script")  # and no word of it
        else:
            self._switch_off(at_s, "idle")

    def _switch_off(self, now_s: float, why: str) -> None:
        self._stop(now_s, why)
        self.on = False
        self._dark_s = inf
        self._log(now_s, "ignored", {"why": f"it is off now ({why})"})

    # The shell

    def _work(self, now_s: float) -> None:
        """Obey what has come, until a stop takes its time."""
        while self._stop_s == inf and (line := self._stream.line()) is not None:
            name, *words = line.split(" ")
            self._obey(now_s, name, words)

    def _obey(self, now_s: float, name: str, words: list[str]) -> None:
        word = words[0] if words else ""
        wrong = f"{self._options.errno}: failure"
        match name:
            case "ver":
                self._say(now_s, "v.3.0.12" if self._power.first else "v.3.3.7")
            case "bat":
                self._say(now_s, f"{self._power.mv if words else self._power.shown_mv} mv")
            case "stat":
                self._say(now_s, self._state(now_s))
            case "str":
                self._set_level(now_s, word)
            case "ssta":
                self._begin(now_s, words)
            case "osto":
                self._halt(now_s)
            case "md5":
                digest = self.files.digest(word)
                self._say(now_s, "2: failure" if digest is None else self._cased(digest))
            case "cat":
                self._say(now_s, *self.files.open(now_s, words, self._stream))
                self._live(now_s)
            case "mode" if not self._power.first:
                self._mode = int(word) if word in ("0", "1", "2") else self._mode
                self._say(now_s, f"mode {self._mode}")
            case "btnm" if self._power.first:
                self._radio_name = " ".join(words)[:23] or self._radio_name
                self._say(now_s, f"btnm={self._radio_name}")
            case "shdn":
                self._say(now_s, "0: ok")
                self._act(now_s, "power-off")
            case "rst":
                self._dark_s = now_s
            case _:
                known = not (self._power.first and name == "ndef")
                lines = self.files.answer(name, words) if known else None
                self._say(now_s, *(lines or [wrong if name == "clrfs" else "127: command not understood"]))

    def _state(self, now_s: float) -> str:
        tick = int(now_s - self._out.start_s) if self._out.plays else 0
        digest = self._cased("0" * 32 if self._last_md5 is None else self._last_md5)
        if self._options.stat == "app":
            return f"str={self._out.level},dmd5={digest},lmd5={digest},tick={tick}"
        return f"tick={tick},lmd5={digest},str={self._out.level}"

    def _set_level(self, now_s: float, word: str) -> None:
        old = self._out.level
        wanted = number_of(word)
        if wanted and not self._out.plays:
            self._try_start(now_s, self.files.defaults[0], inf)  # the trap
        elif wanted and wanted < old and self._count["down"] < self._options.down_ignored:
            self._count["down"] += 1
            self._log(now_s, "ignored", {"why": "option down_ignored"})
        elif wanted:
            self._out.set(now_s, min(TOP, wanted), "host")
        self._say(now_s, f"str={old if self._options.old_level else self._out.level}")

    def _begin(self, now_s: float, words: list[str]) -> None:
        cut_s = option_of(words, "-cut=")
        if not words or words[0] not in self.files.by_name:
            self._say(now_s, "100: failure")
            return
        self._stop(now_s, "host")
        started = self._try_start(now_s, words[0], float(cut_s) or inf)
        self._say(now_s, "0: ok" if started else "100: failure")

    def _try_start(self, now_s: float, file: str, cut_s: float) -> bool:
        """Start a file unless something speaks against it; false only if it is no script."""
        self._count["start"] += 1
        objection = self._power.objection()
        if objection:
            self._notify(now_s, objection)
            self._dark_s = now_s + OFF_S if self._power.charging else self._dark_s
        elif self._count["start"] > self._options.start_ignored:
            return self._start(now_s, file, cut_s, "host")
        return True

    def _halt(self, now_s: float) -> None:
        if self._out.plays and self._count["stop"] < self._options.stop_ignored:
            self._count["stop"] += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
        elif self._out.plays and self._options.slow_stop_s > RESET_S:
            self._dark_s = now_s + RESET_S
            self._stop_s = now_s + self._options.slow_stop_s
            return
        elif self._out.plays and self._options.slow_stop_s:
            self._stop_s = now_s + self._options.slow_stop_s
            return
        else:
            self._stop(now_s, "host")
        self._say(now_s, "0: ok")

    # What it does

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._out.pads(now_s, on=act == "pads-on")
                self._watch_load(now_s)
            case "power-off":
                self._notify(now_s, "shutdown")
                self._stop(now_s, "power")
                self._dark_s = now_s + ANSWER_S * 2
            case "power-on":
                self.on = True
                self._spoken_s = now_s
                self._tell_s = now_s
                self._dark_s = inf
            case "low-battery":
                self._power.run_low()
                self._notify(now_s, "low battery")
                self._stop(now_s, "battery")
                self._dark_s = now_s + OFF_S
            case "charger-on":
                self._power.charging = True
                self._notify(now_s, "charging")
                self._stop(now_s, "charger")
                self._dark_s = now_s + OFF_S
            case "charger-off":
                self._power.charging = False
            case _ if act[:2] in ("A+", "A-"):
                self._press(now_s, int(f"{act[1]}{act[2:] or 1}"))
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def _press(self, now_s: float, steps: int) -> None:
        if not self._out.plays and steps > 0 and self.on:
            self._start(now_s, self.files.defaults[0], inf, "hand")
            steps -= 1
        for _ in range(abs(steps) if self._out.plays else 0):
            self._out.set(now_s, max(1, min(TOP, self._out.level + (1 if steps > 0 else -1))), "hand")
            self._notify(now_s, f"strength {self._out.level}")

    def _start(self, now_s: float, name: str, cut_s: float, by: str) -> bool:
        if not self._out.play(now_s, self.files.by_name[name], cut_s, by):
            return False
        self._last_md5 = self.files.digest(name)
        self._log(now_s, "program", {"file": name, "cut_s": cut_s if cut_s < inf else None})
        self._notify(now_s, "strength 1")
        self._watch_load(now_s)
        return True

    def _stop(self, now_s: float, by: str) -> None:
        self._out.stop(now_s, by)
        self._noload_s = self._stop_s = inf
        self._spoken_s = now_s

    def _watch_load(self, now_s: float) -> None:
        self._noload_s = now_s + self._power.noload_s if self._out.plays and not self._out.pads_on else inf

    def _cased(self, digest: str) -> str:
        return digest.upper() if self._options.md5_case == "upper" else digest

    def _notify(self, now_s: float, what: str) -> None:
        self._say(now_s, f"NOTIFY {what}")

    def _say(self, now_s: float, *lines: str) -> None:
        data = b"".join(line.encode() + b"\r\n" for line in lines)
        at = 0
        if self._options.pieces == "joined":
            data = self._outbox.unsaid(now_s + ANSWER_S, SHELL) + data
        while at < len(data):
            size = self._chance.number(1, WRITE_MAX) if self._options.pieces == "any" else WRITE_MAX
            self._outbox.put(now_s + ANSWER_S, SHELL, data[at : at + size])
            at += size


KIND = Kind("bluetens", "Bluetens", "HMSoft", "B1:7E:45:33:07", BluetensOptions(), Bluetens)
