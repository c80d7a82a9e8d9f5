"""Requests without their secrets: what is decided on, recorded and answered from. Pure.

Guarantee: no text of a request is stored before it went through here. What would have to be kept
to be used again (a monitor's command, a runbook, an endpoint's options) is refused with a secret.
"""

from collections import Counter
from typing import Any, NamedTuple

from msgspec.structs import replace

from stillfixed.actors.secrets import Masks, mask_command, mask_text
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decision import Decision, refuse

_COMMANDS: dict[type[r.Request], tuple[str, ...]] = {
    r.StartRun: ("command",),
    r.StateExpectation: ("command",),
    r.StartMonitor: ("command",),
}
_TEXTS: dict[type[r.Request], tuple[str, ...]] = {
    r.OpenSession: ("title", "category"),
    r.AddEndpoint: ("address",),
    r.StateExpectation: ("expect",),  # of an output that is masked alike
    r.DeclareChange: ("text",),
    r.OverrideVerdict: ("reason",),
    r.Annotate: ("text",),
    r.SendBack: ("reason",),
    r.RecordCallback: ("text",),
    r.GiveUpRun: ("reason",),
}
_ADVICE = (
    "Let it read the secret on the endpoint: from a file, a variable of the environment there, or "
    "the tool's own store (.my.cnf, .pgpass, .netrc, cmdkey, a key and its agent)."
)


class MaskedRequest(NamedTuple):
    """`found` counts the secrets by kind; `refused` says why the request cannot be kept."""

    request: Any
    found: Counter[str]
    refused: str = ""


def mask_request(request: r.SessionRequest, masks: Masks) -> MaskedRequest:
    found: Counter[str] = Counter()
    changed: dict[str, Any] = {}
    for names, mask in (
        (_COMMANDS.get(type(request), ()), mask_command),
        (_TEXTS.get(type(request), ()), mask_text),
    ):
        for name in names:
            masked = mask(getattr(request, name), masks)
            found += masked.found
            changed[name] = masked.text
    refused = ""
    match request:
        case r.StartMonitor() if found:
            refused = f"The command holds {said(found)}, and a monitor's is kept. {_ADVICE}"
        case r.LoadRunbook():
            refused, changed = _runbook(request, masks)
        case r.AddEndpoint():
            refused, more = _endpoint(request, found, masks)
            changed |= more
        case _:
            pass
    return MaskedRequest(replace(request, **changed) if changed else request, found, refused)


def recorded(masked: MaskedRequest, decision: Decision, masks: Masks) -> Decision:
    """A decision with the fact of masking, or a refusal of what it would keep."""
    if isinstance(decision.answer, r.Refused):
        # It quotes names as they were given.
        message = mask_text(decision.answer.message, masks).text
        return Decision(decision.events, replace(decision.answer, message=message))
    if not decision.events:
        return decision
    if masked.refused:
        return refuse("refused", f"{masked.refused} Nothing was recorded.")
    if not masked.found:
        return decision
    first, *rest = decision.events
    return Decision((replace(first, masked=dict(masked.found)), *rest), decision.answer)


def said(found: Counter[str] | dict[str, int]) -> str:
    """`a password`, `2 tokens and a private key`."""
    parts = [_some(kind.replace("-", " "), count) for kind, count in found.items() if count]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1] if parts else "")))


def _some(kind: str, count: int) -> str:
    many = f"{kind[:-1]}ies" if kind.endswith("y") and kind[-2] not in "aeiou" else f"{kind}s"
    many = f"{kind}es" if kind.endswith("sh") else many
    return f"{count} {many}" if count > 1 else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _runbook(request: r.LoadRunbook, masks: Masks) -> tuple[str, dict[str, Any]]:
    found: Counter[str] = Counter()
    for line in request.text.splitlines():
        found += mask_command(line, masks).found
    for name, value in request.parameters.items():
        found += mask_command(f"{name}={value}", masks).found
    if not found:
        return "", {}
    # The text is not stored, but the errors of a file that cannot be read quote it.
    safe = "\n".join(mask_command(line, masks).text for line in request.text.splitlines())
    why = f"The runbook holds {said(found)}, and its commands are kept. {_ADVICE}"
    return why, {"text": safe, "parameters": _values(request.parameters, masks)}


def _endpoint(
    request: r.AddEndpoint, found: Counter[str], masks: Masks
) -> tuple[str, dict[str, Any]]:
    user, _, _ = request.address.rpartition("@")
    inside = Counter[str](found)
    if ":" in user and not found:
        inside["password"] += 1
        masks.typed(user.partition(":")[2].encode())
    options = _values(request.options, masks)
    changed = [name for name, value in request.options.items() if options[name] != value]
    inside += Counter({"password": len(changed)})
    if not inside:
        return "", {}
    why = (
        f"The endpoint's address or options hold {said(inside)}, and they are kept. Log in with a "
        "key: name its file with the option identity_file, or let an agent hold it."
    )
    return why, {"options": options}


def _values(values: dict[str, str], masks: Masks) -> dict[str, str]:
    return {name: _value(name, value, masks) for name, value in values.items()}


def _value(name: str, value: str, masks: Masks) -> str:
    head = f"{name}="
    masked = mask_text(f"{head}{value}", masks).text
    return masked[len(head) :] if masked.startswith(head) else mask_text(value, masks).text
