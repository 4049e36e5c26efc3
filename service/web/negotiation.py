"""Chooses the format of an answer: by `?format=` first, then by `Accept`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.datastructures import MIMEAccept

from service.findings import Report
from service.render.common import Producer
from service.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Format:
    """A format that a report can be answered in."""

    name: str
    """The value of `?format=`."""
    media_type: str
    """The answer's Content-Type; `; charset=utf-8` is added to text types."""
    aliases: tuple[str, ...]
    """Other media types by which `Accept` may ask for it."""
    render: Callable[[Report, Producer], str]
    """Renders a report, given who made it."""


def choose_format(formats: tuple[Format, ...], wanted: str | None, accept: MIMEAccept) -> Format:
    """Choose one of the formats.

    Args:
        formats: those of the endpoint; the first one is the default.
        wanted: the value of `?format=`, if it is given.
        accept: the header `Accept`.

    Raises:
        Problem: 406 with the list.
    """
    if wanted is not None:
        for candidate in formats:
            if candidate.name == wanted:
                return candidate
        raise _unknown_format(formats)
    if not accept:
        return formats[0]
    types = {
        media: candidate
        for candidate in formats
        for media in (candidate.media_type, *candidate.aliases)
    }
    best = accept.best_match(types)
    if best is None:
        raise _unknown_format(formats)
    return (
        formats[0]
        if accept["*/*"] == accept[best] and accept[formats[0].media_type] == accept[best]
        else types[best]
    )


def _unknown_format(formats: tuple[Format, ...]) -> Problem:
    known = ", ".join(f"{item.name} ({item.media_type})" for item in formats)
    return Problem(
        406,
        f"unknown format; use one of: {known}",
        errors=(("format", f"must be one of {', '.join(item.name for item in formats)}"),),
    )
