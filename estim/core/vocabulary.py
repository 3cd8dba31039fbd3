"""Words of a session that commands, events and the journal share: its state, why it ended, how urgent an alarm is."""

from enum import StrEnum


class State(StrEnum):
    """Where a session is."""

    IDLE = "idle"
    CONNECTING = "connecting"
    READY = "ready"
    ARMED = "armed"
    RAMPING = "ramping"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FAULT = "fault"
    ENDED = "ended"


class Reason(StrEnum):
    """Why a session ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    PANIC = "panic"
    INTERRUPTED = "interrupted"
    LINK_LOST = "link_lost"
    CONTACT_LOST = "contact_lost"
    DEVICE_ENDED = "device_ended"
    FAULT = "fault"
    REFUSED = "refused"
    NO_DEVICE = "no_device"


class Priority(StrEnum):
    """How urgent an alarm is, after IEC 60601-1-8 (safety.md section 3)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
