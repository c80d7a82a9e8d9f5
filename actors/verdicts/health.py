"""What one run shows: facts about items, whether it really ran, and what its exit status says.

Guarantee: never raises on any text; a value that nobody described is no fact.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.answers import answer_facts
from stillfixed.actors.verdicts.bare import bare_facts, is_name
from stillfixed.actors.verdicts.cells import Cell, Fact, Reading, name_of
from stillfixed.actors.verdicts.dates import date_facts
from stillfixed.actors.verdicts.echoes import echo_facts, silent_echo
from stillfixed.actors.verdicts.exits import EXIT, exit_meaning
from stillfixed.actors.verdicts.fields import field_health
from stillfixed.actors.verdicts.knowledge import status_words
from stillfixed.actors.verdicts.lines import (
    line_facts,
    messages,
)
from stillfixed.actors.verdicts.listings import (
    Listing,
    lacks_rows,
    listing_facts,
    listing_of,
    rest_of,
    says_empty,
)
from stillfixed.actors.verdicts.logs import in_lines, is_log
from stillfixed.actors.verdicts.model import Health, Platform, Run
from stillfixed.actors.verdicts.not_run import why_not_run
from stillfixed.actors.verdicts.parsing import error_lines, parse
from stillfixed.actors.verdicts.phrases import patterns
from stillfixed.actors.verdicts.prompts import last_prompt
from stillfixed.actors.verdicts.several import named_in_order
from stillfixed.actors.verdicts.traces import arrived

_FLAGGED = re.compile(r"(?<![\w/.])([A-Za-z][\w-]*\d[\d/.]*|\d+(?:/\d+)+) {0,4}\(([A-Za-z]{1,2})\)")

_SENTENCE = re.compile(r"\W*(?:[^\W\d_][^\W\d_'-]*[,;:]? ){3,}")
"""Four words or more, as people write them."""

Facts = dict[tuple[str, str], Fact]
_WEIGHT: dict[Health, int] = {"unclear": 0, "healthy": 1, "fault": 2}
"""Of two facts of one field, the heavier counts."""


class Shown(Struct, frozen=True):
    """All that one run shows. `not_run` is the reason why it shows nothing of the check;
    `whereabouts` name the machine that answered, where the output does. `spare` are good values in
    lines that the tool's own answer was read from: news only where the other run misses them. A run
    that `only_talks` has nothing but sentences nobody knows, which may well say that the check did
    not run, in words or a language of their own."""

    facts: Facts
    reading: Reading
    cells: Mapping[tuple[str, str], Cell]
    not_run: str | None
    all_clear: bool
    has_output: bool
    exit_status: int | None
    whereabouts: Mapping[str, str] = {}
    spare: Mapping[tuple[str, str], Fact] = {}
    only_talks: bool = False

    @property
    def faults(self) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.health == "fault"]

    @property
    def healthy(self) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.health == "healthy"]


def reading_of(command: str, stdout: str, platform: Platform, *, plain: bool = False) -> Reading:
    """What stands in the output: fields of items, and lines."""
    if is_log(stdout, command):
        return output.as_lines(stdout, command)
    special = parse(command, platform, stdout, plain=plain)
    return special or output.read(stdout, command)


@lru_cache(maxsize=8)  # outputs may be large: the pair just judged, and a few before
def look(command: str, run: Run, platform: Platform, *, plain: bool = False) -> Shown:
    """What the run shows; `plain` reads it without the readers of single commands."""
    run = replace(run, stdout=in_lines(run.stdout, command))
    reading = reading_of(command, run.stdout, platform, plain=plain)
    stderr = error_lines(output.clean(run.stderr))
    listing = listing_of(command)
    if listing and platform == "network" and listing.rows != "wanted" and not run.stdout.strip():
        listing = None  # devices print a heading or a sentence where a list of theirs is empty
    if listing and says_empty(listing, stderr):
        stderr = []
    if patterns("counts").search(command):
        stderr = [line for line in stderr if not patterns("empty").search(line.strip())]
    if listing and listing.rows != "wanted":
        reading = replace(reading, rest=tuple(rest_of(listing, reading)))
    facts: Facts = {}
    lines = _numbered(run.stdout, stderr)
    answers = [*answer_facts(command, platform, lines), *echo_facts(command, platform, lines)]
    answers = named_in_order(command, [arrived(fact, run.stdout) for fact in answers], run.stdout)
    told = {fact.line for fact in answers}
    stderr = [line for place, line in enumerate(stderr, 1) if -place not in told]
    answers = [fact if (fact.line or 0) > 0 else replace(fact, line=None) for fact in answers]
    for fact in (*answers, *_facts(command, reading, stderr, told)):
        known = facts.get((fact.item, fact.field))
        if known is None or _WEIGHT[fact.health] > _WEIGHT[known.health]:
            facts[fact.item, fact.field] = fact
    exit_fact = exit_meaning(command, run.exit_status, platform)
    if exit_fact and not (exit_fact.health == "healthy" and _any_fault(facts)):
        facts["", EXIT] = exit_fact
    if silent := silent_echo(command, platform, run):
        facts.setdefault((silent.item, silent.field), silent)
    has_output = any(
        line.strip() and not patterns("empty").search(line) for line in run.stdout.split("\n")
    )
    if listing:
        _add_rows(facts, listing, listing_facts(listing, command, reading, stderr, run.stdout))
        if listing.rows != "wanted" and not has_output and not stderr:
            facts.pop(("", EXIT), None)  # a search that finds nothing fails
    clear = bool(listing and listing.rows != "wanted" and not stderr)
    if listing and lacks_rows(listing, command, reading, run.stdout):
        clear = False
    if not _any_fault(facts):
        clear = clear or any(
            patterns("all_clear").search(line.strip()) for line in run.stdout.split("\n")
        )
        passes = exit_fact is not None and exit_fact.health == "healthy"
        clear = clear or (passes and not has_output and not stderr)  # success prints nothing
    reason = why_not_run(command, run, platform, reading, facts)
    cells = {
        (cell.item, cell.field.strip()): cell
        for cell in reading.cells
        if not cell.past and (cell.line is None or cell.line not in told)
    }
    where = whereabouts(command, run, reading)
    spare = {(f.item, f.field): f for f in _good_values(command, reading, told)}
    talk = [*(line for _, line in reading.rest), *stderr]
    talks = not (cells or clear or any(field != EXIT for _, field in facts))
    talks = talks and bool(talk) and all(map(_SENTENCE.match, talk))
    return Shown(
        facts, reading, cells, reason, clear, has_output, run.exit_status, where, spare, talks
    )


def _good_values(command: str, reading: Reading, lines: Set[int | None]) -> Iterator[Fact]:
    for cell in reading.cells if lines else ():
        if cell.line in lines and not cell.past and (said := field_health(command, cell, {})):
            field = said.field or cell.field.strip()
            if said.health == "healthy":
                yield Fact(cell.item, field, cell.value, said.health, said.rule, cell.line)


def _add_rows(facts: Facts, listing: Listing, rows: Iterable[Fact]) -> None:
    """Add what the rows say: of an item only what is not known of it; events replace all else."""
    if listing.rows == "events" and (rows := list(rows)):
        facts.clear()
    known = {item for item, _ in facts}
    for fact in rows:
        if listing.rows == "wanted" or fact.item not in known:
            facts[fact.item, fact.field] = fact


def _any_fault(facts: Facts) -> bool:
    """Whether the output shows a fault: then success of the command alone is no good news."""
    return any(fact.health == "fault" for fact in facts.values())


def look_at_both(command: str, a: Run, b: Run, platform: Platform) -> tuple[Shown, Shown]:
    """What two runs show, read by one reader: a template may know a value of one run and not of
    the other, and would call the same thing by another name there."""
    first, second = look(command, a, platform), look(command, b, platform)
    if first.reading.reader == second.reading.reader:
        return first, second
    return look(command, a, platform, plain=True), look(command, b, platform, plain=True)


def _numbered(stdout: str, stderr: Sequence[str]) -> list[tuple[int | None, str]]:
    """The lines of both, those of stderr with numbers below zero."""
    lines: list[tuple[int | None, str]] = [(-n, line) for n, line in enumerate(stderr, 1)]
    return lines + list(enumerate(output.clean(stdout).split("\n"), 1))


def _facts(
    command: str, reading: Reading, stderr: Sequence[str], answered: Set[int | None]
) -> Iterator[Fact]:
    """Facts of everything but the lines whose answer is known already."""
    records: dict[int, dict[str, str]] = {}
    for cell in reading.cells:
        records.setdefault(cell.record, {})[name_of(cell.field)] = cell.value.lower()
    judged = len(answered)
    bare = [fact for fact in bare_facts(command, reading) if fact.line not in answered]
    judged += len(bare)
    yield from bare
    answered |= {fact.line for fact in bare}
    for dated in date_facts(reading):
        judged += 1
        yield dated
    flagged = "channel" in command.lower()
    for cell in reading.cells:
        if cell.past or (cell.line is not None and cell.line in answered):
            continue
        if says := field_health(command, cell, records[cell.record]):
            judged += 1
            field = says.field or cell.field.strip()
            own = says.field and cell.item == cell.value.strip()  # named by what may change
            item = "" if own else cell.item
            yield Fact(item, field, cell.value.strip(), says.health, says.rule, cell.line)
        for port, flag in _FLAGGED.findall(cell.value) if flagged else ():
            if flag in status_words("bad_port_flags"):
                yield Fact(port, "flags", flag, "fault", "port flag", cell.line)
            elif flag in status_words("good_port_flags"):
                yield Fact(port, "flags", flag, "healthy", "port flag", cell.line)
    lines: list[tuple[int | None, str]] = [(None, line) for line in stderr]
    for number, line in reading.rest:
        if number in answered or patterns("ignore").search(line) or is_name(command, line):
            continue
        found = list(line_facts(command, line, number))
        judged += len(found)
        yield from found
        if not found:
            lines.append((number, line))
    if not judged and len(reading.cells) <= 2:
        lines += [(cell.line, f"{cell.field}: {cell.value}") for cell in reading.cells]
    probe = bool(patterns("probes").search(command))
    beside = bool(judged and reading.cells)
    yield from messages(lines, beside, len(stderr), probe=probe)


_ASKS_NAME = re.compile(
    r"(?:^|[;&|(]\s*)(?:hostname|uname -n|hostnamectl|whoami)\b|[$%:]COMPUTERNAME\b", re.I
)
_MACHINE = frozenset(
    (
        "hostname",
        "remoteport",
        "computername",
        "pscomputername",
        "systemname",
        "csname",
        "statichostname",
        "machineid",
        "chassisid",
        "virtualchassisid",
        "systemserialnumber",
        "chassisserialnumber",
    )
)


def whereabouts(command: str, run: Run, reading: Reading) -> dict[str, str]:
    """What names the machine that answered: its prompt, its host name if the command asks."""
    found: dict[str, str] = {}
    if prompt := last_prompt(run.stdout):
        found["prompt"] = prompt
    if _ASKS_NAME.search(command) and reading.rest:
        found["host name"] = reading.rest[0][1].strip()
    machines: dict[str, set[str]] = {}
    finds = patterns("any_machine").search(command)
    for cell in () if finds else reading.cells:
        if (name := name_of(cell.field)) in _MACHINE:
            machines.setdefault(name, set()).add(cell.value.strip().lower())
    found |= {name: one for name, (one, *more) in machines.items() if not more}
    return found
