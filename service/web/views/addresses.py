"""The address of this service, as those who ask and those who read the answers reach it."""

from __future__ import annotations

from urllib.parse import quote

from flask import request

from service.render.common import Producer
from service.web.dependencies import dependencies
from service.web.version import __version__


def base_url() -> str:
    """The address, without a slash at its end: the one that is set, or else the one that was asked
    at.
    """
    # Quoted, as it stands in Markdown, and a request says whatever host it likes.
    address = dependencies().settings.public_url or _asked_at()
    return quote(address.rstrip("/"), safe="/:[]%")


def _asked_at() -> str:
    """The address of the request; empty where its host is none that could be asked again."""
    try:
        return request.url_root if request.host else ""
    except UnicodeError:
        return ""


def this_service() -> Producer:
    """What reports say of who made them; without links where nobody knows an address."""
    base = base_url()
    return Producer(__version__, f"{base}/docs" if base else "")
