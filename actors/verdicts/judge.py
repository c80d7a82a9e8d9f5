"""The verdict: what a fix changed between a baseline run and a verification run.

Guarantee: `fixed` is said only when the baseline shows a fault, every fault seen there is seen
healthy afterwards, and nothing new is wrong. What cannot be told is `inconclusive`. Never raises on
any output; raises ValueError only for an expectation that cannot be read.
"""

import re

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Fact, Reading, name_of
from stillfixed.actors.verdicts.compare import compare
from stillfixed.actors.verdicts.completeness import breaks_off, lacks_the_end
from stillfixed.actors.verdicts.exits import EXIT
from stillfixed.actors.verdicts.expect import Expectation, held, is_of_a_field, parse_expectation
from stillfixed.actors.verdicts.health import Shown, look, look_at_both, reading_of
from stillfixed.actors.verdicts.judgement import Judgement
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.lines import MESSAGE, short
from stillfixed.actors.verdicts.listings import FOUND, LISTED
from stillfixed.actors.verdicts.logs import is_log, without_history
from stillfixed.actors.verdicts.long import READ_LINES, Pair, counts_by_number, essence
from stillfixed.actors.verdicts.model import (
    WORST_FIRST,
    FieldChange,
    Finding,
    Platform,
    Run,
    Verdict,
)
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.phrases import patterns
from stillfixed.actors.verdicts.renamed import with_names_of
from stillfixed.actors.verdicts.summary import worst_first

_UNKNOWN_REST = "what would have come after it is not known"
_VOLATILE = re.compile(
    r"(?:\d+ ?(?:years?|weeks?|days?|hours?|minutes?|seconds?|hrs?|mins?|secs?|[wdhms])\b[, ]*)+"
    r"|0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\d+"
)


def examine(command: str, run: Run, *, expect: str | None = None, platform: Platform) -> Finding:
    """What one run alone shows."""
    if expect is not None:
        return _examine_expected(run, parse_expectation(expect), look(command, run, platform))
    shown = look(command, essence(_clean(run), _clean(run)).first, platform)
    if shown.not_run:
        return Finding("unclear", (_sentence(shown.not_run),))
    if shown.faults:
        return Finding("fault", tuple(_fact(fact) for fact in shown.faults[:5]))
    if shown.healthy:
        return Finding("healthy", tuple(_fact(fact) for fact in shown.healthy[:5]))
    return Finding("unclear", ("Nothing in the output says whether it is healthy.",))


def _examine_expected(run: Run, expectation: Expectation, shown: Shown) -> Finding:
    reason = _cannot_hold(run, expectation, shown)
    met = held(expectation, run, shown.reading) if reason is None else None
    if met is None:
        return Finding("unclear", (reason or f"{expectation.field} is not in the output.",))
    failing = [one for one in met if not one.ok]
    if failing:
        return Finding("fault", tuple(_missed(expectation, o.item, o.value) for o in failing[:5]))
    return Finding("healthy", (f"As expected: {expectation}.",))


def judge(
    command: str, before: Run, after: Run, *, expect: str | None = None, platform: Platform
) -> Judgement:
    """Compare the baseline run with the verification run of one check."""
    expectation = None if expect is None else parse_expectation(expect)
    read = _to_read(before, after, expectation)
    old, new = read.first, read.second
    if expectation is None:
        old, new = without_history(command, old, new)
    first, second = look_at_both(command, old, new, platform)
    second = with_names_of(command, first, second)
    if expectation is not None:
        sides = replace(before, stderr=old.stderr), replace(after, stderr=new.stderr)
        if read.numbers and is_of_a_field(expectation):  # its value may stand in any line
            first, second = (
                replace(one, reading=reading_of(command, _clean(run).stdout, platform))
                for one, run in ((first, before), (second, after))
            )
        changes, reasons = _by_expectation(expectation, *sides, first, second)
    elif first.not_run or second.not_run:
        changes = []
        which = ("baseline", first.not_run) if first.not_run else ("verification", second.not_run)
        reasons = [f"The {which[0]} run shows nothing: {which[1]}."]
    else:
        changes = [_placed(change, read) for change in compare(command, first, second)]
        reasons = [] if changes else [_undecided(command, read, first.reading)]
    if not changes:
        quiet = read.whole and reasons and reasons[0].startswith("Neither")
        return Judgement(
            verdict="healthy" if quiet else "inconclusive",
            reasons=tuple(reasons),
            before=before,
            after=after,
        )
    verdict = min((change.verdict for change in changes), key=WORST_FIRST.index)
    doubt = None
    if verdict in ("fixed", "healthy"):
        doubt = _not_all_there(verdict, before, after, read, (first, second), expectation)
    if doubt:
        verdict, reasons = "inconclusive", [doubt]
    else:
        deciding = (change for change in changes if change.verdict == verdict)
        reasons = list(dict.fromkeys(_reason(change) for change in deciding))[:5]
    return Judgement(
        verdict=verdict,
        reasons=tuple(reasons),
        fields=worst_first(changes),
        before=before,
        after=after,
    )


