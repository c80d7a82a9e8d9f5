"""A real OpenID Connect provider on loopback: Canaille, with everything in its memory.

A process with an environment of its own, since Canaille brings a package named `tests`. Arguments:
the redirect address and the secret of clients. It writes its issuer as the first line, then does
what each line of its standard input says, in JSON, and answers each with a line.
"""

import datetime
import json
import sys
import threading

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


def app_at(port: int):
    key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
    return create_app(
        {
            "SECRET_KEY": "of this test only",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE_DATABASE": "memory",
            "CANAILLE": {
                "ENABLE_INTRUDER_LOCKOUT": False,
                "LOGGING": {"version": 1, "root": {"level": "CRITICAL"}},
            },
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        }
    )


def add_client(client_id: str, is_named: bool) -> None:
    """`is_named`: whether the ID tokens that it gets say that they are for it. Of two codes that a
    client has open at a time Canaille's memory may take the wrong one."""
    redirect_uri, client_secret = sys.argv[1:]
    client = models.Client(
        client_id=client_id,
        client_secret=client_secret,
        client_name="stillfixed",
        client_uri="http://127.0.0.1",
        client_id_issued_at=datetime.datetime.now(datetime.UTC),
        redirect_uris=[redirect_uri],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
    )
    Backend.instance.save(client)
    if is_named:
        client.audience = [client]
        Backend.instance.save(client)


def add(name: str, password: str, groups: list[str], called: str) -> None:
    """`called` is what the claim `preferred_username` says."""
    user = models.User(
        user_name=name,
        formatted_name=name,
        family_name=name,
        display_name=called,
        password=password,
        emails=[f"{name}@example.com"],
    )
    Backend.instance.save(user)
    for group in groups:
        Backend.instance.save(models.Group(display_name=group, members=[user]))


def remove_group(group: str) -> None:
    Backend.instance.delete(Backend.instance.get(models.Group, display_name=group))


_DO = {"add": add, "add_client": add_client, "remove_group": remove_group}


def main() -> None:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=Quiet)
    server.app = app_at(server.server_port)
    with server.app.app_context():
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            _DO[asked.pop("do")](**asked)
            print("done", flush=True)


main()
