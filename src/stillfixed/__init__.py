"""stillfixed: no ticket closes on a fix nobody tested.

`connect()` embeds everything, and `connect("https://host", token=…)` has the same calls of a host.
Sessions capture what a technician does, keep the baseline by themselves, judge every check that is
run again, and let a ticket close only on proof. The judge can be used alone: `judge`, `effect_of`,
`same_check`. `views()` opens what managers and dispatchers decide on, in DuckDB.
"""

from stillfixed.actors.client import Client, Session
from stillfixed.actors.client_async import AsyncClient, AsyncSession
from stillfixed.actors.errors import (
    AccessError,
    AdoptionDataError,
    ConnectionLost,
    EndpointError,
    EndpointUnreachable,
    HostError,
    HostKeyRefused,
    HostUnavailable,
    LogBusy,
    LogCorrupted,
    LogError,
    LogFull,
    LoginRefused,
    LogTooNew,
    NotAllowed,
    NotSignedIn,
    NotYourSession,
    PolicyError,
    QueryError,
    RequestRefused,
    RunbookError,
    SessionClosed,
    SessionUnavailable,
    StillfixedError,
    TicketImportError,
    TooManyTries,
    UnknownSession,
    ViewsError,
    ViewsFenced,
    ViewsFull,
    ViewsMissing,
    ViewsStopped,
    ViewsTooNew,
)
from stillfixed.actors.service import Settings
from stillfixed.actors.session.history import Comparison, RunRecord, Transcript
from stillfixed.actors.session.rejudge import Rejudgement
from stillfixed.actors.verdicts import Judgement, Run, effect_of, judge, same_check
from stillfixed.connectors.connecting import connect, connect_async
from stillfixed.projections import views

__all__ = [
    "AccessError",
    "AdoptionDataError",
    "AsyncClient",
    "AsyncSession",
    "Client",
    "Comparison",
    "ConnectionLost",
    "EndpointError",
    "EndpointUnreachable",
    "HostError",
    "HostKeyRefused",
    "HostUnavailable",
    "Judgement",
    "LogBusy",
    "LogCorrupted",
    "LogError",
    "LogFull",
    "LogTooNew",
    "LoginRefused",
    "NotAllowed",
    "NotSignedIn",
    "NotYourSession",
    "PolicyError",
    "QueryError",
    "Rejudgement",
    "RequestRefused",
    "Run",
    "RunRecord",
    "RunbookError",
    "Session",
    "SessionClosed",
    "SessionUnavailable",
    "Settings",
    "StillfixedError",
    "TicketImportError",
    "TooManyTries",
    "Transcript",
    "UnknownSession",
    "ViewsError",
    "ViewsFenced",
    "ViewsFull",
    "ViewsMissing",
    "ViewsStopped",
    "ViewsTooNew",
    "connect",
    "connect_async",
    "effect_of",
    "judge",
    "same_check",
    "views",
]
