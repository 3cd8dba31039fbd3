"""The one file that knows aiomqtt: a connection to a broker that comes back by itself, and never makes anybody wait.

1. `publish` takes a message and returns at once, whether or not there is a broker. Of each topic the newest message
   waits; events wait in a row, of which the oldest are dropped. Nothing grows while the broker is away.
2. The broker tells everybody that this host is gone by its last will, and the host says so itself when it ends.
3. After each connect what is retained is said again: a broker may have lost it. What an earlier life of this host left
   there is heard for a moment then, so that it can be taken back.
4. What comes in is handed on where it arrives and waits in no queue: a flood can't put a stop behind it or push it out.
   What is never acted on is counted; what is larger than anything that could be an order the broker keeps to itself.
5. It connects again for ever, with a wait that doubles up to a minute, and is never twice the same.
"""

import asyncio
import logging
import ssl
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random

from aiomqtt import Client, Message, MqttError, ProtocolVersion, Topic, Will
from msgspec import Struct
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from estim.config.broker import Broker
from estim.core.remote.orders import Ignored, ignored
from estim.core.remote.topics import OFFLINE, ONLINE
from estim.core.translation import tr
from estim.tasks import end

TOPICS_MAX = 1000
"""Topics of which a newest message may wait."""

EVENTS_MAX = 100
"""Messages waiting that another one of their topic doesn't replace."""

PACKET_MAX = 16 * 1024
"""Largest packet that the broker may send, bytes: a message of 256 MB would be read whole before it is refused."""

FLIGHT_MAX = 32
"""Messages that the broker may have sent and that aren't acknowledged yet."""

TIMEOUT_S = 10.0
"""Longest wait for the broker to take a message, an order or a connection, s."""

RECALL_S = 5.0
"""How long after each connect is listened for what an earlier life left there, s: what is retained comes at once."""

LAST_WORDS_S = 1.0
"""Longest wait for the broker when the host ends, s."""

AGAIN_S = 1.0
"""First wait before the broker is connected again, s."""

AGAIN_MAX_S = 60.0
"""Longest of them, s."""

SETTLED_S = 30.0
"""A connection that lasted so long was a good one: the next wait is the first one again, s."""

KEEPALIVE_S = 15
"""The broker tells the last will 1.5 times this after the host fell silent, s (MQTT 3.1.1, 3.1.2.10)."""


class Outgoing(Struct, frozen=True):
    """One message to the broker."""

    topic: str
    payload: bytes
    retain: bool
    qos: int = 0


class Outbox:
    """What waits for the broker."""

    def __init__(self) -> None:
        self._newest: dict[str, Outgoing] = {}
        self._events: deque[Outgoing] = deque(maxlen=EVENTS_MAX)
        self._wakes = asyncio.Event()

    def __len__(self) -> int:
        return len(self._newest) + len(self._events)

    def put(self, message: Outgoing, *, event: bool = False, last: bool = False) -> bool:
        """Take a message; False: there are too many topics, and it is dropped. `last`: behind all that waits."""
        if last:
            self._newest.pop(message.topic, None)
        if event:
            self._events.append(message)
        elif message.topic in self._newest or len(self._newest) < TOPICS_MAX:
            self._newest[message.topic] = message
        else:
            return False
        self._wakes.set()
        return True

    async def next(self) -> Outgoing:
        """Return what is to be sent next, and keep it until it was `sent`."""
        while not self:
            self._wakes.clear()
            await self._wakes.wait()
        return next(iter(self._newest.values())) if self._newest else self._events[0]

    def sent(self, message: Outgoing) -> None:
        """Forget a message that the broker has; a newer one of its topic stays."""
        if self._newest.get(message.topic) is message:
            del self._newest[message.topic]
        elif self._events and self._events[0] is message:
            self._events.popleft()


