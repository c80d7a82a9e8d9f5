"""Outputs whose health is known, in the layouts that tools print: what the judge is held against.

A *world* is what is true: items with a state each. A layout prints a world, with values that move
by themselves (PIDs, times) taken from `volatile`.
"""

from collections.abc import Callable, Mapping, Sequence

from stillfixed.actors.verdicts import Platform, Verdict

World = Mapping[str, str]
"""Item -> state, in the order of its rows."""

GOOD = ("Running", "OK", "Online", "Healthy")
BAD = ("Failed", "Error", "Offline", "Degraded")
ITEMS = ("spooler", "backup01", "web-front", "db_main", "cache7", "vpn-hq", "mailout", "nas2")

Layout = Callable[[World, int], str]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], rule: bool, gap: int = 2) -> str:
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    join = " " * gap

    def line(cells: Sequence[str]) -> str:
        return join.join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True))

    lines = [line(columns)]
    if rule:
        lines.append(line(["-" * len(name) for name in columns]))
    return "\n".join([*lines, *(line(row) for row in rows)]) + "\n"


def powershell_table(world: World, volatile: int) -> str:
    rows = [[item, str(volatile + n), state] for n, (item, state) in enumerate(world.items())]
    return "\n" + _table(["Name", "Id", "Status"], rows, rule=True, gap=1) + "\n\n"


def powershell_list(world: World, volatile: int) -> str:
    blocks = [f"Name   : {item}\nStatus : {s}\nPid    : {volatile}\n" for item, s in world.items()]
    return "\n\n" + "\n".join(blocks) + "\n\n"


def unix_table(world: World, volatile: int) -> str:
    rows = [[item, f"{volatile % 50}m", state] for item, state in world.items()]
    return _table(["NAME", "AGE", "STATUS"], rows, rule=False, gap=3)


def status_first(world: World, volatile: int) -> str:
    rows = [[state, item, f"{item}.example"] for item, state in world.items()]
    return _table(["Status", "Name", "Address"], rows, rule=True)


def bars(world: World, volatile: int) -> str:
    rows = "".join(
        f"| {item:<12} | {state:<10} | {volatile:>6} |\n" for item, state in world.items()
    )
    rule = f"+{'-' * 14}+{'-' * 12}+{'-' * 8}+\n"
    return f"{rule}| {'name':<12} | {'state':<10} | {'pid':>6} |\n{rule}{rows}{rule}"


def markdown(world: World, volatile: int) -> str:
    rows = "".join(f"| {item} | {state} |\n" for item, state in world.items())
    return f"| Name | Status |\n|---|---|\n{rows}"


def json_list(world: World, volatile: int) -> str:
    rows = [f'{{"name": "{i}", "status": "{s}", "pid": {volatile}}}' for i, s in world.items()]
    return "[\n  " + ",\n  ".join(rows) + "\n]\n"


def csv(world: World, volatile: int) -> str:
    rows = "".join(f'"{item}","{state}","{volatile}"\n' for item, state in world.items())
    return f'"Name","Status","Pid"\n{rows}'


def tagged(world: World, volatile: int) -> str:
    marks = dict.fromkeys(GOOD, "OK") | dict.fromkeys(BAD, "FAIL")
    return "".join(
        f"[{marks[state]}] {item}: checked in {volatile} ms\n" for item, state in world.items()
    )


def pairs(world: World, volatile: int) -> str:
    return "".join(
        f"[{item}]\nstatus={state}\nuptime={volatile}\n\n" for item, state in world.items()
    )


def sentences(world: World, volatile: int) -> str:
    said = dict.fromkeys(GOOD, "is running") | dict.fromkeys(BAD, "is not running")
    return "".join(f"{item} {said[state]} (checked {volatile})\n" for item, state in world.items())


def booleans(world: World, volatile: int) -> str:
    rows = [[item, str(volatile), str(state in GOOD)] for item, state in world.items()]
    return "\n" + _table(["Host", "Port", "Reachable"], rows, rule=True, gap=1) + "\n\n"


def disks(world: World, volatile: int) -> str:
    rows = [
        [f"/dev/{item}", f"{volatile}M", "100%" if state in BAD else "41%", f"/srv/{item}"]
        for item, state in world.items()
    ]
    return _table(["Filesystem", "Size", "Use%", "Mounted on"], rows, rule=False, gap=1)


def interfaces(world: World, volatile: int) -> str:
    lines = ""
    for item, state in world.items():
        link = "up" if state in GOOD else "down"
        lines += (
            f"{item} is {link}, line protocol is {link}\n  MTU 1500 bytes, {volatile} packets\n"
        )
    return lines


def services(world: World, volatile: int) -> str:
    dots = "".join(
        f"{i}.service  loaded {'active running' if s in GOOD else 'failed failed'} The {i}\n"
        for i, s in world.items()
    )
    return f"  UNIT LOAD ACTIVE SUB DESCRIPTION\n{dots}\n{len(world)} loaded units listed.\n"


LAYOUTS: dict[str, tuple[Layout, Platform]] = {
    "powershell table": (powershell_table, "powershell"),
    "powershell list": (powershell_list, "powershell"),
    "unix table": (unix_table, "posix"),
    "status first": (status_first, "cmd"),
    "bars": (bars, "posix"),
    "markdown": (markdown, "powershell"),
    "json": (json_list, "posix"),
    # "csv": (csv, "powershell"),
    "tagged": (tagged, "posix"),
    "ini": (pairs, "cmd"),
    "sentences": (sentences, "posix"),
    "booleans": (booleans, "powershell"),
    "disks": (disks, "posix"),
    "interfaces": (interfaces, "network"),
    "services": (services, "posix"),
}


def truth(before: World, after: World) -> Verdict:
    """The verdict by the taxonomy: each item by itself, the worst decides."""
    verdicts: set[Verdict] = set()
    for item, state in before.items():
        now = after.get(item)
        if now is None:
            if state in BAD:
                verdicts.add("inconclusive")
        elif state in BAD:
            verdicts.add("still_failing" if now in BAD else "fixed")
        else:
            verdicts.add("regressed" if now in BAD else "healthy")
    order: tuple[Verdict, ...] = ("regressed", "still_failing", "inconclusive", "fixed", "healthy")
    return next(verdict for verdict in order if verdict in verdicts)
