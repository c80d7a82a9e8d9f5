"""What one field says about health: the `[[state]]` entries first, then general status words.

Guarantee: never raises on any value; a value that nobody described is no fact.
"""

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Literal

from msgspec import Struct, convert
from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Cell, last_word, name_of
from stillfixed.actors.verdicts.knowledge import field_names, health, status_words
from stillfixed.actors.verdicts.model import Health
from stillfixed.actors.verdicts.numbers import (
    by_bounds,
    graded,
    number_of,
    packet_loss,
    part_of,
    share_of,
)
from stillfixed.actors.verdicts.phrases import denied, text_health, word_health
from stillfixed.actors.verdicts.same_network import spellings

Record = Mapping[str, str]
"""The fields of one item: names as `name_of` gives them, values in lower case."""

_FEW_ITEMS = 8
"""A quiet word (Stopped) is a fault in a list this short: somebody asked for just these."""

COUNTER = "error counter"
VACANT = "nothing there"
"""The rule of an empty slot or a port without a device: fine where it stays so."""

_OF_WANTED = frozenset(("ready", "replicas", "completions", "running/desired", "pods"))
QUIET = "quiet status word"
"""The rule by which Stopped or Disconnected is a fault."""
MEANT = "meant to be so"
"""The rule of a state that would be a fault, but for what the record says: Stopped and Manual."""

_YES = {"true": True, "yes": True, "ja": True, "oui": True, "sí": True, "wahr": True,
        "false": False, "no": False, "nein": False, "non": False, "falsch": False}  # fmt: skip
