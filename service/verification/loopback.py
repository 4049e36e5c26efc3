"""Loopback addresses in a text, and what stands in their place in another one.

The verifier's own reading of what a loopback address is (RFC 1122, RFC 4291, RFC 6761), looser than
that of what plans a rewrite: it asks for no border before a host, so that options, defaults and
encodings hide none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from service.kube.containers import as_port

_HOST_PATTERN = (
    r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2})|(?<=-[A-Za-z])|(?<=:[-=?+]))"
    r"(?i:localhost(?:\.localdomain\d?)?|ip6-localhost|ip6-loopback)"
    r"|(?<![\d.])127(?:\.\d{1,3}){1,3}"
    r"|\[(?:::1|(?:0{1,4}:){7}0{0,3}1)\]"
    r"|(?<![0-9A-Fa-f:.])::1(?![0-9A-Fa-f:.])"
)
_ADDRESS = re.compile(
    rf"(?P<host>{_HOST_PATTERN})(?:\.?(?:(?P<separator>:|%3[Aa]|/)(?P<port>\d{{1,5}})(?!\w))?)"
)
"""A loopback host, with the port that is written right behind it."""
_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
"""The name of a Service."""
_PORT = re.compile(r"(?::|%3[Aa]|/)(?P<port>\d{1,5})(?!\w)")
_WINDOW = 200
_NUMBER = re.compile(r"(?<![\w.])\d{2,5}(?![\w.])")


class ReplacedAddress(NamedTuple):
    """A loopback address and what stands in its place."""

    loopback: str
    """The loopback host."""
    port: int | None
    """The port behind it; None if none is."""
    host: str
    """The host in its place: a Service's name, or the same loopback host."""
    new_port: int | None
    """The port behind that."""

    @property
    def is_kept(self) -> bool:
        """Whether it is what it was."""
        return (self.loopback, self.port) == (self.host, self.new_port)


class LooseMention(NamedTuple):
    """A place in a text that may name the Pod itself."""

    line: str
    """The line that it is on, shortened."""
    before: str
    """What stands before it on this line."""
    ports: frozenset[int]
    """The numbers on the line that may be its port; the one behind it alone, where there is."""


def replaced_addresses(old: str, new: str) -> list[ReplacedAddress]:
    """The loopback addresses of a text, each with what stands in its place in another one.

    Empty if the texts differ in anything else, or the first has no such address. The work is
    linear in the texts: both are walked in step.

    Args:
        old: a text.
        new: the same, perhaps with other addresses.
    """
    found: list[ReplacedAddress] = []
    old_position = new_position = 0
    for match in _ADDRESS.finditer(old):
        between = match.start() - old_position
        start = new_position + between
        if old[old_position : match.start()] != new[new_position:start]:
            return []
        replaced = _replaced(match, new, start)
        if replaced is None:
            return []
        address, new_position = replaced
        found.append(address)
        old_position = match.end()
    return found if found and old[old_position:] == new[new_position:] else []


def _replaced(match: re.Match[str], new: str, start: int) -> tuple[ReplacedAddress, int] | None:
    """What stands at a place of the new text, and where it ends; None if that is no address."""
    port = as_port(match["port"])
    if new.startswith(match[0], start):
        return ReplacedAddress(match["host"], port, match["host"], port), start + len(match[0])
    name = _SERVICE.match(new, start)
    if name is None:
        return None
    # Behind a host without a port one may be added, but not in place of what stood there.
    is_followed = port is None and match.string.startswith((":", "/", "%3"), match.end())
    behind = None if is_followed else _PORT.match(new, name.end())
    end = behind.end() if behind is not None else name.end()
    new_port = as_port(behind["port"]) if behind is not None else None
    return ReplacedAddress(match["host"], port, name[0], new_port), end


def find_loose_mentions(text: str, others: str = "") -> list[LooseMention]:
    """Every place in a text that may name the Pod itself.

    Args:
        text: the text.
        others: words beside it, in which its port may be.
    """
    found = []
    for match in _ADDRESS.finditer(text):
        start = max(match.start() - _WINDOW, text.rfind("\n", 0, match.start()) + 1)
        stop = text.find("\n", match.end())
        end = min(match.end() + _WINDOW, stop if stop >= 0 else len(text))
        numbers = (
            [match["port"]]
            if match["port"]
            else _NUMBER.findall(f"{text[match.end() : end]} {others}")
        )
        ports = frozenset(int(number) for number in numbers)
        found.append(LooseMention(text[start:end], text[start : match.start()], ports))
    return found
