"""Memory that gunicorn's processes share, in which each worker shows its metrics to the others.

It has no file, so no full or read-only disk can break it, and nothing is left behind.
"""

from __future__ import annotations

import mmap
import struct
import time
import zlib

_HALF = 512 * 1024
"""Bytes for one snapshot. All label values are words of the service, so it can't outgrow them."""
_HEAD = struct.Struct("=II")
"""The length of a snapshot, and its checksum."""
_SLOT = 2 * _HALF + 1
"""Two halves, and which of them holds: 1 or 2, and 0 for none."""
_TRIES = 100


class Board:
    """Slots for snapshots. Each has one writer at a time, and any number of readers.

    Make it before the processes fork. Memory that nobody has written to costs nothing.
    """

    def __init__(self, slots: int) -> None:
        self._memory = mmap.mmap(-1, slots * _SLOT)
        self.slots = slots
        """How many there are."""

    def write(self, slot: int, snapshot: bytes) -> None:
        """Replace what a slot shows. Whoever reads meanwhile, or after this process died in the
        midst of it, sees what was there before.

        Raises:
            ValueError: the snapshot is too long.
        """
        if len(snapshot) > _HALF - _HEAD.size:
            raise ValueError(f"a snapshot of {len(snapshot)} bytes doesn't fit")
        start = slot * _SLOT
        half = 2 if self._memory[start] == 1 else 1
        at = start + 1 + (half - 1) * _HALF
        head = _HEAD.pack(len(snapshot), zlib.crc32(snapshot))
        self._memory[at : at + _HEAD.size + len(snapshot)] = head + snapshot
        self._memory[start] = half

    def read(self, slot: int) -> bytes | None:
        """What a slot shows; None for nothing."""
        start = slot * _SLOT
        for _ in range(_TRIES):
            half = self._memory[start]
            if not half:
                return None
            at = start + 1 + (half - 1) * _HALF
            length, checksum = _HEAD.unpack_from(self._memory, at)
            data = self._memory[at + _HEAD.size : at + _HEAD.size + min(length, _HALF)]
            if zlib.crc32(data) == checksum:
                return data
            time.sleep(0.001)  # it was replaced twice while it was read
        return None

    def clear(self, slot: int) -> None:
        """Show nothing in a slot any more."""
        self._memory[slot * _SLOT] = 0