class BrokerConnection:
    """One way to a broker. `bridge` is where it says that it is there, None: it says so nowhere. `orders` are topics of
    what is acted on, `notices` of what is only known, `own` of what an earlier life of this one may have left retained,
    heard for a moment after each connect; `obey` and `noticed` take topic and payload, and return at once.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        bridge: str | None,
        orders: Sequence[str],
        notices: Sequence[str],
        obey: Callable[[str, bytes], None],
        noticed: Callable[[str, bytes], None],
        connected: Callable[[], None],
        own: str | None = None,
        chance: Random | None = None,
        time_s: Callable[[], float] | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._bridge = bridge
        self._orders = tuple(orders)
        self._notices = tuple(notices)
        self._own = own
        self._obey = obey
        self._noticed = noticed
        self._connected = connected
        self._chance = chance or Random()
        self._time_s = time_s or asyncio.get_running_loop().time
        self._outbox = Outbox()
        self._retained: dict[str, Outgoing] = {}
        self._subscribed_s = 0.0
        self._told = ""
        self._dropped: Counter[str] = Counter()
        self.online = False

    @property
    def dropped(self) -> Mapping[str, int]:
        """Return how many orders weren't carried out, by why."""
        return self._dropped

    @property
    def trouble(self) -> str:
        """Return why there is no broker; "" if there is one, or nobody knows yet."""
        return self._told

    @property
    def waiting(self) -> int:
        """Return how many messages wait."""
        return len(self._outbox)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, event: bool = False) -> bool:
        """Say something soon; False: too much waits, and it is dropped.

        A retained message that says what the last one said isn't sent again.
        """
        message = Outgoing(topic, payload, retain, qos=int(retain or event))
        if retain:
            known = self._retained.get(topic)
            if known is not None and known.payload == payload:
                return True
            self._retained[topic] = message
        return self._outbox.put(message, event=event)

    def withdraw(self, topic: str) -> None:
        """Take a retained message back, whoever put it there: this one, or an earlier life of it.

        It goes behind all that waits: a state of what is taken back would bring it to life again.
        """
        self._retained.pop(topic, None)
        self._outbox.put(Outgoing(topic, b"", retain=True, qos=1), last=True)

    def say_again(self, topics: Sequence[str]) -> None:
        """Send retained messages once more, for somebody who has just come."""
        for topic in topics:
            if topic in self._retained:
                self._outbox.put(self._retained[topic])

    async def run(self) -> None:
        """Be connected, until cancelled."""
        loop = asyncio.get_running_loop()
        own = asyncio.current_task()
        wait_s = AGAIN_S
        while own is not None:
            began_s = loop.time()
            try:
                await self._while_connected()
            except Exception as error:
                if own.cancelling():  # the goodbye failed, and its error took the place of the cancellation
                    raise asyncio.CancelledError from error
                self._tell(
                    tr(
                        "the MQTT broker {host}:{port} can't be reached: {error}",
                        host=self._broker.host,
                        port=self._broker.port,
                        error=error,
                    )
                )
            finally:
                self.online = False
            if loop.time() - began_s >= SETTLED_S:
                wait_s = AGAIN_S
            await asyncio.sleep(wait_s * self._chance.uniform(0.5, 1.5))
            wait_s = min(2 * wait_s, AGAIN_MAX_S)

    async def _while_connected(self) -> None:
        """Connect, and send and take messages until the connection is lost (MqttError) or this is cancelled."""
        context = await asyncio.to_thread(_context, self._broker)  # reading all authorities takes longer than a frame
        async with _held(self._client(context)) as client:
            try:
                await self._say(client, ONLINE)
                self._subscribed_s = self._time_s()
                # version 5: the broker keeps the retain flag of what it passes on, and says no old order again
                fresh = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=2)
                # QoS 0: a broker lets a few messages wait to be acknowledged (mosquitto 1,000) and drops the rest, so
                # of a large fleet somebody who has just come would never hear of most
                kept = SubscribeOptions(qos=0, retainAsPublished=True, retainHandling=0)
                topics = [*((topic, fresh) for topic in self._orders), *((topic, kept) for topic in self._notices)]
                answers = await client.subscribe(topics)
                self._subscribed_s = self._time_s()
                self.online = True
                self._check(topics, answers)
                self.say_again(tuple(self._retained))
                self._connected()
                await self._both_ways(client)
            except asyncio.CancelledError:
                client.timeout = LAST_WORDS_S  # also for hanging up
                with suppress(MqttError, TimeoutError):
                    async with asyncio.timeout(LAST_WORDS_S):
                        await self._say(client, OFFLINE)
                raise

    async def _say(self, client: Client, word: str) -> None:
        """Tell everybody that this one is there, or goes."""
        if self._bridge is not None:
            await client.publish(self._bridge, word, qos=1, retain=True)

    async def _both_ways(self, client: Client) -> None:
        sending = asyncio.get_running_loop().create_task(self._send(client))
        lasting = asyncio.get_running_loop().create_task(_until_gone(client))
        recalling = asyncio.get_running_loop().create_task(self._recall(client))
        try:
            done, _ = await asyncio.wait({sending, lasting}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(sending, lasting, recalling)

    async def _recall(self, client: Client) -> None:
        """Hear for a moment what an earlier life left there; without it nothing else is worse."""
        if self._own is None:
            return
        with suppress(MqttError, TimeoutError):
            await client.subscribe(self._own, options=SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=0))
            await asyncio.sleep(RECALL_S)
            await client.unsubscribe(self._own)

    def _client(self, context: ssl.SSLContext | None) -> Client:
        broker = self._broker
        return Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=self._client_id,
            protocol=ProtocolVersion.V5,
            will=None if self._bridge is None else Will(self._bridge, OFFLINE, qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=TIMEOUT_S,
            tls_context=context,
            properties=_limits(),
            queue_type=_queue_of(self._arrived),
            max_queued_outgoing_messages=EVENTS_MAX,
            logger=_silent(),
        )

    async def _send(self, client: Client) -> None:
        while True:
            message = await self._outbox.next()
            await client.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
            self._outbox.sent(message)

    def drop(self, why: Ignored) -> None:
        """Count an order that isn't carried out."""
        self._dropped[why.value] += 1

    def _arrived(self, message: Message) -> None:
        """Hand a message on, or count it; called for each that arrives, and there may be thousands. Never raises."""
        topic = str(message.topic)
        take = self._noticed
        if not self._only_known(message.topic):
            why = ignored(
                message.payload, retained=message.retain, subscribed_s=self._subscribed_s, now_s=self._time_s()
            )
            if why is not None:
                self.drop(why)
                return
            take = self._obey
        try:
            take(topic, message.payload)
        except Exception:  # the library would hang up, and begin again with the same message
            logging.getLogger(__name__).exception("a message on %s is left out, by a fault of estim", topic)

    def _only_known(self, topic: Topic) -> bool:
        """Say whether what is said on a topic is nothing to be acted on."""
        if not self._orders or str(topic) in self._notices:
            return True
        return self._own is not None and topic.matches(self._own)

    def _check(self, topics: Sequence[tuple[str, SubscribeOptions]], answers: Sequence[object]) -> None:
        """Say what the broker doesn't let this one hear: a stop that is sent there would be waited for in vain."""
        codes = [answer.value if isinstance(answer, ReasonCode) else answer for answer in answers]
        refused = [
            topic for (topic, _), code in zip(topics, codes, strict=True) if isinstance(code, int) and code >= 128
        ]
        if refused:
            self._tell(
                tr(
                    "the MQTT broker doesn't let this host hear {topics}: look at its access list",
                    topics=", ".join(refused),
                )
            )
        else:
            self._told = ""

    def _tell(self, text: str) -> None:
        """Log a trouble once, until it was gone."""
        if text != self._told:
            self._told = text
            logging.getLogger(__name__).warning("%s", text)


