"""Which format an answer takes: `?format=` first, then `Accept`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.datastructures import MIMEAccept

from service.findings import Report
from service.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Format:
    """A format that a report can be answered in."""

    name: str
    """What `?format=` says."""
    media_type: str
    """What the answer says; `; charset=utf-8` is added to text types."""
    aliases: tuple[str, ...]
    """Further types that `Accept` may ask for it by."""
    render: Callable[[Report], str]
    """The renderer."""


def choose(formats: tuple[Format, ...], wanted: str | None, accept: MIMEAccept) -> Format:
    """The format to answer in; the first one where nothing particular is asked for.

    Raises:
        Problem: 406 with the list.
    """
    if wanted is not None:
        for candidate in formats:
            if candidate.name == wanted:
                return candidate
        raise _none(formats)
    if not accept:
        return formats[0]
    types = {
        media: candidate
        for candidate in formats
        for media in (candidate.media_type, *candidate.aliases)
    }
    best = accept.best_match(types)
    if best is None:
        raise _none(formats)
    return (
        formats[0]
        if accept["*/*"] == accept[best] and accept[formats[0].media_type] == accept[best]
        else types[best]
    )


def _none(formats: tuple[Format, ...]) -> Problem:
    known = ", ".join(f"{item.name} ({item.media_type})" for item in formats)
    return Problem(
        406,
        f"no such format; there are {known}",
        errors=(("format", f"must be one of {', '.join(item.name for item in formats)}"),),
    )
