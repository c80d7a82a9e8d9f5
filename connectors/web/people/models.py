"""What the API takes and gives about people. Times are ISO 8601 in UTC."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from stillfixed.connectors.web.identity import EVERY, Grant, Person, Role
from stillfixed.connectors.web.people.credentials import LABEL_LIMIT_CHARS
from stillfixed.connectors.web.people.naming import LIMIT_CHARS
from stillfixed.connectors.web.people.passwords import MOST_CHARS
from stillfixed.connectors.web.people.records import Account, Change, Given, Source, Token, Via

Name = Annotated[str, Field(min_length=1, max_length=LIMIT_CHARS)]
Names = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantModel(_Model):
    """A role for some clients and some teams; "*" means every one."""

    role: Role
    clients: Names
    teams: Names = (EVERY,)

    def grant(self) -> Grant:
        return Grant(role=self.role, clients=self.clients, teams=self.teams)

    @classmethod
    def of(cls, grant: Grant) -> "GrantModel":
        return cls(role=grant.role, clients=grant.clients, teams=grant.teams)


class GivenModel(GrantModel):
    id: int
    source: Source
    at: datetime
    by: str

    @classmethod
    def of_given(cls, given: Given) -> "GivenModel":
        grant = GrantModel.of(given.grant).model_dump()
        return cls(**grant, id=given.id, source=given.source, at=given.at, by=given.by)


class MeModel(_Model):
    """Who the request comes from, and what its token or cookie allows."""

    name: str
    grants: list[GrantModel]

    @classmethod
    def of(cls, person: Person) -> "MeModel":
        return cls(name=person.name, grants=[GrantModel.of(one) for one in person.grants])


class PersonModel(_Model):
    name: str
    grants: list[GivenModel]
    has_password: bool
    signs_in_elsewhere: bool
    added_at: datetime

    @classmethod
    def of(cls, account: Account) -> "PersonModel":
        return cls(
            name=account.name,
            grants=[GivenModel.of_given(one) for one in account.given],
            has_password=account.has_password,
            signs_in_elsewhere=account.signs_in_elsewhere,
            added_at=account.added_at,
        )


class PeopleModel(_Model):
    people: list[PersonModel]


class NewPerson(_Model):
    """`password` null: none, for who signs in elsewhere. `returning`: the same person who was
    removed before."""

    name: Name
    grants: list[GrantModel] = []
    password: Annotated[SecretStr, Field(max_length=MOST_CHARS)] | None = None
    returning: bool = False


class NewPassword(_Model):
    """Null: one is made up and given back, this once."""

    password: Annotated[SecretStr, Field(max_length=MOST_CHARS)] | None = None


class MadeUpPassword(_Model):
    password: str | None


class TokenModel(_Model):
    """`grants` null: all that its owner has at the time."""

    id: str
    owner: str
    label: str
    grants: list[GrantModel] | None
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> "TokenModel":
        return cls(**_token_fields(token))


class TokensModel(_Model):
    tokens: list[TokenModel]


class NewToken(_Model):
    """`grants` null: all that the owner has at the time; it never has more than that."""

    label: Annotated[str, Field(min_length=1, max_length=LABEL_LIMIT_CHARS)]
    expires_in_seconds: Annotated[int, Field(gt=0, le=10**10)] = 90 * 86400
    grants: Annotated[list[GrantModel], Field(min_length=1)] | None = None


class MadeToken(TokenModel):
    """`secret` is shown this once."""

    secret: str

    @classmethod
    def of_made(cls, secret: str, token: Token) -> "MadeToken":
        return cls(secret=secret, **_token_fields(token))


class ChangeModel(_Model):
    number: int
    at: datetime
    by: str
    via: Via
    person: str
    what: str
    detail: str

    @classmethod
    def of(cls, change: Change) -> "ChangeModel":
        return cls(**{name: getattr(change, name) for name in Change.__struct_fields__})


class ChangesModel(_Model):
    """The newest first; `before` gives the next page, null at the end."""

    changes: list[ChangeModel]
    before: int | None


def _token_fields(token: Token) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(token, name) for name in Token.__struct_fields__}
    if token.grants is not None:
        fields["grants"] = [GrantModel.of(one) for one in token.grants]
    return fields