def _context(broker: Broker) -> ssl.SSLContext | None:
    """Return how the broker is to prove who it is, and what this host shows; None in the clear. Raises OSError."""
    if not broker.tls:
        return None
    context = ssl.create_default_context(cafile=broker.ca)
    if broker.certificate is not None:
        context.load_cert_chain(broker.certificate, broker.key)
    return context


@asynccontextmanager
async def _held(client: Client) -> AsyncIterator[Client]:
    """Connect a client, and leave nothing of it behind.

    After a time-out, or a message that can't be read, aiomqtt 2.5 keeps the socket and reads the same bytes for ever.
    """
    try:
        async with client:
            yield client
    finally:
        client._client._sock_close()


def _silent() -> logging.Logger:
    """Return a logger for the library: what it has to say is told here, in one line, when the connection is lost."""
    silent = logging.getLogger(f"{__name__}.client")
    silent.setLevel(logging.CRITICAL + 1)
    return silent


async def _until_gone(client: Client) -> None:
    """Return never, and raise MqttError when the connection is lost: the queue of this client stays empty."""
    await anext(client.messages)


def _limits() -> Properties:
    """Return what a broker is told of the largest message, and of how many may be on their way."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has no type here
    limits.MaximumPacketSize = PACKET_MAX
    limits.ReceiveMaximum = FLIGHT_MAX
    return limits


def _queue_of(arrived: Callable[[Message], None]) -> type[asyncio.Queue[Message]]:
    """Return a queue for a client that holds nothing: what is put there is handed on at once."""

    class Inbox(asyncio.Queue[Message]):
        def put_nowait(self, item: Message) -> None:
            arrived(item)

    return Inbox
