"""The labelled cases that lie with the tests, in the format of the corpus."""

from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from stillfixed.connectors.cli.batch import EffectCase, SameCase, VerdictCase

FOLDER = Path(__file__).parents[1] / "cases"
Case = TypeVar("Case")


def _read(pattern: str, kind: type[Case]) -> list[Case]:
    decoder = msgspec.json.Decoder(kind)
    return [
        decoder.decode(line)
        for path in sorted(FOLDER.glob(pattern))
        for line in path.read_bytes().splitlines()
        if line.strip()
    ]


@cache
def verdict_cases() -> list[VerdictCase]:
    return _read("verdict-*.jsonl", VerdictCase)


@cache
def effect_cases() -> list[EffectCase]:
    return _read("effects*.jsonl", EffectCase)


@cache
def same_cases() -> list[SameCase]:
    return _read("same*.jsonl", SameCase)
