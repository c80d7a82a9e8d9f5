"""What SQL does, and what the command lines of SQL clients hand over. Pure.

Guarantee: a statement that is not known to observe never reads.
"""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import grammar
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import split, worst

CLIENTS = (
    "mysql", "mariadb", "psql", "sqlite3", "sqlcmd", "osql", "isql", "clickhouse-client", "cqlsh",
    "sqlplus", "bq", "duckdb", "influx", "cockroach", "tsql", "usql", "db2",
)  # fmt: skip
# what acts wherever it stands: data statements (also in a WITH, or without a semicolon between)
# and functions that act
_ACTS = re.compile(
    r"\b(insert|update|delete|drop|alter|create|truncate|grant|revoke|merge|exec(ute)?|xp_\w+"
    r"|set\s+(global|persist(_only)?)|into\s+(outfile|dumpfile)|for\s+(update|share)"
    r"|pg_(terminate|cancel|reload|rotate|switch|promote|advisory|create|drop|stat_reset|wal_replay"
    r"|replication_\w+_(create|drop|advance)|logical_emit|start|stop|backup|notify)\w*"
    r"|nextval|setval|lo_(unlink|import|export|create|put)|dblink\w*|set_config|get_lock|release_lock"
    r"|load_extension|sys_exec|writefile)\b"
    r"|\breplace\s+into\b|\bselect\b(?:(?!\bfrom\b).)*\binto\s+[#\w\[]",
    re.I | re.S,
)
_ACTS_FIRST = re.compile(
    r"^\s*(vacuum|reindex|rename|kill|flush|reset|purge|load|lock|unlock|optimize|repair|cluster|call"
    r"|copy|shutdown|stop|start|refresh|backup|restore|attach|detach|comment|notify|checkpoint|security"
    r"|reassign|import|export|upsert|install|change|analyze|replace|put|execute|exec|do|disable|enable"
    r"|reconfigure|deny|bulk|system)\b",
    re.I,
)
_READS = re.compile(
    r"^\s*(\(*\s*select|show|describe|desc|explain|with|values|table|help|use|list|fetch|print|status"
    r"|go\s*$|set\s+(?!global|persist|password)\w+|dbcc\s+(opentran|sqlperf|inputbuffer|showcontig"
    r"|show_statistics|loginfo|checkdb|checktable|checkalloc|checkcatalog|tracestatus|useroptions)"
    r"|check\s+table|checksum\s+table|begin|commit|rollback|end|quit|exit|consistency"
    r"|restore\s+(verifyonly|headeronly|filelistonly|labelonly))\b",
    re.I,
)
_PROCEDURE = re.compile(
    r"^\s*(exec(ute)?\s+)?(\w+\.)*sp_(who2?|help\w*|lock|spaceused|databases|tables|columns|monitor"
    r"|readerrorlog|linkedservers|server_info|whoisactive)\b[^;]*$",
    re.I,
)
# pragma without a value asks; these act even so
_PRAGMA = re.compile(
    r"^\s*pragma\s+(\w+\.)?(?!(wal_checkpoint|optimize|incremental_vacuum|shrink_memory)\b)\w+"
    r"\s*(\(\s*['\w.]*\s*\))?\s*$",
    re.I,
)
_META_READS = re.compile(
    r"^\s*(\\(d\w*|l\+?|list|z|x|timing|conninfo|echo|q|pset|t|a|set|unset|encoding|s[fv]\+?|h|c|cd"
    r"|connect|crosstabview|errverbose|prompt|warn)\+?(\s|$)"
    r"|\.(tables|schema|databases|indexes|indices|mode|headers?|width|show|dbinfo|quit|exit|help"
    r"|stats|timeout|timer|fullschema|lint|separator|nullvalue|dump|changes|eqp|explain|limit"
    r"|print|sha3sum|bail|echo|prompt)\b|\\[sSG](\s|$))"
)
_META_ACTS = re.compile(
    r"^\s*(\\(o|w|copy|s|g)\s+\S|\.(output|once|backup|save|restore|import|clone)\b)"
)
_FILES = {"f", "i", "file", "input-file"}
_OUTPUTS = {"o", "L", "output", "log-file", "tee", "spool"}


