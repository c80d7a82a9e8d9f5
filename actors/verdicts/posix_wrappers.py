"""Commands that run another command: sudo, timeout, ssh, docker exec and the like.

Guarantee: a wrapper never makes a reader of what it runs.
"""

import itertools
import re
from collections.abc import Callable, Sequence

from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import grammar, listed, table
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, has, split, worst
from stillfixed.actors.verdicts.shell import Word


def _line(text: str, depth: int) -> Effect:
    from stillfixed.actors.verdicts import effects_posix

    return effects_posix.effect(text, depth + 1)


def _run(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect:
    from stillfixed.actors.verdicts import effects_posix

    return effects_posix.command(args, depth + 1, fed) if depth < 12 else "unknown"


def wrapped(name: str, args: Sequence[Word], depth: int, fed: Fed | None) -> Effect:
    """The effect of a wrapper of posix.toml with what it runs."""
    spec = table("posix")["wrapper"][name]
    style = grammar(name, wrapper=True)
    texts = [arg.text for arg in args]
    head = options_end(texts, style.takes, spec)
    own = texts[:head]
    if has(listed(spec.get("acts")), own, style):
        return "changes"
    if has(listed(spec.get("hides")), own, style):
        return "unknown"
    if has(listed(spec.get("shows")), own, style):
        return "reads"
    if spec.get("process") and has([spec["process"]], own, style):
        # a running process: its number alone asks, a value before it sets
        sets = len(args) - head > 1 or has(listed(spec.get("sets")), own, style)
        return "changes" if sets else "reads"
    if option := spec.get("command_option"):
        commands = [v for n, v in split(texts, style)[0] if n in option.split() and v is not None]
        if commands:
            return worst(*(_line(line, depth) for line in commands))
    rest = list(args[head + int(spec.get("skip", 0)) :])
    least: Effect = "changes" if spec.get("bare") == "changes" else "reads"
    if not rest:
        if spec.get("line") and fed and fed.text:
            return worst(least, _line(fed.text, depth))
        return as_effect(spec.get("bare", "reads"))
    if spec.get("line"):
        if spec.get("skip"):  # options may stand behind the host too
            rest = rest[options_end([word.text for word in rest], style.takes, spec) :]
        if not rest:
            return as_effect(spec.get("bare", "reads"))
        if any(word.dynamic and word.raw.lstrip('"').startswith("$") for word in rest[:1]):
            return "unknown"
        return worst(least, _remote(rest, depth, fed))
    if name == "flock" and rest[0].text == "-c" and len(rest) > 1:
        return _line(rest[1].text, depth)
    return worst(least, _run(rest, depth, fed))


def _remote(rest: Sequence[Word], depth: int, fed: Fed | None) -> Effect:
    """Words that are joined and read again by a shell elsewhere; a bare shell there reads input."""
    joined = " ".join(word.text for word in rest)
    if re.match(r"^(sudo\s+)?(ba|da|z|k)?sh(\s+-[a-z]+)*(\s+-)?$", joined) and "c" not in joined:
        return _line(fed.text, depth) if fed and fed.text is not None else "unknown"
    found = _line(joined, depth)
    if found == "unknown" and re.match(r"(show|display|get|ping)\s", joined) and depth < 6:
        from stillfixed.actors.verdicts import effects_network

        return effects_network.effect(joined, depth + 1)  # a switch or a router
    return found


def options_end(texts: Sequence[str], takes: dict[str, str], spec: dict[str, object]) -> int:
    """Where a wrapper's own options end."""
    index = 0
    while index < len(texts):
        text = texts[index]
        if text == "--":
            return index + 1
        if spec.get("skip_assignments") and re.match(r"^[A-Za-z_]\w*=", text):
            index += 1
        elif text.startswith("--"):
            index += 2 if takes.get(text[2:]) == "value" else 1
        elif text.startswith("-") and len(text) > 1:
            value = next((i for i, c in enumerate(text[1:]) if takes.get(c) == "value"), None)
            index += 2 if value is not None and value == len(text) - 2 else 1
        else:
            return index
    return index


_EXEC_VALUES = (
    "-e", "-u", "-w", "--user", "--env", "-n", "-c", "--namespace", "--container", "--workdir",
    "--env-file", "--index", "--cwd", "--context",
)  # fmt: skip


def _container(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect | None:
    """`docker exec [options] NAME command …`, `kubectl exec NAME -- command …`."""
    texts = [arg.text for arg in args]
    if "exec" not in texts[:8]:
        return None
    rest = args[texts.index("exec") + 1 :]
    texts = [arg.text for arg in rest]
    if "--" in texts:
        return _run(rest[texts.index("--") + 1 :], depth, fed)
    index = 0
    while index < len(texts) and texts[index].startswith("-"):
        index += 2 if texts[index] in _EXEC_VALUES else 1
    inner = rest[index + 1 :]
    return _run(inner, depth, fed) if inner else "unknown"


def _ip(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect | None:
    """`ip netns exec NAME command …` and `ip vrf exec NAME command …`."""
    texts = [arg.text for arg in args]
    if "exec" not in texts[:5] or not {"netns", "vrf"} & set(texts[:4]):
        return None
    everywhere = "-all" in texts or "-a" in texts[:1]
    return _run(args[texts.index("exec") + (1 if everywhere else 2) :], depth, fed)


def _remote_option(option: str) -> Callable[[Sequence[Word], int, Fed | None], Effect | None]:
    """Tools that take the remote command line as the value of an option."""

    def inside(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect | None:
        for index, arg in enumerate(args):
            if arg.text == option and index + 1 < len(args):
                return _line(args[index + 1].text, depth)
            if arg.text.startswith(option + "=") and option.startswith("--"):
                return _line(arg.text.partition("=")[2], depth)
        return None

    return inside


def _ansible(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect | None:
    """`ansible HOSTS -m MODULE -a ARGUMENTS`: facts and ping observe, command and shell run."""
    texts = [arg.text for arg in args]
    given = dict(itertools.pairwise(texts))
    module = given.get("-m", given.get("--module-name", "command"))
    if {"--list-hosts", "--version", "--check", "-C"} & set(texts):
        return "reads"
    if module in ("ping", "setup", "win_ping", "debug", "stat", "service_facts", "package_facts"):
        return "reads"
    if module in ("command", "shell", "raw", "win_shell", "win_command"):
        line = given.get("-a", given.get("--args"))
        return _line(line, depth) if line else "unknown"
    return "unknown" if module in ("script", "assert") else "changes"


def _salt(args: Sequence[Word], depth: int, fed: Fed | None) -> Effect | None:
    """`salt TARGET cmd.run LINE` and Salt's own functions."""
    texts = [arg.text for arg in args]
    for index, text in enumerate(texts):
        if text in ("cmd.run", "cmd.run_all", "cmd.run_stdout") and index + 1 < len(texts):
            return _line(texts[index + 1], depth)
        if re.match(
            r"^(test\.(ping|version)|grains\.(items?|get|ls)|status\.\w+|disk\.\w+)$", text
        ):
            return "reads"
        if re.match(r"^\w+\.(status|list\w*|info|get\w*|available|enabled|version|is_\w+)$", text):
            return "reads"
    return "reads" if "test=True" in texts else "changes"


INSIDE: dict[str, Callable[[Sequence[Word], int, Fed | None], Effect | None]] = {
    "ip": _ip,
    "ansible": _ansible,
    "salt": _salt,
    "vagrant": _remote_option("-c"),
    "gcloud": _remote_option("--command"),
    **dict.fromkeys(
        (
            "docker", "podman", "nerdctl", "kubectl", "oc", "k3s", "lxc", "pct", "crictl", "incus",
            "multipass", "docker-compose", "podman-compose", "microk8s", "minikube",
        ),
        _container,
    ),
}  # fmt: skip
