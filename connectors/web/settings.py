"""The one table of settings: every value an operator may choose, with its default and its meaning.

Guarantee: a value comes from the first of these that gives it: the command line, the environment
(`STILLFIXED_` and the name in capitals), the settings file, the default here. One that cannot be
used is refused by name, with where it was given; so is a name that is none. `docs/operating.md`
shows this table, and a test holds it to it.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from stillfixed.actors.errors import SettingsError
from stillfixed.actors.retention import Rule
from stillfixed.actors.runtime.router import Isolation
from stillfixed.actors.service import ENDPOINTS, Settings

PREFIX = "STILLFIXED_"
FILE_NAME = "stillfixed.toml"
CONFIG = f"{PREFIX}CONFIG"
FOR_OTHERS = "stillfixed.connectors.endpoints:open_for_others"


def _place(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    if not (host and port.isdigit() and int(port) < 65536):
        raise ValueError("write HOST:PORT, as in 127.0.0.1:8311 or [::1]:8311")
    return listen


class RetentionRule(BaseModel):
    """Outputs of sessions are removed `days` after they were closed. The first rule that names a
    client (or "*") holds for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    clients: tuple[str, ...] = ("*",)
    days: int = Field(ge=0)


class SettingsTable(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    # -- where everything is --------------------------------------------------------------------
    data: Path | None = Field(
        None,
        description="The data folder, by default the user's own. Not in a file, as the file may be "
        "there.",
    )
    ray_address: str | None = Field(
        None, description="Join the Ray cluster at this address instead of starting Ray here."
    )

    # -- the page and the API -------------------------------------------------------------------
    web: bool = Field(True, description="Serve the web page and the API.")
    listen: Annotated[str, AfterValidator(_place)] = Field(
        "127.0.0.1:8311",
        description="Where they listen, HOST:PORT. Loopback unless you have TLS in front of it.",
    )

    # -- people ---------------------------------------------------------------------------------
    single_sign_on: Path | None = Field(
        None, description="The TOML file of the provider where people sign in, see docs/people.md."
    )
    cookie_idle_seconds: float = Field(
        43_200.0, gt=0, description="A browser without a request for so long is signed out."
    )
    cookie_absolute_seconds: float = Field(
        604_800.0, gt=0, description="After so long a browser is signed out in any case."
    )
    token_limit_seconds: float = Field(
        31_622_400.0, gt=0, description="How long an API token may last at most."
    )

    # -- sessions -------------------------------------------------------------------------------
    isolation: Isolation = Field(
        "session",
        description="`session`: a process for each session; `client`: one for each client's.",
    )
    warm_hosts: int = Field(
        2, ge=0, le=100, description="Processes kept ready for the next session, with `web`."
    )
    idle_seconds: float = Field(
        300.0, gt=0, description="How long a session that nobody asks stays in memory."
    )
    unresponsive_seconds: float = Field(
        10.0, gt=0, description="How long a session's process may hang before its sessions move."
    )
    give_up_seconds: float = Field(
        60.0, gt=0, description="How long a request looks for a process that answers."
    )
    finish_seconds: float = Field(
        10.0,
        ge=0,
        description="When the host ends: how long runs may take to end by themselves; then they "
        "are ended and recorded as cancelled.",
    )
    endpoints: str = Field(
        "",
        description="The function that connects to endpoints, module:function. By default that of "
        "stillfixed; where the page is served, one that refuses this machine itself and its files.",
    )

    # -- watching it ----------------------------------------------------------------------------
    log_format: Literal["console", "json"] = Field(
        "console", description="How the host's own log lines look on standard error."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious lines that are written."
    )
    traces: Literal["none", "console", "otlp"] = Field(
        "none", description="Where spans go: nowhere, standard error, or a collector."
    )
    otlp_endpoint: str = Field(
        "http://127.0.0.1:4318/v1/traces", description="The collector's address, with `otlp`."
    )
    views_lag_limit_seconds: float = Field(
        60.0, gt=0, description="Views older than this, with newer events, are told by `/ready`."
    )

    # -- retention ------------------------------------------------------------------------------
    retention: tuple[RetentionRule, ...] = Field(
        (), description="What is removed when, see below. In the environment as JSON."
    )
    retain_every_hours: float = Field(
        24.0, ge=0, description="How often the host looks for what to remove; 0: never by itself."
    )

    @property
    def retention_rules(self) -> tuple[Rule, ...]:
        return tuple(
            Rule(name=rule.name, days=rule.days, clients=rule.clients) for rule in self.retention
        )

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    def embedded(self, *, serving: bool = False) -> Settings:
        """What the sessions' own machinery needs of it. For a host that is `serving` the page, some
        processes are kept ready, and this machine is no endpoint."""
        return Settings(
            data=self.data,
            ray_address=self.ray_address,
            isolation=self.isolation,
            idle_seconds=self.idle_seconds,
            warm_hosts=self.warm_hosts if serving else 0,
            unresponsive_seconds=self.unresponsive_seconds,
            give_up_seconds=self.give_up_seconds,
            endpoints=self.endpoints or (FOR_OTHERS if serving else ENDPOINTS),
        )


def load(given: Mapping[str, Any] | None = None, *, config: Path | None = None) -> SettingsTable:
    """The settings in force. `given` are those of the command line; the file is `config`, or
    `STILLFIXED_CONFIG`, or `stillfixed.toml` in the data folder if there is one. Raises
    `SettingsError`."""
    chosen = dict(given or {})
    file, values = _file(chosen, config)

    class Loaded(SettingsTable):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    try:
        return Loaded(**chosen)
    except ValidationError as error:
        faults = [
            (".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()
        ]
        told = "; ".join(
            f"{name} ({_origin(name.partition('.')[0], chosen, file)}): {message}"
            for name, message in faults
        )
    except SourceError:
        told = _not_json()
    raise SettingsError(f"Settings that cannot be used: {told}. docs/operating.md lists them all.")


def pairs(texts: list[str]) -> dict[str, Any]:
    """Settings typed as NAME=VALUE, each value as in TOML, or text. Raises `SettingsError`."""
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or name not in SettingsTable.model_fields:
            raise SettingsError(f"{text} is no setting. Write NAME=VALUE, as in idle_seconds=60.")
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found


def _file(given: Mapping[str, Any], config: Path | None) -> tuple[Path | None, dict[str, Any]]:
    file = config or (Path(os.environ[CONFIG]) if os.environ.get(CONFIG) else None)
    if file is None:
        data = given.get("data") or os.environ.get(f"{PREFIX}DATA") or None
        file = Settings(data=Path(data) if data else None).folder / FILE_NAME
        if not file.exists():
            return None, {}
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from None
    if "data" in values:
        raise SettingsError(
            f"The data folder cannot be set in a file ({file}): every command must find it. Use "
            f"--data or {PREFIX}DATA."
        )
    return file, values


def _origin(name: str, given: Mapping[str, Any], file: Path | None) -> str:
    if name in given:
        return "on the command line"
    variable = f"{PREFIX}{name.upper()}"
    return variable if variable in os.environ else f"in {file}"


def _not_json() -> str:
    """pydantic-settings does not say which variable it could not read."""
    names = [name.upper() for name in ("retention",) if f"{PREFIX}{name.upper()}" in os.environ]
    return ", ".join(f"{PREFIX}{name}: not JSON" for name in names)
