"""What is a secret and what is not: commands, texts, output, requests."""

from datetime import UTC, datetime

import pytest

from stillfixed.actors.secrets import Masks, StreamMasker, mask_command, mask_text, unnumbered
from stillfixed.actors.secrets.rules import rules, toml
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.checks import check_of
from stillfixed.actors.session.decide import decide
from stillfixed.actors.session.masking import mask_request, recorded, said
from stillfixed.actors.session.state import State, fold
from stillfixed.actors.verdicts import align, effect_of, judge
from stillfixed.actors.verdicts.model import Run

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)

# «…» marks what must be masked, and nothing else may be.
COMMANDS = r"""
mysql -uroot -p«Hunter2xx» shop -e 'show status'
mysql --password=«Hunter2xx» -e 'show status'
mysql -u root -p shop
mysql -p$PW shop
mysql -p"$(cat f)" shop
mysql -e "ALTER USER 'x'@'%' IDENTIFIED BY '«N3w1»'"
psql postgres://u:«Sup3r»@db/x -c 'select 1'
PGPASSWORD=«Sup3r» psql -h db
curl -u bob:«Sup3rSecret» https://x/
curl -u bob https://x/
curl -H 'Authorization: Bearer «abc.def.ghi1234567»' https://x
net use Z: \\srv\share «P@ssw0rd1» /user:dom\bob
net use \\srv\share «P@ssw0rd1» /user:dom\bob
net use \\srv\share /user:dom\bob «P@ssw0rd1»
net use Z: /delete
net user bob «N3wP@ss» /add
net user bob /active:yes
net user bob *
C:\Windows\System32\net.exe user bob «N3wP@ss»
cmdkey /add:srv /user:bob /pass:«Secr3t»
psexec \\srv -u dom\bob -p «Secr3t» cmd
sqlcmd -S srv -U sa -P «Secr3t» -Q "select 1"
sshpass -p «Hunter2» ssh h uptime
sshpass -p'«two words»' ssh h uptime
ConvertTo-SecureString '«Zebra!99»' -AsPlainText -Force
Set-ADAccountPassword bob -NewPassword (ConvertTo-SecureString -AsPlainText "«N3w!x»" -Force)
New-Thing -Password «x1» -Name y
Get-ADUser bob -Properties PasswordLastSet
smbclient -L srv -U bob%«Secr3t»
snmpwalk -v2c -c «s3cr3tro» 10.0.0.1 sysDescr
snmpget -v3 -u bob -a SHA -A «authpass1» -x AES -X «privpass1» 10.0.0.1 sysDescr.0
ldapsearch -x -D cn=admin -w «Secret1» -b dc=x
openssl rsa -in k.pem -passin pass:«Secr3t» -out x
docker login -u bob -p «Tok3n» reg.example.com
docker run -p 80:80 nginx
az login --service-principal -u id -p «Secr3t» --tenant t
aws configure set aws_secret_access_key «abcdEFGH1234»
kubectl --token=«abc» get pods
redis-cli -a «Secr3t» ping
echo «Secr3t» | sudo -S systemctl restart nginx
echo «N3wPass» | passwd --stdin bob
echo 'bob:«N3wPass»' | chpasswd
echo hello | sudo tee /etc/motd
bash -c "mysql -p«Hunter2xx» -e 'show'"
ssh host 'echo «Secr3t» | sudo -S id'
nmcli dev wifi connect HomeNet password «S3cretWifi»
wpa_passphrase Home «S3cretWifi»
username bob privilege 15 secret «Zebra99»
enable secret «Zebra99»
snmp-server community «S3cr3t» RO
show running-config | include snmp-server community
grep -i password /var/log/auth.log
chage -l bob; passwd -S bob
cat /etc/passwd
pwd; echo $PWD
git clone https://bob:«tok1»@git.example.com/x.git
""".strip().splitlines()

OUTPUT = r"""
password: «hunter»
DB_PASSWORD=«hunter22»
{"db_password": "«x y z»", "a": 1}
export GITHUB_TOKEN=«ghp_0123456789abcdefghijABCDEFGHIJ012345»
key «AKIAIOSFODNN7EXAMPLE» of bob
Server=db;User ID=sa;Password=«Zebra!99»;Encrypt=true
DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy==»
root:«$6$saltsalt$0123456789abcdef./ABCDEF»:19000:0:99999:7:::
Authorization: Basic «Ym9iOmh1bnRlcg==»
Set-Cookie: «sid=abcdef0123456789; Path=/»
 key-string 7 «0822455D0A16»
username admin privilege 15 secret 9 «$9$abcdefghijk»
 neighbor 10.0.0.1 password 7 «0822455D0A16»
 password 7 «0822455D0A16»
    Key Content            : «S3cretWifi»
<password>«Zebra!99»</password>
token «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl» ok
PWD=/root
passwd: files systemd
[sudo] password for bob:
Sorry, try again. sudo: 3 incorrect password attempts
Password: incorrect
PasswordLastSet      : 11/24/2026 9:00:00 AM
PasswordNeverExpires : False
password=********
password: ${DB_PASSWORD}
Permission denied (publickey,password).
mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089
PasswordAuthentication no
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 bob@host
tcp 0 0 10.0.0.5:22 10.0.0.9:51514 ESTABLISHED
https://example.com:8443/path@2x.png
""".strip().splitlines()

