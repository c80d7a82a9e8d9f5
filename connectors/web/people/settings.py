"""What an operator can set about people. A member of the host's settings, each with its default."""

import msgspec


class PeopleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`cookie_idle_seconds`: after so long without a request a browser is signed out;
    `cookie_absolute_seconds`: after so long in any case. `token_limit_seconds`: how long an API
    token may last at most. `seen_every_seconds`: how often a use is written down."""

    cookie_idle_seconds: float = 12 * 3600.0
    cookie_absolute_seconds: float = 7 * 86400.0
    token_limit_seconds: float = 366 * 86400.0
    seen_every_seconds: float = 60.0
