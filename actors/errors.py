"""Every error a caller of stillfixed can see, in one hierarchy.

    StillfixedError
    ├── RequestRefused          the request cannot be done as asked; asking again changes nothing
    │   ├── UnknownSession      no session has this id
    │   ├── SessionClosed       the session is closed: open a new one, or record a callback
    │   ├── NotYourSession      another technician holds the session: take it over first
    │   └── UnknownPerson       nobody has this name, or no token or grant this id
    ├── SettingsError           a setting cannot be used; names it and where it was given
    ├── BackupError             a backup cannot be written, read or restored; says which and why
    ├── PolicyError             a policy file cannot be used; names the line or the field
    ├── RunbookError            a runbook cannot be used; names the line, the check or the parameter
    ├── TicketImportError       an export of tickets or its mapping cannot be used; says what lacks
    ├── EndpointError           the endpoint could not be reached or used; no command was sent
    │   ├── EndpointUnreachable wrong name, refused port, no route, no answer in time
    │   ├── HostKeyRefused      unknown or changed host key; the message says how to accept it
    │   ├── LoginRefused        no key, agent or user that the endpoint accepts
    │   └── ConnectionLost      the connection went away; a command in flight has an unknown outcome
    ├── LogError                the event log
    │   ├── Fenced              a newer epoch owns the stream (never reaches a caller of the client)
    │   ├── LogBusy             another process holds the log for too long          [retryable]
    │   ├── LogFull             the disk or the file limit is full; nothing was written  [retryable]
    │   ├── LogCorrupted        the file is damaged or is not a stillfixed log
    │   └── LogTooNew           the file was written by a newer stillfixed
    ├── HostError               the machinery that runs sessions
    │   ├── SessionUnavailable  the session's actor died or does not answer         [retryable]
    │   └── HostUnavailable     Ray could not be started or joined
    ├── AccessError             a host's answer to who asks
    │   ├── NotSignedIn         nobody is signed in, or the token is no longer good
    │   ├── NotAllowed          no grant of this person allows this here
    │   ├── TooManyTries        too many wrong tries to sign in; wait as long as it says
    │   └── AccountsUnavailable the file of people is busy or damaged               [retryable]
    └── ViewsError              the views in DuckDB
        ├── ViewsStopped        an event of the log that the views cannot understand
        ├── ViewsFenced         another worker makes the views now; this one stopped
        ├── ViewsFull           the disk is full; the views stay as they were       [retryable]
        ├── ViewsMissing        nothing is published yet, or not up to this position [retryable]
        ├── ViewsTooNew         the file was written by a newer stillfixed
        ├── QueryError          a query that is wrong, that writes, or that ran too long
        └── AdoptionDataError   closures or dates that a report cannot use; names column or ticket

A message says what happened, to what, and what to do next. `retryable` says that the same call with
the same request id may succeed later, and will not be carried out twice.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError


class StillfixedError(Exception):
    """Base of every error raised on purpose by stillfixed."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestRefused(StillfixedError):
    code = "refused"


class UnknownSession(RequestRefused):
    code = "unknown_session"


class SessionClosed(RequestRefused):
    code = "session_closed"


class NotYourSession(RequestRefused):
    code = "not_your_session"


class UnknownPerson(RequestRefused):
    code = "unknown_person"


class SettingsError(StillfixedError):
    code = "settings"


class BackupError(StillfixedError):
    code = "backup"


class PolicyError(StillfixedError):
    code = "policy"


class RunbookError(StillfixedError):
    code = "runbook"


class TicketImportError(StillfixedError):
    code = "ticket_import"


class EndpointError(StillfixedError):
    code = "endpoint"


class EndpointUnreachable(EndpointError):
    code = "endpoint_unreachable"


class HostKeyRefused(EndpointError):
    code = "host_key_refused"


class LoginRefused(EndpointError):
    code = "login_refused"


class ConnectionLost(EndpointError):
    code = "connection_lost"


class LogError(StillfixedError):
    code = "log"


class Fenced(LogError):
    code = "fenced"


class LogBusy(LogError):
    code = "log_busy"
    retryable = True


class LogFull(LogError):
    code = "log_full"
    retryable = True


class LogCorrupted(LogError):
    code = "log_corrupted"


class LogTooNew(LogError):
    code = "log_too_new"


class HostError(StillfixedError):
    code = "host"


class SessionUnavailable(HostError):
    code = "session_unavailable"
    retryable = True


class HostUnavailable(HostError):
    code = "host_unavailable"


class AccessError(StillfixedError):
    code = "access"


class NotSignedIn(AccessError):
    code = "not_signed_in"


class NotAllowed(AccessError):
    code = "not_allowed"


class TooManyTries(AccessError):
    code = "too_many_tries"


class AccountsUnavailable(AccessError):
    code = "accounts_unavailable"
    retryable = True


class ViewsError(StillfixedError):
    code = "views"


class ViewsStopped(ViewsError):
    """`position` and `event_type` of the event; the type is empty where it cannot be told."""

    code = "views_stopped"

    def __init__(self, message: str, *, position: int = 0, event_type: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.event_type = event_type


class ViewsFenced(ViewsError):
    code = "views_fenced"


class ViewsFull(ViewsError):
    code = "views_full"
    retryable = True


class ViewsMissing(ViewsError):
    code = "views_missing"
    retryable = True


class ViewsTooNew(ViewsError):
    code = "views_too_new"


class QueryError(ViewsError):
    code = "query"


class AdoptionDataError(ViewsError):
    code = "adoption_data"


def field_faults(error: "ValidationError") -> str:
    """What pydantic found wrong, each with the field it is in."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()
    )


def _tree(root: type[StillfixedError]) -> list[type[StillfixedError]]:
    return [root] + [leaf for child in root.__subclasses__() for leaf in _tree(child)]


BY_CODE: dict[str, type[StillfixedError]] = {cls.code: cls for cls in _tree(StillfixedError)}
"""Error classes by the code that travels in an answer: a caller gets the same class back."""


def from_code(code: str, message: str) -> StillfixedError:
    """The error that `code` names; an unknown code (from a newer host) becomes the base class."""
    return BY_CODE.get(code, StillfixedError)(message)
