"""What one run shows: facts about items, whether it really ran, and what its exit status says.

Guarantee: never raises on any text; a value that nobody described is no fact.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache

from msgspec import Struct

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.answers import answer_facts
from stillfixed.actors.verdicts.cells import Cell, Fact, Reading, name_of
from stillfixed.actors.verdicts.dates import date_facts
from stillfixed.actors.verdicts.exits import EXIT, exit_meaning
from stillfixed.actors.verdicts.fields import field_health
from stillfixed.actors.verdicts.knowledge import status_words
from stillfixed.actors.verdicts.lines import (
    MESSAGE,
    answer,
    line_facts,
    messages,
    short,
)
from stillfixed.actors.verdicts.listings import listing_facts, listing_of
from stillfixed.actors.verdicts.logs import is_timed
from stillfixed.actors.verdicts.model import Platform, Run
from stillfixed.actors.verdicts.phrases import patterns
from stillfixed.actors.verdicts.prompts import last_prompt

_FLAGGED = re.compile(r"\b([A-Za-z]{2,}\d[\d/.]*)\(([A-Za-z]{1,2})\)")

Facts = dict[tuple[str, str], Fact]


class Shown(Struct, frozen=True):
    """All that one run shows. `not_run` is the reason why it shows nothing of the check;
    `whereabouts` name the machine that answered, where the output does."""

    facts: Facts
    reading: Reading
    cells: Mapping[tuple[str, str], Cell]
    not_run: str | None
    all_clear: bool
    has_output: bool
    exit_status: int | None
    whereabouts: Mapping[str, str] = {}

    @property
    def faults(self) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.health == "fault"]

    @property
    def healthy(self) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.health == "healthy"]


@lru_cache(maxsize=8)  # outputs may be large: the pair just judged, and a few before
def look(command: str, run: Run, platform: Platform) -> Shown:
    reading = output.read(run.stdout, command)
    stderr = [line for line in output.clean(run.stderr).split("\n") if line.strip()]
    facts: Facts = {}
    answers = list(answer_facts(command, _numbered(run.stdout, stderr)))
    for fact in (*answers, *_facts(command, reading, stderr, {fact.line for fact in answers})):
        known = facts.get((fact.item, fact.field))
        if known is None or (fact.health == "fault" and known.health != "fault"):
            facts[fact.item, fact.field] = fact
    exit_fact = exit_meaning(command, run.exit_status, platform)
    if exit_fact:
        facts["", EXIT] = exit_fact
    has_output = bool(run.stdout.strip())
    listing = listing_of(command)
    if listing:
        for fact in listing_facts(listing, command, reading, stderr):
            if listing.rows == "wanted" or fact.item not in {item for item, _ in facts}:
                facts[fact.item, fact.field] = fact
    clear = listing is not None and listing.rows == "faults"
    clear = clear or any(
        patterns("all_clear").search(line.strip()) for line in run.stdout.split("\n")
    )
    reason = _not_run(command, run, reading, stderr, facts, has_output)
    cells = {(cell.item, cell.field.strip()): cell for cell in reading.cells}
    where = whereabouts(command, run, reading)
    return Shown(facts, reading, cells, reason, clear, has_output, run.exit_status, where)


def _not_run(
    command: str,
    run: Run,
    reading: Reading,
    stderr: Sequence[str],
    facts: Mapping[tuple[str, str], Fact],
    has_output: bool,
) -> str | None:
    if run.exit_status is None:
        return "the run was cut off before it ended"
    if run.exit_status in (126, 127):
        return f"the command could not be started (exit status {run.exit_status})"
    if run.exit_status in (124, 130, 137, 143) or (run.exit_status == 255 and "ssh" in command):
        return f"the run was stopped before it ended (exit status {run.exit_status})"
    pattern = patterns("not_run")
    judged = [key for key in facts if key[1] not in (MESSAGE, EXIT)]
    shown = [line for _, line in reading.rest]
    brief = len(shown) + len(reading.cells) <= 12
    values = [f"{cell.field}: {cell.value}" for cell in reading.cells] if not judged else []
    suspects = list(stderr) if not judged or not has_output else []
    if not judged and brief:
        suspects += [line for line in shown + values if not is_timed(line)]
    suspects += [line for line in shown[-1:] if "^C" in line or "--More--" in line]
    probe = patterns("probes").search(command)
    for line in suspects:
        if probe and patterns("not_reached").search(line):
            continue
        if pattern.search(line.strip()) or patterns("not_reached").search(line.strip()):
            return f"the check did not run: {short(line)}"
    listing = listing_of(command)
    if not has_output and not stderr and ("", EXIT) not in facts and listing is None:
        return "there was no output to judge"
    return None


def _numbered(stdout: str, stderr: Sequence[str]) -> list[tuple[int | None, str]]:
    lines: list[tuple[int | None, str]] = [(None, line) for line in stderr]
    return lines + list(enumerate(output.clean(stdout).split("\n"), 1))


def _facts(
    command: str, reading: Reading, stderr: Sequence[str], answered: Set[int | None]
) -> Iterator[Fact]:
    """Facts of everything but the lines whose answer is known already."""
    records: dict[int, dict[str, str]] = {}
    for cell in reading.cells:
        records.setdefault(cell.record, {})[name_of(cell.field)] = cell.value.lower()
    judged = len(answered)
    if said := answer(command, reading):
        judged += 1
        yield said
    for dated in date_facts(reading):
        judged += 1
        yield dated
    flagged = "channel" in command.lower()
    for cell in reading.cells:
        if cell.line is not None and cell.line in answered:
            continue
        if says := field_health(command, cell, records[cell.record]):
            judged += 1
            field = says.field or cell.field.strip()
            yield Fact(cell.item, field, cell.value.strip(), says.health, says.rule, cell.line)
        for port, flag in _FLAGGED.findall(cell.value) if flagged else ():
            if flag in status_words("bad_port_flags"):
                yield Fact(port, "flags", flag, "fault", "port flag", cell.line)
            elif flag in status_words("good_port_flags"):
                yield Fact(port, "flags", flag, "healthy", "port flag", cell.line)
    lines: list[tuple[int | None, str]] = [(None, line) for line in stderr]
    for number, line in reading.rest:
        if number in answered or patterns("ignore").search(line):
            continue
        found = list(line_facts(command, line, number))
        judged += len(found)
        yield from found
        if not found:
            lines.append((number, line))
    if not judged and len(reading.cells) <= 2:
        lines += [(cell.line, f"{cell.field}: {cell.value}") for cell in reading.cells]
    probe = bool(patterns("probes").search(command))
    yield from messages(lines, bool(judged), len(stderr), probe=probe)


_ASKS_NAME = re.compile(r"\b(hostname|uname -n|hostnamectl|COMPUTERNAME|whoami)\b", re.I)
_MACHINE = frozenset(
    ("hostname", "computername", "pscomputername", "systemname", "csname", "statichostname")
)


def whereabouts(command: str, run: Run, reading: Reading) -> dict[str, str]:
    """What names the machine that answered: its prompt, its host name if the command asks."""
    found: dict[str, str] = {}
    if prompt := last_prompt(run.stdout):
        found["prompt"] = prompt
    if _ASKS_NAME.search(command) and reading.rest:
        found["host name"] = reading.rest[0][1].strip()
    records = {cell.record for cell in reading.cells}
    for cell in reading.cells if len(records) <= 3 else ():
        if name_of(cell.field) in _MACHINE and name_of(cell.field) not in found:
            found[name_of(cell.field)] = cell.value.strip().lower()
    return found