KEY = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDflWxUzB77NExNM69qHaNw6ekcL8fZ4yG2x2dyKD+Q9gAAAJA5GveLORr3
-----END OPENSSH PRIVATE KEY-----
done
"""


def expected(marked: str) -> tuple[str, list[str]]:
    """The text without its marks, and what stands between them."""
    secrets = [part.partition("»")[0] for part in marked.split("«")[1:]]
    return marked.replace("«", "").replace("»", ""), secrets


def shape(marked: str, masked: str) -> bool:
    """Whether what is around the marks came back as it was, with a mask for each."""
    around = [part.rpartition("»")[2] for part in marked.split("«")]
    rest = masked
    for number, part in enumerate(around):
        if number:
            mask, _, rest = rest.partition("›")
            if not mask.startswith("‹"):
                return False
        if not rest.startswith(part):
            return False
        rest = rest[len(part) :]
    return not rest


def streamed(text: str, masks: Masks | None = None) -> str:
    masker = StreamMasker(masks or Masks())
    return (masker.feed(text.encode()) + masker.finish()).decode()


@pytest.mark.parametrize("marked", COMMANDS)
def test_a_command_keeps_all_but_its_secrets(marked: str) -> None:
    """Each secret has its mask, and nothing else changes."""
    command, secrets = expected(marked)
    masked = mask_command(command, Masks())
    assert shape(marked, masked.text), masked.text
    assert sum(masked.found.values()) == len(secrets)


@pytest.mark.parametrize("marked", COMMANDS)
@pytest.mark.parametrize("platform", ["posix", "powershell", "cmd", "network"])
def test_a_masked_command_does_what_the_real_one_does(marked: str, platform: str) -> None:
    """Whoever judges its effect sees no difference."""
    command, _ = expected(marked)
    masked = mask_command(command, Masks()).text
    assert effect_of(masked, platform) == effect_of(command, platform)  # type: ignore[arg-type]


@pytest.mark.parametrize("marked", OUTPUT)
def test_a_line_of_output_keeps_all_but_its_secrets(marked: str) -> None:
    """Settings, tokens, hashes and headers are masked; what only sounds like them is not."""
    line, _ = expected(marked)
    assert shape(marked, streamed(line)), streamed(line)


def test_a_private_key_is_one_mask_and_the_same_key_the_same() -> None:
    """Its frame stays, so that people see what it was; what follows is seen."""
    out = streamed(KEY + "between\n" + KEY)
    once = (
        "-----BEGIN OPENSSH PRIVATE KEY-----\n‹private-key#1›\n"
        "-----END OPENSSH PRIVATE KEY-----\ndone\n"
    )
    assert out == f"{once}between\n{once}"


def test_a_frame_without_a_key_hides_nothing_else() -> None:
    """grep shows the first line of keys and goes on."""
    text = "/etc/a:-----BEGIN RSA PRIVATE KEY-----\nall of the rest is here\nand here\n"
    assert streamed(text) == text


def test_the_same_secret_has_the_same_mask_wherever_it_is() -> None:
    """So that before and after still compare."""
    masks = Masks()
    command = mask_command("mysql -pHunter2xx -e x", masks).text
    assert command == "mysql -p‹password#1› -e x"
    assert streamed("PASSWORD=Hunter2xx\ntoken=Other123\n", masks) == (
        "PASSWORD=‹password#1›\ntoken=‹token#2›\n"
    )


def test_a_typed_secret_is_masked_in_whatever_comes_back() -> None:
    """The endpoint's list of processes, an error that quotes it."""
    masks = Masks()
    mask_command("sshpass -p Hunter2xx ssh h", masks)
    assert streamed("bob 12 sshpass Hunter2xx\nbash: Hunter2xx: not found\n", masks) == (
        "bob 12 sshpass ‹password#1›\nbash: ‹password#1›: not found\n"
    )
    assert mask_text("Failed at Hunter2xx.", masks).text == "Failed at ‹password#1›."


def test_an_ordinary_word_as_a_password_is_not_hunted_for() -> None:
    """It is masked where it is the password, and nowhere else."""
    masks = Masks()
    mask_command("snmpget -v2c -c public 10.0.0.1 sysDescr.0", masks)
    assert streamed("public key\n", masks) == "public key\n"


def test_ordinary_output_is_not_held_back() -> None:
    """Progress and prompts are seen as they come; the beginning of a secret is not."""
    masker = StreamMasker(Masks())
    assert masker.feed(b"loading ....") == b"loading ...."
    assert masker.feed(b"..\npassword: ") == b"..\npassword: "
    assert masker.feed(b"hun") == b""
    assert masker.feed(b"ter22\nnext gh") == "‹password#1›\nnext ".encode()
    assert masker.feed(b"ost") == b"ghost"
    assert masker.finish() == b""


