"""Loopback addresses in a text, and what stands in their place in another one.

The verifier's own reading of what a loopback address is (RFC 1122, RFC 4291, RFC 6761).
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"(?<![\w.-])(?:(?i:localhost)|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5}(?!\d))?(?![\w.-])"
)
"""A loopback host within a text, with the port behind it."""
_WHOLE_HOST = re.compile(r"(?i:localhost)|127(?:\.\d{1,3}){3}|\[?::1\]?")
"""A text that is nothing but a loopback host."""
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?|\[::1\]|127(?:\.\d{1,3}){3}")
"""What may stand in its place: the name of a Service, or the loopback host that it was."""
_PORT = re.compile(r":\d{1,5}(?!\d)")


def replaced_addresses(old: str, new: str) -> list[tuple[str, str]]:
    """The loopback addresses of a text, each with what stands in its place in another one.

    Empty if the texts differ in anything else, or the first has no such address. The work is
    linear in the texts: both are walked in step.

    Args:
        old: a text.
        new: the same, perhaps with other addresses.
    """
    if _WHOLE_HOST.fullmatch(old.strip()):
        address = new.strip()
        host = _HOST.match(address)
        is_address = host is not None and (
            host.end() == len(address) or _PORT.fullmatch(address, host.end()) is not None
        )
        return [(old.strip(), address)] if is_address else []
    found: list[tuple[str, str]] = []
    old_position = new_position = 0
    for match in _ADDRESS.finditer(old):
        between = match.start() - old_position
        if old[old_position : match.start()] != new[new_position : new_position + between]:
            return []
        start = new_position + between
        host = _HOST.match(new, start)
        if host is None:
            return []
        end = host.end()
        # A port that follows in both texts belongs to what follows, not to the address.
        port = None if old.startswith(":", match.end()) else _PORT.match(new, end)
        end = port.end() if port is not None else end
        found.append((match[0], new[start:end]))
        old_position, new_position = match.end(), end
    return found if found and old[old_position:] == new[new_position:] else []
