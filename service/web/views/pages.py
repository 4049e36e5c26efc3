"""What browsers show: the page at /, the docs, and the files that both are made of.

All of it is a layer over the API: scripts enhance it, and nothing needs them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from flask import Response, request
from markupsafe import Markup, escape
from werkzeug.exceptions import NotFound

from service.findings import Stage
from service.render.html import LOOK, STYLE
from service.web import knowledge
from service.web.browsers import page, prefers_page
from service.web.dependencies import dependencies
from service.web.formats import JSON, to_json
from service.web.openapi import describe_api
from service.web.route import Route
from service.web.schemas.answers import IndexSchema
from service.web.version import __version__
from service.web.views.addresses import base_url

_CODE = re.compile(r"`([^`]+)`")
_MEDIA_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "yaml": "text/yaml",
}
_EXAMPLES = {
    "web-with-logger": "a web server and its logger",
    "shop": "a shop",
    "wordpress-and-mysql": "a database beside a blog",
    "podman-export": "a podman export",
}
"""What the page offers to begin with."""


def index() -> Response:
    """A page to paste manifests into for a browser, a list of the endpoints for others."""
    if prefers_page():
        return _page()
    base = base_url()
    data = {
        "name": "podsplit",
        "version": __version__,
        "docs": f"{base}/docs",
        "openapi": f"{base}/openapi.json",
        "endpoints": [
            {
                "method": route.method,
                "url": f"{base}{route.path}",
                "summary": _summary(route),
            }
            for route in dependencies().routes
        ],
    }
    return Response(to_json(IndexSchema().dump(data)), mimetype=JSON)


def _summary(route: Route) -> str:
    return " ".join((inspect.getdoc(route.view) or "").partition("\n\n")[0].split())


def _page() -> Response:
    parts = dependencies()
    return page(
        "page.html",
        examples=_EXAMPLES,
        text=_assets().get(f"examples/{request.args.get('example')}.yaml", ""),
        stages=[stage.label for stage in Stage],
        needs_token=parts.tokens is not None,
        files=parts.settings.max_files,
        bytes=parts.settings.max_body_bytes,
        base_url=base_url(),
    )


def docs() -> Response:
    """The API and what the service knows, on one page that loads nothing from elsewhere."""
    sections = {
        "Signals": knowledge.signals(),
        "Rules": knowledge.rules(),
        "Actions": knowledge.actions(),
    }
    return page(
        "docs.html",
        api=describe_api(dependencies().routes),
        sections=sections,
        refusals=knowledge.refusals(),
        assumptions=knowledge.assumptions(),
        version=__version__,
        base_url=base_url(),
    )


def asset(name: str) -> Response:
    """A file that pages are made of."""
    content = _assets().get(name)
    if content is None:
        raise NotFound
    return Response(content, mimetype=_MEDIA_TYPES[name.rpartition(".")[2]])


@cache
def _assets() -> Mapping[str, str]:
    """The text of each file by its name: only what is listed here can be asked for."""
    folder = resources.files("service.web").joinpath("assets")
    found = {"look.css": LOOK, "report.css": STYLE}
    found |= {item.name: _text(item) for item in folder.iterdir() if item.is_file()}
    examples = {f"{name}.yaml" for name in _EXAMPLES}
    found |= {f"examples/{name}": _text(folder.joinpath("examples", name)) for name in examples}
    return found


def _text(item: Traversable) -> str:
    return item.read_text(encoding="utf-8")


def prose_markup(text: str) -> Markup:
    """Prose as HTML: a capital at its start, and what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text[:1].upper() + text[1:]))))  # noqa: S704 - escaped in the same expression