def test_a_session_that_comes_back_gives_no_number_again() -> None:
    """Another secret must not look like an earlier one."""
    history = [
        e.SessionOpened(at=NOW, by="ana", ticket="T", client="A", masked={"token": 2}),
        e.Annotated(at=NOW, by="ana", annotation="n1", kind="note", text="x", masked={"key": 1}),
    ]
    masks = Masks(fold(State(), history).masks)
    assert mask_text("token=abc123x", masks).text == "token=‹token#4›"


def test_the_same_command_with_another_password_is_the_same_check() -> None:
    """It asks the same question."""
    masks = Masks()
    first = mask_command("mysql -pHunter2xx -e 'show status'", masks).text
    second = mask_command("mysql -pOther345y -e 'show status'", masks).text
    assert first != second
    assert check_of(first, "posix") == check_of(second, "posix")
    assert unnumbered(first) == "mysql -p‹password› -e 'show status'"


def test_another_number_of_a_mask_decides_nothing() -> None:
    """A session that came back counts on: the same file must not look changed."""
    before, after = (f"user = bob\npassword = ‹password#{n}›\nstate = up\n" for n in (1, 7))
    sides = Run(before, "", 0), Run(after, "", 0)
    assert judge("cat app.conf", *sides, platform="posix").verdict == "healthy"
    changed = [line for line in align(before, after) if line.kind != "same"]
    assert all(span.volatile for line in changed for span in line.before_spans)


# -- requests ----------------------------------------------------------------------------------
def opened() -> State:
    return fold(
        State(),
        [
            e.SessionOpened(at=NOW, by="ana", ticket="T", client="A"),
            e.EndpointAdded(
                at=NOW, by="ana", endpoint="here", kind="local", address="", platform="posix"
            ),
        ],
    )


def decided(request: r.SessionRequest) -> tuple[r.SessionAnswer, tuple[e.SessionEvent, ...]]:
    masks = Masks()
    masked = mask_request(request, masks)
    decision = recorded(masked, decide(opened(), masked.request, r.Context(NOW)), masks)
    return decision.answer, decision.events


def test_what_is_recorded_of_a_run_has_the_mask_and_the_fact() -> None:
    """The event tells how many secrets of which kind it does not hold."""
    _, (started,) = decided(r.StartRun(by="ana", command="mysql -pHunter2xx -e 'show status'"))
    assert isinstance(started, e.RunStarted)
    assert started.command == "mysql -p‹password#1› -e 'show status'"
    assert started.masked == {"password": 1}
    assert b"Hunter2xx" not in e.encode(started)


@pytest.mark.parametrize(
    "request_",
    [
        r.StartMonitor(by="ana", command="mysql -pHunter2xx -e 'show status'", first_at=NOW),
        r.AddEndpoint(
            by="ana", endpoint="b", kind="ssh", address="h", platform="posix",
            options={"password": "Hunter2xx"},
        ),
        r.AddEndpoint(
            by="ana", endpoint="b", kind="ssh", address="bob:Hunter2xx@h", platform="posix"
        ),
        r.LoadRunbook(
            by="ana",
            text='title = "x"\n[[check]]\nplatform = "posix"\ncommand = "mysql -pHunter2xx -e x"\n',
        ),
        r.LoadRunbook(by="ana", text="not toml: mysql -pHunter2xx"),
    ],
    ids=lambda request: type(request).__name__,
)  # fmt: skip
def test_what_would_keep_a_secret_for_later_is_refused(request_: r.SessionRequest) -> None:
    """With what to do instead, and without the secret."""
    answer, events = decided(request_)
    assert not events
    assert isinstance(answer, r.Refused)
    assert "Hunter2xx" not in answer.message


def test_a_monitor_is_refused_with_what_to_do_instead() -> None:
    """The endpoint has places for secrets."""
    answer, _ = decided(
        r.StartMonitor(by="ana", command="mysql -pHunter2xx -e 'show status'", first_at=NOW)
    )
    assert isinstance(answer, r.Refused)
    assert answer.message.startswith("The command holds a password, and a monitor's is kept.")
    assert ".my.cnf" in answer.message


def test_the_fact_is_said_in_a_few_words() -> None:
    """As people count."""
    assert said({"password": 1}) == "a password"
    assert said({"token": 2, "private-key": 1, "access-key": 1}) == (
        "2 tokens, a private key and an access key"
    )
    assert said({"hash": 2, "community": 3}) == "2 hashes and 3 communities"


# -- the knowledge -----------------------------------------------------------------------------
def test_every_rule_has_what_a_stream_needs() -> None:
    """What it begins with or what stands before it, so that output need not be held back."""
    for name in ("text", "tokens", "network"):
        for entry in toml(name)["rule"]:
            assert bool(entry.get("starts")) != bool(entry.get("before")), entry
            assert "\\s*" not in entry.get("before", ""), entry
    assert rules().trigger