_ADDRESS = re.compile(
    r"^(?!.*(gateway|gw|passerelle|dns|server|remote|dhcp|mask|subnet|netz))"
    r".*(ipv4|ipaddr|ipadr|adresseip|direcciónip|^ip$)"
)
INLINE_STATE = re.compile(r"\b(state|status|health)\s*[:=]\s*\"?([A-Za-z][\w-]*)", re.I)
"""A state in a longer text: `... state: up`."""


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[state]]` entry; README.md of the knowledge says what the parts mean."""

    fields: str
    command: tuple[str, ...] = ()
    healthy: tuple[str, ...] = ()
    fault: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    vacant: tuple[str, ...] = ()
    other: Health | None = None
    yes: Literal["healthy", "fault"] | None = None
    only_yes: Literal["healthy", "fault"] | None = None
    above_zero: Literal["fault", "unclear"] | None = None
    low: tuple[float, float] | None = None
    high: tuple[float, float] | None = None
    of: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    at_least: tuple[str, ...] = ()
    less_than: tuple[str, ...] = ()
    unit: str = ""
    counter: bool = False
    named: str = ""
    when: dict[str, tuple[str, ...]] = {}


class Said(Struct, frozen=True):
    """What a value says, and the rule that says so. `field`: a better name for the field than the
    one printed, where the printed name changes with the value."""

    health: Health
    rule: str
    field: str = ""


@lru_cache
def _states() -> tuple[dict[str, list[State]], list[tuple[re.Pattern[str], State]]]:
    """Entries by the name of a field, and those whose name has a `*`."""
    named: dict[str, list[State]] = {}
    globs: list[tuple[re.Pattern[str], State]] = []
    for entry in health()["state"]:
        state = convert(entry, State)
        for field in state.fields.split():
            name = re.sub(r"[_-]", "", field)
            if "*" in name:
                globs.append((re.compile(translate(name)), state))
            else:
                named.setdefault(name, []).append(state)
    return named, globs


@lru_cache(maxsize=4096)
def _states_of(name: str, command: str) -> tuple[State, ...]:
    """The entries for a field, by its name, that count under a command."""
    named, globs = _states()
    known = named.get(name) or named.get(name.removeprefix("is")) or []
    found = (*known, *(state for pattern, state in globs if pattern.match(name)))
    asked = spellings(command)
    return tuple(s for s in found if not s.command or any(word in asked for word in s.command))


def is_known_field(name: str) -> bool:
    """Whether a `[[state]]` names this field, as `name_of` gives it."""
    return name in _states()[0]


_HEAD_END = re.compile(r"[\s(,;]")
_ALARM = re.compile(r"\b(ALARM|FAULT|FAIL|FAILED|ERROR|CRITICAL|CRIT|EXPIRED|OFFLINE|NOK)\s*$")


def field_health(command: str, cell: Cell, record: Record) -> Said | None:
    """What this cell says of its item."""
    field = name_of(cell.field)
    value = cell.value.strip()
    lowered = value.lower().strip(" .\"'{}")
    for state in _states_of(field, command):
        if _fits(state, record) and (said := _by_state(state, lowered, record)):
            return replace(said, field=state.named) if state.named else said
    return _measured(cell.field, value, lowered, record) or _worded(field, lowered, cell, record)


def _fits(state: State, record: Record) -> bool:
    return not state.when or all(
        any(record.get(name_of(field), "").startswith(value) for value in values)
        for field, values in state.when.items()
    )


def _by_state(state: State, lowered: str, record: Record) -> Said | None:
    if listed := _listed(state, lowered):
        if listed == "quiet":
            return Said("unclear", MEANT) if _meant(record) else Said("fault", QUIET)
        if listed == "vacant":
            return Said("unclear", VACANT)
        return Said(listed, "state of the field")
    if not lowered:
        return None
    if lowered in _YES and (meaning := state.yes or (state.only_yes if _YES[lowered] else None)):
        good = (meaning == "healthy") == _YES[lowered]
        return Said("healthy" if good else "fault", "yes or no")
    if within := by_bounds(lowered, record, state.at_least, state.less_than, state.unit):
        return Said(within, "limit beside it")
    shares = state.of or state.beside
    number = (
        share_of(lowered, record, state.of, state.beside)
        if shares
        else number_of(lowered, state.unit)
    )
    if number is not None and state.counter:
        return Said("healthy" if number == 0 else "unclear", COUNTER)
    if number is not None and state.above_zero:
        return Said("healthy" if number == 0 else state.above_zero, "count above zero")
    if number is not None and state.high:
        return Said(graded(number, *state.high), "limit")
    if number is not None and state.low:
        fault, healthy = state.low
        return Said("fault" if number <= fault else "healthy" if number >= healthy else "unclear",
                    "limit")  # fmt: skip
    return Said(state.other, "state of the field") if state.other else None


def _listed(state: State, lowered: str) -> Health | Literal["quiet", "vacant"] | None:
    """What the lists of an entry say: of the whole value, of its first word, of its start (the
    longest that fits)."""
    head = _HEAD_END.split(lowered, maxsplit=1)[0]
    lists: tuple[tuple[Health | Literal["quiet", "vacant"], tuple[str, ...]], ...] = (
        ("fault", state.fault), ("healthy", state.healthy), ("unclear", state.unclear),
        ("quiet", state.quiet), ("vacant", state.vacant),
    )  # fmt: skip
    flags = [flag.strip() for flag in lowered.split(",")] if "," in lowered else []
    whole = any(lowered in listed for _, listed in lists)
    if not whole and any(flag in state.fault for flag in flags):
        return "fault"  # tonerlow, paperout
    for text in dict.fromkeys((lowered, head)):
        for said, listed in lists:
            if text in listed and (text or not lowered):
                return said
    starts = [
        (len(word), said)
        for said, listed in lists
        for word in listed
        if word[-1:] == "*" and lowered.startswith(word[:-1])
    ]
    return max(starts, key=lambda found: found[0])[1] if starts else None


def _measured(printed: str, value: str, lowered: str, record: Record) -> Said | None:
    """Values that speak by their form, whatever the field is called."""
    field = name_of(printed)
    if (
        lowered[:2] == "0x"
        and re.match(r"^0x[0-9a-f]+$", lowered)
        and re.search(r"status|result|error|code", field)
    ):
        code = int(lowered, 16)
        return Said("healthy" if code == 0 else "fault", "result code") if code in (0,) or (
            code >> 30
        ) else None  # fmt: skip
    if loss := packet_loss(value):
        return Said(loss.health, "packet loss")
    if _only_names(printed):
        return None
    if part := part_of(value):
        return Said(part.health, "part", f"{printed} of {part.all}")
    if parts := re.fullmatch(r"(\d+)/(\d+)", lowered) if field in _OF_WANTED else None:
        if re.search(r"completed|succeeded", record.get("status", "")):
            return None
        return Said("healthy" if parts.group(1) == parts.group(2) else "fault", "ready of wanted")
    if _ALARM.search(value[-12:]):
        return Said("fault", "alarm")
    if _GOOD_END.search(value[-16:]) and word_health(lowered) != "fault":
        return Said("healthy", "alarm")
    address = lowered.lstrip("{ ")
    if _ADDRESS.match(field) and re.match(r"\d+\.\d+\.\d+\.\d+", address):
        own = address.startswith("169.254.")
        return Said("fault" if own else "healthy", "address without DHCP", "IPv4 address")
    return None


_GOOD_END = re.compile(r"(?<![nN]ot)(?<!NOT)\s(OK|PASS|PASSED|GOOD|SUCCESS)\s*$")
_NAMES = frozenset((
    "name", "names", "label", "description", "title", "path", "comment", "folder", "alias", "nom",
    "nombre", "nome", "department", "company", "office", "remark", "notes", "subject", "tags",
    "bezeichnung", "beschreibung", "kommentar", "abteilung",
))  # fmt: skip


@lru_cache(maxsize=4096)
def _only_names(field: str) -> bool:
    """Whether the values of a field are names and free text: a share may be called errors."""
    name = name_of(field)
    named = last_word(field) in _NAMES and name not in field_names("status_fields")
    return named or name in field_names("neutral_fields")


@lru_cache(maxsize=4096)
def _is_status(field: str) -> bool:
    name = re.split(r"[|/#(]", field)[0]
    known = field_names("status_fields")
    if _STATE_OF.match(field):
        return True
    return name_of(name) in known or last_word(name) in known or name_of(field) in known | {""}


_STATE_OF = re.compile(
    r"\s*(state|status|[ée]tat|statut|estado|zustand|stato) (of|du|de|del|der|des|van|di)\b", re.I
)
"""Names such as `State of the scope`."""


def _worded(field: str, lowered: str, cell: Cell, record: Record) -> Said | None:
    if _only_names(cell.field):
        return None
    if not _is_status(cell.field):
        return _exactly(lowered, cell, record)
    if _SHUT.match(lowered):
        return None
    found = word_health(lowered)
    if found == "weak":
        return _quiet(cell, record)
    if found == "fault" and _meant(record) and set(lowered.split()) & status_words("may_be_meant"):
        return None
    if found is None and len(lowered.split()) >= 3:
        said = text_health(lowered)
        return Said(said, "phrase") if said else None
    return Said("fault" if found == "fault" else "healthy", "status word") if found else None


def _exactly(lowered: str, cell: Cell, record: Record) -> Said | None:
    """A field that is not known to hold a state speaks only by a word of state and nothing else."""
    if inline := INLINE_STATE.search(lowered) if ":" in lowered or "=" in lowered else None:
        said = word_health(inline.group(2))
        return Said("fault" if said == "fault" else "healthy", "status word") if said else None
    if cell.field.startswith("column "):
        lowered = re.sub(r" \d+$", "", lowered)  # two columns that nearly touch: err-disabled 30
    head = _HEAD.match(lowered)
    word = re.sub(r"[\s_]+", "-", head.group(1) if head else lowered)
    if len(lowered.split()) == 2 and (said := denied(lowered)):
        return Said("fault" if said == "fault" else "healthy", "status word")
    if word in status_words("only_in_status_fields"):
        return None
    if word in status_words("fault"):
        return None if _meant(record) else Said("fault", "status word")
    nameless = cell.field.startswith("column ") or last_word(cell.field) in _RUNS
    nameless = nameless or last_word(cell.item.rsplit("/", 1)[-1]).removesuffix("s") in _RUNS
    if word in status_words("quiet") and nameless:
        return _quiet(cell, record)
    good = word in status_words("healthy") and word_health(lowered) != "fault"
    return Said("healthy", "status word") if good and "warn" not in lowered[len(word) :] else None


_RUNS = frozenset(("service", "daemon", "agent", "process", "listener", "dienst"))
"""What may be stopped without a field that is called its state."""

_HEAD = re.compile(r"([^\W\d_][\w-]*(?: [\w-]+)?)\s*[,;(]")
"""A word of state before more: `Error, 12 jobs`, `failed (1722)`."""

START = re.compile(
    r"(start(type|mode|up|typ|modus)?|démarrage|(tipo)?deinicio|opstarttype|(tipo)?diavvio)$"
)
_SHUT = re.compile(r"adm(in(istratively)?)?[-_ ]?(down|dn)\b|\*down|shut by admin")
"""A port that somebody shut."""
_ADMIN = re.compile(r"admin")


_SWITCHES = (
    "enabled",
    "enable",
    "powerenable",
    "autostart",
    "startautomatically",
    "serverautostart",
)
"""Fields that say whether a thing is wanted at all."""


def _meant(record: Record) -> bool:
    """Whether the record says that this is how it should be: Stopped + Manual, admin down."""
    meant = status_words("meant")
    for key, value in record.items():
        first = re.split(r"[\s(,;]", value, maxsplit=1)[0]
        if first in meant and (START.search(key) or _ADMIN.search(key)):
            return True
        if key.startswith("column") and value in meant and value != "down":
            return True
        if key in _SWITCHES and value in ("no", "false", "disabled", "0", "nein", "falsch"):
            return True
        if (
            _SHUT.match(value)
            or "administratively down" in value
            or value.startswith(("*down", "^down"))
            or (value == "disabled" and "status" in key)
        ):
            return True
    return False


def _quiet(cell: Cell, record: Record) -> Said | None:
    if _meant(record):
        return Said("unclear", MEANT)
    automatic = any(value.startswith(("auto", "enabled")) for value in record.values())
    if automatic:
        return Said("fault", "status word")
    return Said("fault", QUIET) if cell.width <= _FEW_ITEMS else None
