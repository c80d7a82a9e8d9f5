"""Whether a run really ran its check: cut off, not started, denied, mistyped, nobody reached.

Guarantee: a run that shows facts of the check did run, whatever else it complains about, unless it
was cut off.
"""

import re
from collections.abc import Iterator, Mapping

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.answers import answer_facts, is_refusal
from stillfixed.actors.verdicts.cells import Fact, Reading
from stillfixed.actors.verdicts.exits import EXIT, did_not_run
from stillfixed.actors.verdicts.lines import MESSAGE, short
from stillfixed.actors.verdicts.listings import LISTED, listing_of, says_empty
from stillfixed.actors.verdicts.logs import is_timed
from stillfixed.actors.verdicts.model import Platform, Run
from stillfixed.actors.verdicts.parsing import error_lines
from stillfixed.actors.verdicts.phrases import patterns, text_health
from stillfixed.actors.verdicts.prompts import without_prompts

_OVER_SSH = re.compile(r"(?:^|[\s;|&(])(?:ssh|scp|sftp)\s")
_FEW_CELLS = 3
"""A refusal may read like a value, `ERROR: denied`; a table with such a word was really shown."""
_BRIEF_LINES = 12
"""Longer outputs are read for their content, not for words like `denied`."""


def why_not_run(
    command: str,
    run: Run,
    platform: Platform,
    reading: Reading,
    facts: Mapping[tuple[str, str], Fact],
) -> str | None:
    """The reason why the run shows nothing of the check, None if it does."""
    if run.exit_status is None:
        return "the run was cut off before it ended"
    if reading.cut:
        return "the output ends in the middle"
    if reason := _by_status(command, run.exit_status, platform):
        return reason
    shown = "\n".join(without_prompts(output.clean(run.stdout).split("\n"), command))
    last = shown.rstrip().rsplit("\n", 1)[-1].strip()
    if patterns("breaks_off").search(last):
        return f"the output breaks off: {short(last)}"
    # a line that stands for itself in a list of faults may be a refusal; a row of a table is none
    rows = reading.cells or any(is_timed(line) for _, line in reading.rest)
    says_nothing = (MESSAGE, EXIT, "answer") if rows else (MESSAGE, EXIT, "answer", LISTED)
    judged = any(field not in says_nothing for _, field in facts)
    if line := next(_refusals(command, platform, run, reading, judged), None):
        return f"the check did not run: {short(line)}"
    silent = not run.stdout.strip() and not run.stderr.strip()
    if silent and not facts and listing_of(command) is None:
        return "there was no output to judge"
    return None


def _by_status(command: str, status: int, platform: Platform) -> str | None:
    if status in (126, 127) or did_not_run(command, status, platform):
        return f"the command could not do its check (exit status {status})"
    if status in (124, 130, 137, 143) or (status == 255 and _OVER_SSH.search(command)):
        return f"the run was stopped before it ended (exit status {status})"
    return None


def _complains(line: str) -> bool:
    """Whether a line is a complaint, and not the word that there is nothing to count."""
    if patterns("empty").search(line.strip()):
        return False
    return text_health(line) == "fault" or bool(patterns("absent").search(line))


def _refusals(
    command: str, platform: Platform, run: Run, reading: Reading, judged: bool
) -> Iterator[str]:
    """Lines that say that the check did not run."""
    stderr = error_lines(output.clean(run.stderr))
    shown = [line for _, line in reading.rest]
    if stderr and patterns("counts").search(command) and not patterns("probes").search(command):
        listing = listing_of(command)
        if not (listing and says_empty(listing, stderr)):
            yield from filter(_complains, stderr)
    suspects = stderr if not judged or not run.stdout.strip() else []
    if not judged and len(shown) + len(reading.cells) <= _BRIEF_LINES:
        few = reading.cells[:_FEW_CELLS] if len(reading.cells) <= _FEW_CELLS else ()
        values = [f"{cell.field}: {cell.value}" for cell in few]
        suspects += [line for line in shown + values if not is_timed(line)]
    if not judged:
        yield from (line for line in suspects if is_refusal(command, platform, line))
    suspects += [line for line in shown[-1:] if "^C" in line]
    probe = patterns("probes").search(command)
    for line in suspects:
        if next(answer_facts(command, platform, [(None, line)]), None):
            continue  # "access denied by server" is what mount answers
        unreached = patterns("not_reached").search(line.strip())
        if not (probe and unreached) and (unreached or patterns("not_run").search(line.strip())):
            yield line
