"""What is set about a provider, and which rights its claims give. Pure but for reading the file."""

import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from stillfixed.actors.errors import AccessError, field_faults
from stillfixed.connectors.web.identity import EVERY, Grant, Role


class Rule(BaseModel):
    """Whoever has `value` in `claim` is that, for those clients and teams."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: str = "groups"
    value: str
    role: Role
    clients: Annotated[tuple[str, ...], Field(min_length=1)]
    teams: Annotated[tuple[str, ...], Field(min_length=1)] = (EVERY,)


class SingleSignOnSettings(BaseModel):
    """One provider. `name_claim` must be one that its people cannot change themselves: it is what
    they are called here. `adds_people`: somebody new whom a rule gives a right is added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    client_id: str
    client_secret: SecretStr
    name: str = "single sign-on"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    adds_people: bool = True
    public_url: str = ""
    rules: tuple[Rule, ...] = ()

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
            raise ValueError("must be an https address; http only on this machine")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _is_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("must have openid among them")
        return scopes


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def read_single_sign_on(path: Path) -> SingleSignOnSettings:
    """From a TOML file. The secret may stand in a file of its own: `client_secret_file`, beside it.
    Raises `AccessError` that names the field."""
    try:
        given = tomllib.loads(path.read_text())
        if "client_secret_file" in given:
            given["client_secret"] = (
                (path.parent / given.pop("client_secret_file")).read_text().strip()
            )
        return SingleSignOnSettings.model_validate(given)
    except ValidationError as error:
        raise AccessError(f"{path} cannot be used: {field_faults(error)}") from None
    except (OSError, ValueError) as error:
        raise AccessError(f"{path} cannot be used: {error}") from error


def grants_of(settings: SingleSignOnSettings, claims: Mapping[str, object]) -> tuple[Grant, ...]:
    """Each rule whose value is the claim, or is in its list."""
    return tuple(
        Grant(role=rule.role, clients=rule.clients, teams=rule.teams)
        for rule in settings.rules
        if rule.value in _values(claims.get(rule.claim))
    )


def _values(claim: object) -> tuple[str, ...]:
    if isinstance(claim, str):
        return (claim,)
    if isinstance(claim, list | tuple):
        return tuple(one for one in claim if isinstance(one, str))
    return ()
