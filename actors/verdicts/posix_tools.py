"""POSIX tools whose words say more than a list of options can: curl, wget, tar, date and the like.

Guarantee: what these rules do not understand is never a reader.
"""

import re
from collections.abc import Callable, Sequence

from stillfixed.actors.verdicts.feeds import Fed, lines_effect
from stillfixed.actors.verdicts.knowledge import grammar, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import glob, split, worst
from stillfixed.actors.verdicts.snippets import awk_effect, sed_effect
from stillfixed.actors.verdicts.sql import CLIENTS, client_effect

HARMLESS_TARGET = re.compile(
    r"^(/dev/(null|stdout|stderr|tty|fd/\d+|tcp/.*|udp/.*)|/proc/self/fd/\d+|&?\d+|&?-)$"
)
_ACTS_FIRST: tuple[Effect, ...] = ("changes", "reads")
_SAFE_METHODS = ("", "GET", "HEAD", "OPTIONS", "TRACE")
_ACTING_METHODS = ("POST", "PUT", "PATCH", "DELETE", "PURGE", "MKCOL", "MOVE", "COPY")
_WGET_ACTS = {"post-data", "post-file", "body-data", "body-file", "input-file", "b", "i"}


def quiet(target: str) -> bool:
    """Whether an output option's target is no file."""
    return target.lower() in ("/dev/null", "-", "nul", "/dev/stdout", "/dev/stderr", "$null", "%")


def method_effect(method: str) -> Effect:
    """What an HTTP method does."""
    if method.upper() in _SAFE_METHODS:
        return "reads"
    return "changes" if method.upper() in _ACTING_METHODS else "unknown"


def _curl(args: Sequence[str], fed: Fed | None) -> Effect:
    options, _, _ = split(args, grammar("curl"))
    letters = {name for name, _ in options}
    if letters & {"G", "get"}:
        letters -= {"d", "data-urlencode", "data-raw", "data", "data-ascii", "data-binary"}
    written = [value or "" for name, value in options if name in words("posix", "curl", "writes")]
    if letters & words("posix", "curl", "acts") or not all(map(quiet, written)):
        return "changes"
    return method_effect(next((v or "" for n, v in options if n in ("X", "request")), ""))


def _wget(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("wget"))
    names = {name for name, _ in options}
    files = [value for name, value in options if name in ("o", "a", "save-cookies", "output-file")]
    if names & _WGET_ACTS or not all(quiet(value or "") for value in files):
        return "changes"
    method = method_effect(next((v or "" for n, v in options if n == "method"), ""))
    if "spider" in names or any(n == "O" and quiet(v or "") for n, v in options):
        return method
    return "changes" if operands else method


def _httpie(args: Sequence[str], fed: Fed | None) -> Effect:
    """`http [METHOD] URL [ITEM…]`: data items make it a POST."""
    operands = [arg for arg in args if not arg.startswith("-")]
    acting = {"-d", "--download", "-o", "--output", "--session", "-f", "--form", "--multipart"}
    if acting & set(args):
        return "changes"
    if operands and operands[0].isupper():
        return method_effect(operands[0])
    items = operands[1:]
    data = any(re.match(r"^[\w.-]+(:=|=(?!=)|@)", item) for item in items)
    return "changes" if data or (fed and "--ignore-stdin" not in args and fed.text) else "reads"


def _sed(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("sed"))
    if any(name in ("i", "in-place", "I") for name, _ in options):
        return "changes"
    if any(name in ("f", "file") for name, _ in options):
        return "unknown"
    scripts = [value or "" for name, value in options if name == "e"] or operands[:1]
    return worst("reads", *map(sed_effect, scripts))


def _awk(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("awk"))
    names = {name for name, _ in options}
    if names & {"f", "file", "i", "include", "l", "load", "E", "exec"}:
        return "unknown"
    if names & {"p", "o", "d", "profile", "dump-variables", "pretty-print"}:
        return "changes"
    programs = [value or "" for name, value in options if name in ("e", "source")]
    return worst("reads", *(awk_effect(one, 1) for one in programs or operands[:1]))


def _sql(name: str) -> Callable[[Sequence[str], Fed | None], Effect]:
    return lambda args, fed: client_effect(name, args, fed)


def _date(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("date"))
    names = [name for name, _ in options]
    if "s" in names:
        return "changes"
    # BSD: -j never sets; -v and -r only print
    shows = {"j", "v", "r", "d", "f"} & set(names)
    return "reads" if shows or all(op.startswith("+") for op in operands) else "changes"


