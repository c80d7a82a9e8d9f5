"""How often one may try to sign in.

Guarantee: who guesses, at one account or at many, from one address or from many, is soon slowed to
a few tries a minute; and a stranger who guesses at somebody's account keeps them out neither for
long, since every limit is a window that passes, nor of a browser where they signed in before.
"""

import math
import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from stillfixed.actors.errors import TooManyTries

AT_ACCOUNT_FROM_ADDRESS = RateLimitItemPerMinute(5, 5, namespace="account-from-address")
FROM_ADDRESS = RateLimitItemPerMinute(30, 10, namespace="address")
AT_ACCOUNT = RateLimitItemPerMinute(30, 10, namespace="account")
FROM_FAMILIAR_BROWSER = RateLimitItemPerMinute(10, 5, namespace="familiar")
"""Wrong tries in so many minutes. An office shares an address, so that gets more."""


class Tries:
    """Of one process. Only wrong tries count; a right one forgets those of its account there."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, account: str, address: str, *, familiar: bool) -> "Try":
        """Count a try before the password is looked at, so that many at once are not all let
        through. `account` is the name as typed, folded. Raises `TooManyTries`."""
        place = network_of(address)
        limits: list[tuple[RateLimitItemPerMinute, tuple[str, ...]]]
        if familiar:
            limits = [(FROM_FAMILIAR_BROWSER, (account, place))]
        else:
            limits = [
                (AT_ACCOUNT_FROM_ADDRESS, (account, place)),
                (FROM_ADDRESS, (place,)),
                (AT_ACCOUNT, (account,)),
            ]
        for item, keys in limits:
            if not self._limiter.test(item, *keys):
                reset = self._limiter.get_window_stats(item, *keys).reset_time
                minutes = max(1, math.ceil((reset - time.time()) / 60))
                raise TooManyTries(
                    "Too many wrong tries to sign in. Wait "
                    f"{'a minute' if minutes == 1 else f'{minutes} minutes'}, then try again."
                )
        for item, keys in limits:
            self._limiter.hit(item, *keys)
        return Try(self._limiter, limits)


class Try:
    """A try that was counted."""

    def __init__(
        self,
        limiter: SlidingWindowCounterRateLimiter,
        limits: list[tuple[RateLimitItemPerMinute, tuple[str, ...]]],
    ) -> None:
        self._limiter = limiter
        self._limits = limits

    def was_right(self) -> None:
        """Take it back; what the account had from this address is forgotten."""
        first, *others = self._limits
        self._limiter.clear(first[0], *first[1])
        for item, keys in others:
            self._limiter.hit(item, *keys, cost=-1)


def network_of(address: str) -> str:
    """An IPv6 address stands for its /64, of which everybody has all."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped) if mapped else known.exploded[:19]
    return str(known)
