"""One session as it stands, as JSON: its checks without their outputs, and the gate. Pure."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from stillfixed.actors.session.gate import is_current, needs_rerun, rule
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.session.state import Check, State, check_key
from stillfixed.connectors.cli.asjson import override_json

Json = dict[str, Any]


def standing_json(state: State, policy: Policy, now: datetime) -> Json:
    """What a session's summary says beside its line in a list."""
    return {
        "endpoints": {
            name: {"kind": known.kind, "address": known.address, "platform": known.platform}
            for name, known in state.endpoints.items()
        },
        "running": list(state.running),
        "checks": [_check(state, check) for check in state.checks.values()],
        "gate": None if state.status == "closed" else _gate(state, policy, now),
        "annotations": [
            {"annotation": name, "kind": one.kind, "by": one.by, "accepted_by": one.accepted_by}
            for name, one in state.annotations.items()
        ],
        "monitors": [
            {
                "monitor": name,
                "endpoint": one.started.endpoint,
                "command": one.started.command,
                "next_due": _time(one.next_due),
                "every_seconds": one.started.every_seconds,
                "until": _time(one.started.until),
            }
            for name, one in state.monitors.items()
        ],
        "runbooks": [
            {
                "runbook": book.runbook,
                "title": book.title,
                "endpoint": book.endpoint,
                "digest": book.digest,
                "checks": [check.command for check in book.checks],
            }
            for book in state.runbooks.values()
        ],
    }


def _check(state: State, check: Check) -> Json:
    verification = check.verification
    standing = "baseline_only"
    if verification is not None and is_current(state, check):
        standing = verification.in_force
    elif needs_rerun(state, check):
        standing = "not_rerun"
    return {
        "endpoint": check.endpoint,
        "command": check.command,
        "standing": standing,
        "health": check.health,
        "baseline": check.baseline.run,
        "verification": verification.seen.run if verification else None,
        "judged": verification.verdict if verification else None,
        "reasons": list(verification.reasons) if verification else [],
        "expect": state.expectations.get(check_key(check.endpoint, check.check)),
        "override": override_json(verification.override) if verification else None,
    }


def _gate(state: State, policy: Policy, now: datetime) -> Json:
    ruling = rule(state, policy, now)
    return {
        "granted": ruling.granted,
        "policy": policy.name,
        "mode": policy.mode,
        "confirmation": policy.require.confirmation,
        "reasons": msgspec.to_builtins(ruling.reasons),
        "evidence": list(ruling.evidence),
        "overrides": list(ruling.overrides),
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
