"""Passwords: what is accepted, how they are hashed (argon2id), and how one is made up.

Guarantee: checking a password takes as long for a name that nobody has as for one that somebody
has, and at most `AT_ONCE` are checked at a time, since each takes 64 MiB.
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stillfixed.actors.errors import RequestRefused

LEAST_CHARS = 12
MOST_CHARS = 256
AT_ONCE = 2

_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(AT_ONCE, "password")


def check_new(password: str, *, name: str = "") -> None:
    """Raises `RequestRefused` for one that is too easily guessed: length is what counts."""
    if len(password) < LEAST_CHARS:
        raise RequestRefused(f"A password has at least {LEAST_CHARS} characters. Add some words.")
    if len(password) > MOST_CHARS:
        raise RequestRefused(f"A password has at most {MOST_CHARS} characters.")
    if len(set(password)) < 5 or (name and password.casefold().startswith(name.casefold())):
        raise RequestRefused("This password is easily guessed. Take some unrelated words.")


def made_up() -> str:
    """A password of 100 random bits, to be shown once; no letters that look like others."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Whether it is the one that was hashed. `stored` None takes as long, and is never right."""
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


async def is_right_async(password: str, stored: str | None) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, is_right, password, stored)


async def hashed_async(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hashed, password)