def _tee(args: Sequence[str], fed: Fed | None) -> Effect:
    files = [arg for arg in args if not arg.startswith("-")]
    harmless = all(HARMLESS_TARGET.match(file) or file.startswith(">(") for file in files)
    return "reads" if harmless else "changes"


def _sysctl(args: Sequence[str], fed: Fed | None) -> Effect:
    acting = any(re.match(r"^(-[a-zA-Z]*[wpf]|--(system|load|write)\b)", arg) for arg in args)
    return "changes" if acting or any("=" in arg for arg in args) else "reads"


def _dd(args: Sequence[str], fed: Fed | None) -> Effect:
    targets = [arg[3:] for arg in args if arg.startswith("of=")]
    return "reads" if all(map(quiet, targets)) else "changes"


def _kill(args: Sequence[str], fed: Fed | None) -> Effect:
    asks = args[:1] in (["-0"], ["-l"], ["-L"], ["--list"]) or args[:2] in (
        ["-s", "0"],
        ["-n", "0"],
    )
    return "reads" if asks else "changes"


def _asterisk(args: Sequence[str], fed: Fed | None) -> Effect:
    lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if re.match(r"^-[rRv]*x$", arg)]
    if not lines:
        return "reads" if args in (["-V"], ["-h"]) else "unknown"
    return worst(*(lines_effect("device", Fed(line)) for line in lines))


def _vtysh(args: Sequence[str], fed: Fed | None) -> Effect:
    """`vtysh -c '…'`, `clish -c "…"`: the words of a network CLI."""
    from stillfixed.actors.verdicts import effects_network

    lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg in ("-c", "--command")]
    if {"-f", "-b", "-w", "--boot", "--inputfile", "-m"} & set(args):
        return "unknown" if {"-f", "--inputfile"} & set(args) else "changes"
    return worst(*map(effects_network.effect, lines)) if lines else "unknown"


def _tar(args: Sequence[str], fed: Fed | None) -> Effect:
    mode = args[0] if args and not args[0].startswith("-") else ""
    letters = set(mode) | {c for a in args if re.match(r"^-[A-Za-z]+", a) for c in a[1:]}
    words = {arg.partition("=")[0] for arg in args if arg.startswith("--")}
    if words & {"--extract", "--get", "--create", "--append", "--update", "--delete", "--catenate",
                "--checkpoint-action", "--to-command", "--index-file"}:  # fmt: skip
        shown = "--to-stdout" in words or "O" in letters
        return "reads" if shown and words & {"--extract", "--get"} else "changes"
    if words & {"--list", "--diff", "--compare", "--test-label", "--help", "--version"}:
        return "reads"
    verbs = letters & set("tdxcruA")
    if verbs <= {"t", "d"} and verbs:
        return "reads"
    if "x" in verbs and ("O" in letters or "--to-stdout" in words):
        return "reads"
    to_nothing = re.search(r"(^| )-?-?\w*f[ =]?(/dev/null|-)( |$)", " ".join(args))
    return "reads" if verbs == {"c"} and to_nothing else "changes"


def _ifconfig(args: Sequence[str], fed: Fed | None) -> Effect:
    return "reads" if len([arg for arg in args if not arg.startswith("-")]) <= 1 else "changes"


def _nc(args: Sequence[str], fed: Fed | None) -> Effect:
    """A connection opened to see whether it opens; what is typed into it may act."""
    options, _operands, _ = split(args, grammar("nc"))
    names = {name for name, _ in options}
    if names & {"l", "e", "c", "listen", "exec", "sh-exec", "o", "output", "x-output"}:
        return "unknown" if names & {"e", "c", "exec", "sh-exec"} else "changes"
    return "reads" if fed is None or fed.text == "" else lines_effect("protocol", fed)


def _socat(args: Sequence[str], fed: Fed | None) -> Effect:
    ends = [arg for arg in args if ":" in arg or arg in ("-", "stdio", "STDIO")]
    if any(re.match(r"(?i)^(exec|system|shell)", end) for end in ends):
        return "unknown"
    acts = r"(?i)^(create|open|tcp\d?-l|udp\d?-l|[\w-]*(listen|recv)|pty|tun)"
    if any(re.match(acts, end) for end in ends):
        return "changes"
    return "reads" if fed is None or fed.text == "" else lines_effect("protocol", fed)


def _redis(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("redis-cli"))
    names = {name for name, _ in options}
    if names & {"rdb", "pipe", "eval", "cluster"}:
        return "unknown" if "eval" in names else "changes"
    if operands:
        return lines_effect("redis", Fed(" ".join(operands)))
    if names & {"scan", "bigkeys", "memkeys", "hotkeys", "stat", "latency", "latency-history",
                "latency-dist", "version", "intrinsic-latency", "v"}:  # fmt: skip
        return "reads"
    return lines_effect("redis", fed) if fed else "unknown"


