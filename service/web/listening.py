"""Lets a listener refuse new connections before it is closed."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26
"""Of Linux (include/uapi/asm-generic/socket.h)."""
_LOAD_BYTE, _AND, _JUMP_IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
"""Instructions of classic BPF (Linux' documentation, networking/filter)."""
_FLAGS = 13
"""The byte of a TCP header that holds its flags (RFC 9293, section 3.1)."""
_SYN, _ACK = 0x02, 0x10
_ALL = 0xFFFFFFFF
_PROGRAM = (
    # Instruction, how many to skip if it holds and if not, and operand.
    (_LOAD_BYTE, 0, 0, _FLAGS),
    (_AND, 0, 0, _SYN | _ACK),
    (_JUMP_IF_EQUAL, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _ALL),
)


def ignore_new_clients(listener: socket.socket) -> None:
    """Drop the first packet of every new connection, for all processes that have this listener.

    The system resets connections that are made and not yet accepted when a listener is closed. With
    this there are none, once those that are there are accepted. Clients try again by themselves,
    and are refused when the listener is closed: they know that nothing of theirs was begun.

    Does nothing where the system is not Linux.
    """
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _PROGRAM)
    buffer = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HL", len(_PROGRAM), ctypes.addressof(buffer))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