def sql_effect(text: str) -> Effect:
    """What SQL does; quoted text and comments do not count."""
    bare = re.sub(r"'(''|[^'])*'", "''", text)
    bare = re.sub(r"--[^\n]*|/\*.*?\*/|^\s*#[^\n]*", " ", bare, flags=re.S)
    parts: list[str] = []
    for part in re.split(r";|\\[gG](?=\s|$)|^\s*go\s*$", bare, flags=re.M | re.I):
        # a client's own commands end with their line
        lines = part.split("\n")
        own = [line for line in lines if re.match(r"^\s*[\\.]", line)]
        parts += own
        parts.append("\n".join(line for line in lines if line not in own))
    return worst("reads" if "".join(parts).strip() else "unknown", *map(_statement, parts))


def _statement(part: str) -> Effect:
    if not part.strip():
        return "reads"
    if _META_ACTS.match(part):
        return "changes"
    if _META_READS.match(part):
        return "unknown" if re.match(r"^\s*\\[!i]", part) else "reads"
    asked = re.match(r"^\s*explain\b(?P<rest>.*)", part, re.I | re.S)
    if asked and not re.match(r"\s*(\([^)]*)?\banaly[sz]e\b", asked["rest"], re.I):
        return "reads"  # a plan only, whatever is planned
    if re.match(r"^\s*(show|desc(ribe)?|help|list)\b", part, re.I):
        return "reads"
    if re.match(
        r"^\s*(restore\s+(verifyonly|headeronly|filelistonly|labelonly)|dbcc\s)", part, re.I
    ):
        repairs = re.search(r"\brepair_\w+|\bshrink|\bfree\w*cache|\bdrop", part, re.I)
        return "changes" if repairs else "reads" if _READS.match(part) else "changes"
    if _PROCEDURE.match(part):
        return "reads"
    bare = re.sub(r'"[^"]*"|`[^`]*`', '""', part)
    if _ACTS.search(bare) or _ACTS_FIRST.match(bare):
        return "changes"
    if re.match(r"^\s*pragma\b", part, re.I):
        return "reads" if _PRAGMA.match(part) else "changes"
    return "reads" if _READS.match(part) else "unknown"


def client_effect(name: str, args: Sequence[str], fed: Fed | None) -> Effect:
    """A SQL client's command line: the statements on it, a file of them, or what is fed in."""
    style = grammar(name)
    options, operands, _ = split(args, style)
    statements = [
        value
        for option, value in options
        if value is not None and option in ("e", "c", "Q", "q", "execute", "command", "query", "s")
        and (option != "c" or name in ("psql", "cockroach"))
        and (option != "s" or name == "duckdb")
        and (option != "q" or name in ("sqlcmd", "osql", "clickhouse-client"))
    ]  # fmt: skip
    names = {option for option, _ in options}
    if names & _OUTPUTS and name not in ("mysql", "mariadb"):
        return "changes"
    if any(o == "tee" for o, _ in options):
        return "changes"
    if names & _FILES and name not in ("mysql", "mariadb", "tsql"):
        return "unknown"
    if names & {"l", "list", "version", "V", "help", "?"} and not statements:
        return "reads" if name in ("psql",) or names & {"version", "V", "help", "?"} else "unknown"
    if name in ("sqlite3", "duckdb", "bq", "db2"):
        statements += operands[1:] if name in ("sqlite3", "duckdb") else operands
    if statements:
        return sql_effect(";".join(statements))
    if fed is not None:
        return sql_effect(fed.text) if fed.text is not None else "unknown"
    return "unknown"
