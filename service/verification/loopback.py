"""Loopback addresses in a text, and what stands in their place in another one.

The verifier's own reading of what a loopback address is (RFC 1122, RFC 4291, RFC 6761).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from service.kube.containers import as_port

_LOOPBACK = r"(?:(?i:localhost)|127(?:\.\d{1,3}){3}|\[::1\])"
_PORT = r"(?P<port>:\d{1,5}(?!\d))?"
_SERVICE = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"

_ADDRESS = re.compile(rf"(?<![\w.-])(?P<host>{_LOOPBACK}){_PORT}(?![\w.-])")
"""A loopback host within a text, with the port behind it."""
_WHOLE_HOST = re.compile(rf"{_LOOPBACK}|::1")
"""A text that is nothing but a loopback host."""
_NEW_HOST = re.compile(rf"(?P<host>{_LOOPBACK}(?![\w.-])|{_SERVICE})")
"""What may stand in its place: the loopback host that it was, or the name of a Service."""
_NEW_ADDRESS = re.compile(_NEW_HOST.pattern + _PORT)
"""The same, with the port behind it."""


class Address(NamedTuple):
    """A host and a port of it."""

    host: str
    """As written."""
    port: int | None
    """None if none is written, or none can have the number."""


def replaced_addresses(old: str, new: str) -> list[tuple[Address, Address]]:
    """The loopback addresses of a text, each with what stands in its place in another one.

    Empty if the texts differ in anything else, or the first has no such address. The work is
    linear in the texts: both are walked in step.

    Args:
        old: a text.
        new: the same, perhaps with other addresses.
    """
    if _WHOLE_HOST.fullmatch(old.strip()):
        address = _NEW_ADDRESS.fullmatch(new.strip())
        return [(Address(old.strip(), None), _address(address))] if address else []
    found: list[tuple[Address, Address]] = []
    old_position = new_position = 0
    for match in _ADDRESS.finditer(old):
        start = new_position + match.start() - old_position
        if old[old_position : match.start()] != new[new_position:start]:
            return []
        # What follows a host and is no port (`:80x`, `:$(PORT)`) belongs to the rest of the text.
        is_port_elsewhere = match["port"] is None and old.startswith(":", match.end())
        replaced = (_NEW_HOST if is_port_elsewhere else _NEW_ADDRESS).match(new, start)
        if replaced is None:
            return []
        found.append((_address(match), _address(replaced)))
        old_position, new_position = match.end(), replaced.end()
    return found if old[old_position:] == new[new_position:] else []


def _address(match: re.Match[str]) -> Address:
    port = match.groupdict().get("port") or ""
    return Address(match["host"], as_port(port.removeprefix(":")))
