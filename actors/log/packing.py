"""Chunks as they lie in the file: compressed where that makes them smaller, checked when read."""

import threading

import zstandard
from msgspec import Struct

from stillfixed.actors.log.contract import Chunk

_LEVEL = 1
_own = threading.local()  # zstandard's objects may not be used by two threads at once


class Packed(Struct, frozen=True):
    """`size` is that of the raw bytes. `data` is compressed where its length differs from it."""

    id: bytes
    size: int
    data: bytes


def pack(chunk: Chunk) -> Packed:
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    data: bytes = _own.compressor.compress(chunk.data)
    if len(data) >= len(chunk.data):
        data = chunk.data
    return Packed(bytes.fromhex(chunk.id), len(chunk.data), data)


def unpack(chunk_id: str, size: int, data: bytes) -> bytes | None:
    """The raw bytes, or None where they are not what their name says."""
    if len(data) != size:
        if not hasattr(_own, "decompressor"):
            _own.decompressor = zstandard.ZstdDecompressor()
        try:
            data = _own.decompressor.decompress(data, max_output_size=size)
        except zstandard.ZstdError:
            return None
    return data if Chunk.of(data).id == chunk_id else None