def _not_all_there(
    verdict: Verdict, before: Run, after: Run, read: Pair, shown: tuple[Shown, Shown],
    expectation: Expectation | None,
) -> str | None:  # fmt: skip
    """Why good news cannot be trusted: not everything was read, or not everything was printed."""
    if not read.whole or (read.numbers and counts_by_number(shown[1].facts.values())):
        return f"More than {READ_LINES} lines, or a very long one, may matter: narrow the check."
    if verdict == "fixed":
        cut = lacks_the_end(read.first, read.second, *shown, expectation)
    else:
        cut = breaks_off(before, after)
    return f"The second output breaks off: {_UNKNOWN_REST}." if cut else None


def _to_read(before: Run, after: Run, expectation: Expectation | None) -> Pair:
    """What is read of the runs: what can decide. An expectation goes by the whole outputs."""
    read = essence(_clean(before), _clean(after))
    return read if expectation is None else replace(read, whole=True)


def _clean(run: Run) -> Run:
    return replace(run, stdout=clean(run.stdout))


def _placed(change: FieldChange, read: Pair) -> FieldChange:
    """With the line numbers of the whole outputs."""
    before, after = read.line(0, change.before_line), read.line(1, change.after_line)
    return replace(change, before_line=before, after_line=after)


def _sentence(text: str) -> str:
    text = text.strip()
    head = text.split(" ", 1)[0]
    if head.isalpha() and head.islower():
        text = text[:1].upper() + text[1:]
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def _named(item: str, field: str) -> str:
    if field == MESSAGE:
        return "Output"
    field = {EXIT: "Exit status"}.get(field, field)
    return f"{item}: {field}" if item else field


def _fact(fact: Fact) -> str:
    where = f" (line {fact.line})" if fact.line else ""
    return f"{_named(fact.item, fact.field)} is {_shown(fact.value)}{where}."


def _reason(change: FieldChange) -> str:
    """What was, what is, where it stands, and the rule that decided."""
    what, was, now = _named(change.item, change.field), _shown(change.before), _shown(change.after)
    if change.before is not None and change.before == change.after:
        text = f"{what} is {now} in both runs"
    elif change.before is None:
        text = f"{what} is {now} now"
    elif change.after is None:
        text = f"{what} was {was}, and the second output does not show it"
    else:
        text = f"{what} was {was} and is {now} now"
    text += f": {change.note}" if change.note else ""
    sides = [str(n) for n in (change.before_line, change.after_line) if n]
    where = f"line {' → '.join(dict.fromkeys(sides))}; " if sides else ""
    return f"{text} ({where}{change.rule})."


def _shown(value: str | None) -> str:
    return short(value or "", 80) or "empty"


# -- by expectation --------------------------------------------------------------------------------
def _cannot_hold(run: Run, expectation: Expectation, shown: Shown) -> str | None:
    """Why a run cannot be held against the expectation at all."""
    if run.exit_status is None:
        return "The run was cut off before it ended."
    if expectation.field == "stdout" and _nothing_wrong_listed(shown):
        return None
    reason = shown.not_run or ""
    if expectation.field == "exit_status":
        # a status that the expectation names may be the very answer ("no such file")
        refused = run.exit_status in (126, 127, 255) or "denied" in reason.lower()
        return _sentence(reason or "the command could not be started") if refused else None
    if reason and not reason.startswith("there was no output"):
        return _sentence(reason)
    if expectation.field in ("stdout", "line_count") and patterns("not_run").search(run.stderr):
        return "A part of the check did not run, so the output is not all there is."
    absent = expectation.operator in ("not contains", "!=")
    if expectation.field == "stdout" and not run.stdout.strip() and run.stderr.strip():
        missing = bool(patterns("absent").search(run.stderr)) and not absent
        return None if missing else "There is no output, only an error."
    if expectation.field == "stdout" and absent and not run.stdout.strip():
        return "There is no output that could show it."
    return None


