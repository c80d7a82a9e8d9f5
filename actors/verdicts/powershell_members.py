"""Members of objects and .NET types: which methods and assignments act. Pure.

Guarantee: a method that nobody described never reads.
"""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob
from stillfixed.actors.verdicts.powershell import Scope, Token, flat

_IN_MEMORY = re.compile(
    r"^(@\{|@\(|\[(pscustomobject|ordered|hashtable|array|string|int|datetime|xml|list|version|regex"
    r"|collections|system\.collections|timespan|text|system\.text|psobject|bool|guid)|new-object"
    r"(?!\s+(-com|-strict|io\.|system\.io|wia|word|excel))|'|\"|\$null|\d|convertfrom-|import-csv)",
    re.I,
)
_WEB_OBJECT = re.compile(r"webrequest|webclient|httpclient|httprequestmessage", re.I)


def origin(before: Sequence[Token], scope: Scope) -> str:
    """What a member call stands on, as text: its type, or what its variable was made from."""
    text = flat(before)
    for name in re.findall(r"\$\w+", text):
        text += " " + scope.origins.get(name.lower(), "")
    return text.lower()


def assigned(target: Sequence[Token], value: Sequence[Token], scope: Scope) -> Effect:
    """What assigning to a variable, a member or an element does."""
    head = target[0]
    if head.kind == "group":
        return "changes"  # (Get-Item x).IsReadOnly = $false acts at once
    if head.kind == "word":
        return (
            "reads" if head.text.startswith("[") else "changes"
        )  # a static setting of the session
    named = [t.text[1:].lower() for t in target[1:] if t.glued and t.text.startswith(".")]
    if not named:
        return "reads"
    last = named[-1].rpartition(".")[2]
    if last in words("powershell", "members", "acting_properties"):
        return "changes"
    made_of = scope.origins.get(head.text.lower(), "")
    if _WEB_OBJECT.search(made_of) or last == "method":
        method = flat(value).strip("'\"").lower()
        if last != "method":
            return "reads"
        return "reads" if method in ("get", "head", "options") else "changes"
    if head.text.lower() in ("$host", "$psdefaultparametervalues", "$psstyle", "$executioncontext"):
        return "reads"
    return "reads" if _IN_MEMORY.match(made_of.strip()) else "unknown"


def _closest(rule: dict[str, str], name: str) -> Effect | None:
    """What the longest pattern that fits says; of two the one that acts."""
    fits = [
        (len(pattern), kind != "reads", kind)
        for kind in ("reads", "unknown", "changes")
        for pattern in rule.get(kind, "").split()
        if glob(pattern, name)
    ]
    return as_effect(max(fits)[2]) if fits else None


def method(name: str, made_of: str, given: str) -> Effect:
    """What calling a method does. `made_of`: what it stands on; `given`: its arguments."""
    for rule in table("powershell")["types"]:
        if re.search(rule["type"], made_of, re.I) and (fits := _closest(rule, name)):
            wanted = rule.get("unless_given")
            return "changes" if wanted and re.search(wanted, given, re.I) else fits
    for kind in ("reads", "changes", "unknown"):
        exact = words("powershell", "methods", kind)
        if name in exact:
            return as_effect(kind)
    for kind in ("unknown", "changes", "reads"):
        if any(glob(pattern, name) for pattern in words("powershell", "methods", kind)):
            return as_effect(kind)
    return "unknown"
