"""Everything that can be asked of a session over HTTP, in one table: the host makes its routes from
it, and the remote client finds its paths in it, so that the two cannot differ.

Each is a POST below `/api/sessions/{session}` whose `Idempotency-Key` is the request id.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from stillfixed.actors.session import requests as r
from stillfixed.connectors.web.api import bodies as b
from stillfixed.connectors.web.identity import Action

SESSION = "/api/sessions/{session}"


class Act(NamedTuple):
    """`names` is the request's field that the path names. Whoever has one of `rights` on the
    session may ask."""

    request: type[r.Request]
    path: str
    body: type[b.Body]
    rights: tuple[Action, ...]
    title: str
    names: str = ""
    answers: type[r.Answer] = r.Done
    makes: bool = False
    """Whether it makes something with a name: 201 instead of 200."""


_WORK: tuple[Action, ...] = ("work",)
_REVIEW: tuple[Action, ...] = ("review",)
_EITHER: tuple[Action, ...] = ("work", "review")

ACTS = (
    Act(r.HandOver, "/takeover", b.Nothing, _WORK, "Become the session's technician"),
    Act(r.AddEndpoint, "/endpoints", b.NewEndpoint, _WORK, "Add an endpoint", makes=True),
    Act(r.StartRun, "/runs", b.NewRun, _WORK, "Run a command", answers=r.RunEnded),
    Act(r.CancelRun, "/runs/{run}/cancel", b.Nothing, _WORK, "End a run that is going", "run"),
    Act(r.DeclareChange, "/changes", b.Change, _WORK, "Declare a change made elsewhere"),
    Act(r.StateExpectation, "/expectations", b.Expectation, _WORK, "Say what healthy means"),
    Act(r.LoadRunbook, "/runbooks", b.NewRunbook, _WORK, "Load a runbook", makes=True),
    Act(r.Annotate, "/annotations", b.NewAnnotation, _EITHER, "Write a message", makes=True),
    Act(r.StartMonitor, "/monitors", b.NewMonitor, _WORK, "Start a monitor", makes=True),
    Act(r.StopMonitor, "/monitors/{monitor}/stop", b.Nothing, _WORK, "Stop a monitor", "monitor"),
    Act(
        r.AcceptAnnotation,
        "/annotations/{annotation}/accept",
        b.Nothing,
        _REVIEW,
        "Accept the reason of a cannot_verify",
        "annotation",
    ),
    Act(
        r.OverrideVerdict,
        "/runs/{run}/override",
        b.NewOverride,
        _REVIEW,
        "Override a verdict",
        "run",
    ),
    Act(
        r.RequestClosure,
        "/closure",
        b.Nothing,
        _WORK,
        "Ask for the closure",
        answers=r.ClosureAnswer,
    ),
    Act(
        r.ConfirmClosure,
        "/closure/confirm",
        b.Nothing,
        _REVIEW,
        "Confirm the closure",
        answers=r.ClosureAnswer,
    ),
    Act(r.SendBack, "/closure/send-back", b.SendBack, _REVIEW, "Send the session back"),
    Act(r.RecordCallback, "/callbacks", b.NewCallback, _EITHER, "Record that the client came back"),
)

BY_REQUEST: Mapping[type[r.Request], Act] = {act.request: act for act in ACTS}


def path_and_body(request: r.Request) -> tuple[str, dict[str, Any]] | None:
    """The path below the session and the body that carry a request; None for one that only the
    runtime or `open` makes."""
    act = BY_REQUEST.get(type(request))
    if act is None:
        return None
    fields: dict[str, Any] = msgspec.to_builtins(request)
    fields.pop("by")
    fields.pop("type")
    if not act.names:
        return act.path, fields
    return act.path.format(**{act.names: segment(fields.pop(act.names))}), fields


def segment(name: str) -> str:
    """A name as one part of a path, whatever its characters; `..` too."""
    return quote(name, safe="").replace(".", "%2E")