def _nothing_wrong_listed(shown: Shown) -> bool:
    """Whether the command lists what is wrong, and there was nothing to list."""
    fact = shown.facts.get(("", LISTED))
    return fact is not None and fact.health == "healthy" and fact.rule != FOUND and shown.all_clear


def _missed(expectation: Expectation, item: str, value: str) -> str:
    where = f"{item}: " if item else ""
    shown = value if len(value) <= 80 else value[:79] + "…"
    return f"{where}expected {expectation}, found {shown!r}."


def _by_expectation(
    expectation: Expectation, before: Run, after: Run, first: Shown, second: Shown
) -> tuple[list[FieldChange], list[str]]:
    for which, run, shown in (("baseline", before, first), ("verification", after, second)):
        if reason := _cannot_hold(run, expectation, shown):
            return [], [f"The {which} run cannot be judged: {reason}"]
    left = held(expectation, before, first.reading)
    right = held(expectation, after, second.reading)
    if left is None or right is None:
        which = "baseline" if left is None else "verification"
        return [], [f"{expectation.field} cannot be read in the {which} run."]
    rule = f"expected {expectation}"
    if len(left) == len(right) == 1 and left[0].item == left[0].value:
        left = [replace(left[0], item=right[0].item)]  # the only value names nothing but itself
    known = {one.item: one for one in right}
    only_less = known.keys() < {one.item for one in left}
    changes: list[FieldChange] = []
    for one in left:
        other = known.pop(one.item, None)
        if other is None:
            if not one.ok or only_less:
                changes.append(FieldChange(
                    item=one.item, field=expectation.field, before=one.value, after=None,
                    verdict="inconclusive", before_line=one.line,
                    rule=rule,
                ))  # fmt: skip
            continue
        verdict: Verdict = (
            ("healthy" if other.ok else "regressed")
            if one.ok
            else ("fixed" if other.ok else "still_failing")
        )
        changes.append(FieldChange(
            item=one.item, field=expectation.field, before=one.value, after=other.value,
            verdict=verdict, rule=rule, before_line=one.line, after_line=other.line,
        ))  # fmt: skip
    failed_before = any(not one.ok for one in left)
    for other in known.values():
        if not other.ok:
            changes.append(FieldChange(
                item=other.item, field=expectation.field, before=None, after=other.value,
                verdict="still_failing" if failed_before else "regressed", rule=rule,
                after_line=other.line,
            ))  # fmt: skip
    return changes, [f"{expectation.field} stands for other items than before."]


def _undecided(command: str, read: Pair, reading: Reading) -> str:
    before, after = read.first, read.second
    if before.exit_status == after.exit_status == 0:
        jumped = _jumped(before, after, reading)
        if sorted(_steady(before)) == sorted(_steady(after)) and not jumped:
            return "Neither run shows a fault, and only numbers moved."
        if is_log(before.stdout, command) and is_log(after.stdout, command):
            return "Neither log shows a fault."
    return "Nothing in the two outputs says whether it is healthy."


def _jumped(before: Run, after: Run, reading: Reading) -> bool:
    """Whether one number or two are all there is, and one is not the half or the double of what it
    was: nobody can say what that means. Process ids and the like are others each time."""
    if any(name_of(field) in field_names("volatile_fields") for field in reading.fields):
        return False
    left, right = (re.findall(r"\d+(?:\.\d+)?", clean(run.stdout)) for run in (before, after))
    if not 0 < len(left) == len(right) <= 2:
        return False
    pairs = [sorted((float(a), float(b))) for a, b in zip(left, right, strict=True)]
    return any(large > 2 * small and large >= 10 for small, large in pairs)


def _steady(run: Run) -> list[str]:
    """Every line without its numbers, but with the name it begins with, and under the line that it
    is set in from: a state that moved from one thing to another is no mere number."""
    lines: list[str] = []
    above = ""
    for line in (clean(run.stdout) + "\n" + clean(run.stderr)).split("\n"):
        words = line.split()
        if not words:
            continue
        name = words[0] if words[0][0].isalpha() else ""
        text = " ".join(_VOLATILE.sub("#", line).split())
        if line[0].isspace():
            lines.append(f"{above}/{name} {text}")
        else:
            titled = words[0].endswith(":") and len(words) > 1 and words[1][0].isalpha()
            above = " ".join((name, words[1])) if titled else name
            lines.append(f"{name} {text}")
    return lines
