"""What `--json` prints. Shapes, for scripts that read them; fields are added, never changed.

Times are ISO 8601 in UTC. A *run* is

    {"run": "r3", "endpoint", "command", "by", "effect": "reads" | "changes" | "unknown",
     "status": "running" | "exited" | "signalled" | "timed_out" | "cancelled" | "not_sent"
               | "interrupted",
     "started_at", "ended_at": time | null, "seconds": number | null,
     "exit_status": number | null, "signal": text | null, "monitor": "m1" | null,
     "stdout": text, "stdout_is_utf8": bool, "stdout_bytes": number,
     "stderr": text, "stderr_is_utf8": bool, "stderr_bytes": number,
     "stdout_base64", "stderr_base64": text | null,     the bytes, where they are not UTF-8
     "dropped_bytes": number,     came after the run's output limit and were not kept
     "cut": bool,                 there was more output than is shown here
     "removed": {"by", "at", "rule", "days"} or null: it was removed from the log since
     "reason": text,              why it was not sent or interrupted
     "health": "fault" | "healthy" | "unclear" | null,
     "verdict": verdict | null, "baseline": "r1" | null, "reasons": [text, …],
     "fields": [field, …],        the values behind the verdict, worst first
     "fields_left_out": number,   so many more, no worse than the last
     "override": override | null,  a dispatcher's verdict in place of the judge's
     "masked": {kind: number},    secrets that stand as masks in the command and the output
     "runbook": {"name", "number", "total"} | null}     which of a runbook's checks it is

An *override* is {"verdict", "reason": text, "by", "at"}. A *field* is {"item", "field",
"before": text | null, "after": text | null, "verdict", "rule": name, "note": text,
"before_line": number | null, "after_line": number | null}, where null means that it is not there.

Output that was not UTF-8 is shown with U+FFFD for each broken byte, and `…_is_utf8` is false. A
*comparison* is

    {"endpoint", "command", "standing": verdict | "not_rerun" | "baseline_only",
     "before": run, "after": run | null, "reasons": [text, …], "expect": text | null,
     "judged": verdict | null,    the judge's own, which stands unless there is an override
     "override": override | null,
     "fields": [field, …], "fields_left_out": number,
     "lines": [row, …]}

A *row* is a line of both outputs side by side, with numbers from 1 in its output, or a fold of rows
in which nothing changed that matters; `--full` folds nothing:

    {"kind": "same" | "changed" | "removed" | "added", "output": "stdout" | "stderr",
     "before_number", "after_number": number | null, "before", "after": text | null,
     "deciding": bool,            the verdict is from this row
     "volatile": bool,            it changed only in what moves by itself
     "before_spans", "after_spans": [{"start", "end", "volatile"}, …]}   what changed, in characters

    {"kind": "folded", "output", "lines": number, "volatile": number of them,
     "before": [first, last], "after": [first, last]}                    numbers of lines

Where "after" is null, the rows have one side, and their kind says nothing.

An *entry* is one fact of the stream: {"version", "at", "by", "type"} and the fields of that type of
event (see `actors/session/events.py`); an entry of type `run_started` has the whole *run* in "run".
A *transcript* is

    {"session", "version", "status", "ticket", "client", "team", "category", "title", "technician",
     "opened_at", "closed_at": time | null,
     "endpoints": {name: {"kind", "address", "platform"}},
     "entries": [entry, …], "comparisons": [comparison, …]}

A *rejudgement* sets a recorded verdict beside today's: {"version", "at", "endpoint", "command",
"baseline": "r1", "verification": "r3", "expect": text | null, "then": said, "now": said,
"differs": bool, "override": override | null}, where *said* is
{"judge": version, "verdict", "reasons": [text, …]}.

A *session* in a list is the same without version, endpoints, entries and comparisons. A *seen*
event is {"position", "session", "version", "event"}.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from stillfixed.actors.client_async import Seen, SessionInfo
from stillfixed.actors.session.history import Comparison, Entry, RunRecord, Transcript
from stillfixed.actors.session.rejudge import Rejudgement
from stillfixed.actors.session.requests import ClosureAnswer
from stillfixed.actors.session.state import Override

Json = dict[str, Any]


def dumps(value: object) -> str:
    """One line of JSON."""
    return msgspec.json.encode(value).decode()


def run_json(run: RunRecord) -> Json:
    ended = run.ended_at
    fields: Json = msgspec.to_builtins(run)
    return {
        **fields,
        "started_at": _time(run.started_at),
        "ended_at": _time(ended),
        "seconds": (ended - run.started_at).total_seconds() if ended else None,
        "stdout": run.text,
        "stdout_is_utf8": _is_utf8(run.stdout),
        "stdout_base64": None if _is_utf8(run.stdout) else fields["stdout"],
        "stderr": run.error_text,
        "stderr_is_utf8": _is_utf8(run.stderr),
        "stderr_base64": None if _is_utf8(run.stderr) else fields["stderr"],
        "override": override_json(run.override),
        "removed": {**msgspec.to_builtins(run.removed), "at": _time(run.removed.at)}
        if run.removed
        else None,
    }


def override_json(override: Override | None) -> Json | None:
    if override is None:
        return None
    return {
        "verdict": override.verdict,
        "reason": override.reason,
        "by": override.by,
        "at": _time(override.at),
    }


def comparison_json(comparison: Comparison, *, full: bool = False) -> Json:
    return {
        "endpoint": comparison.endpoint,
        "command": comparison.command,
        "standing": comparison.standing,
        "before": run_json(comparison.before),
        "after": run_json(comparison.after) if comparison.after else None,
        "reasons": list(comparison.reasons),
        "expect": comparison.expect,
        "judged": comparison.judged,
        "override": override_json(comparison.override),
        "fields": msgspec.to_builtins(comparison.fields),
        "fields_left_out": comparison.fields_left_out,
        "lines": msgspec.to_builtins(comparison.rows(full=full)),
    }


def rejudgement_json(one: Rejudgement) -> Json:
    fields: Json = msgspec.to_builtins(one)
    return {
        **fields,
        "at": _time(one.at),
        "differs": one.differs,
        "override": override_json(one.override),
    }


def entry_json(entry: Entry) -> Json:
    fields: Json = msgspec.to_builtins(entry.event)
    shown = {**fields, "version": entry.version, "at": _time(entry.at)}
    return {**shown, "run": run_json(entry.run)} if entry.run else shown


def transcript_json(transcript: Transcript) -> Json:
    state = transcript.state
    opened = state.opened
    return {
        "session": transcript.session,
        "version": state.version,
        "status": state.status,
        "ticket": opened.ticket if opened else "",
        "client": opened.client if opened else "",
        "team": opened.team if opened else "",
        "category": opened.category if opened else "",
        "title": opened.title if opened else "",
        "technician": state.technician,
        "opened_at": _time(opened.at) if opened else None,
        "closed_at": _time(state.closed_at),
        "endpoints": {
            name: {"kind": known.kind, "address": known.address, "platform": known.platform}
            for name, known in state.endpoints.items()
        },
        "entries": [entry_json(entry) for entry in transcript.entries],
        "comparisons": [comparison_json(comparison) for comparison in transcript.comparisons],
    }


def session_json(info: SessionInfo) -> Json:
    h = info.heading
    return {
        "session": info.id,
        "status": h.status,
        "ticket": h.ticket,
        "client": h.client,
        "team": h.team,
        "category": h.category,
        "title": h.title,
        "technician": h.technician,
        "opened_at": _time(h.opened_at),
        "closed_at": _time(h.closed_at),
    }


def seen_json(seen: Seen) -> Json:
    event: Json = msgspec.to_builtins(seen.event)
    return {
        "position": seen.position,
        "session": seen.session,
        "version": seen.version,
        "event": {**event, "at": _time(seen.event.at)},
    }


def closure_json(answer: ClosureAnswer) -> Json:
    return {
        "result": answer.result,
        "policy": answer.policy,
        "mode": answer.mode,
        "reasons": list(answer.reasons),
        "overrides": list(answer.overrides),
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