def _mongo(args: Sequence[str], fed: Fed | None) -> Effect:
    options, operands, _ = split(args, grammar("mongosh"))
    lines = [value or "" for name, value in options if name == "eval"]
    if any(name == "file" for name, _ in options) or any(op.endswith(".js") for op in operands):
        return "unknown"
    if lines:
        return lines_effect("mongo", Fed(";".join(lines)))
    return lines_effect("mongo", fed) if fed else "unknown"


def _typed(kind: str, option: str) -> Callable[[Sequence[str], Fed | None], Effect]:
    """A tool that takes its own commands as the value of an option, or types them in."""

    def found(args: Sequence[str], fed: Fed | None) -> Effect:
        if "-b" in args or "-f" in args:
            return "unknown"  # a file of commands
        lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg == option]
        if lines:
            return lines_effect(kind, Fed(";".join(lines)))
        if "-L" in args:
            return "reads"
        return lines_effect(kind, fed) if fed else "unknown"

    return found


def _ntp(args: Sequence[str], fed: Fed | None) -> Effect:
    """`ntpq -c rv` asks, `ntpq -c ':config …'` sets."""
    lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg == "-c"]
    return lines_effect("ntp", Fed(";".join(lines))) if lines else "reads"


def _openssl(args: Sequence[str], fed: Fed | None) -> Effect:
    written = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg in ("-out", "-keyout")]
    if words("posix", "openssl", "writes") & set(args) and not (
        written and all(map(quiet, written))
    ):
        return "changes"
    verb = args[0] if args else ""
    if verb == "req" and {"-newkey", "-new"} & set(args):
        return "changes"  # it writes privkey.pem where no other file is named
    if verb == "s_client":
        return "reads" if fed is None or not fed.text else lines_effect("protocol", fed)
    for kind in _ACTS_FIRST:
        if verb in words("posix", "openssl", kind):
            return kind
    return "unknown"


def _cloud(args: Sequence[str], fed: Fed | None) -> Effect:
    """aws, az, gcloud and the like: services, then a verb."""
    verbs = [
        arg
        for index, arg in enumerate(args)
        if not arg.startswith("-") and (not index or not args[index - 1].startswith("--"))
    ]
    if {"--dryrun", "--dry-run", "--what-if", "--validate-only", "--version", "--help"} & set(args):
        return "reads"
    if verbs in ([], ["configure"]):
        return "changes" if verbs else "unknown"
    for index, verb in enumerate(verbs[:6]):
        alone = verb in words("posix", "cloud", "first")
        bucket = verb in words("posix", "cloud", "files") and len(verbs) > 1
        if index == 0 and not alone and not bucket:
            continue  # the first word names a service
        for kind in _ACTS_FIRST:
            if any(glob(pattern, verb) for pattern in words("posix", "cloud", kind)):
                return kind
    return "unknown"


SPECIAL: dict[str, Callable[[Sequence[str], Fed | None], Effect]] = {
    "curl": _curl,
    "wget": _wget,
    "http": _httpie,
    "https": _httpie,
    "sed": _sed,
    "gsed": _sed,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    "date": _date,
    "gdate": _date,
    "tee": _tee,
    "sysctl": _sysctl,
    "dd": _dd,
    "openssl": _openssl,
    "kill": _kill,
    "asterisk": _asterisk,
    "vtysh": _vtysh,
    "clish": _vtysh,
    "tar": _tar,
    "bsdtar": _tar,
    "gtar": _tar,
    "ifconfig": _ifconfig,
    **dict.fromkeys(("nc", "ncat", "netcat", "telnet"), _nc),
    "socat": _socat,
    "redis-cli": _redis,
    "mongosh": _mongo,
    "smbclient": _typed("transfer", "-c"),
    "lftp": _typed("transfer", "-e"),
    "sftp": _typed("transfer", "-"),
    "ftp": _typed("transfer", "-"),
    "rpcclient": _typed("rpc", "-c"),
    "ntpq": _ntp,
    "ntpdc": _ntp,
    "kadmin": _typed("kadmin", "-q"),
    "kadmin.local": _typed("kadmin", "-q"),
    "fs_cli": _typed("device", "-x"),
    "xfs_quota": _typed("xfs", "-c"),
    "PlistBuddy": _typed("plist", "-c"),
    **dict.fromkeys(
        ("aws", "az", "gcloud", "gsutil", "oci", "doctl", "linode-cli", "hcloud"), _cloud
    ),
    **{name: _sql(name) for name in CLIENTS},
}
