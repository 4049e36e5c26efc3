"""The formats of each endpoint; the first one is the default."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson

from service.findings import Report
from service.render.codequality import render_codequality
from service.render.common import Producer
from service.render.diff import render_diff
from service.render.html import render_html
from service.render.junit import render_junit
from service.render.markdown import render_markdown
from service.render.openreports import render_openreports, render_policyreport
from service.render.rdjson import render_rdjson
from service.render.sarif import render_sarif
from service.render.stream import render_stream
from service.web.json_report import analysis_to_dict, rewrite_to_dict
from service.web.negotiation import Format

JSON = "application/json"


def to_json(data: Any) -> str:
    """Compact JSON with a newline behind it."""
    try:
        return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:  # half of a surrogate pair, which a path in a JSON body may hold
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(render: Callable[[Report], str]) -> Callable[[Report, Producer], str]:
    """A renderer of a format that says nothing of who made the report."""
    return lambda report, _producer: render(report)


def _as_json(convert: Callable[[Report], Any]) -> Callable[[Report, Producer], str]:
    return lambda report, _producer: to_json(convert(report))


_SARIF = Format("sarif", "application/sarif+json", (), render_sarif)
_MARKDOWN = Format("markdown", "text/markdown", (), render_markdown)
HTML = Format("html", "text/html", ("application/xhtml+xml",), render_html)
_RDJSON = Format("rdjson", "application/vnd.reviewdog.rdjson+json", (), render_rdjson)

ANALYZE = (
    Format("json", JSON, (), _as_json(analysis_to_dict)),
    HTML,
    _SARIF,
    _MARKDOWN,
    _RDJSON,
    Format("junit", "application/junit+xml", ("application/xml", "text/xml"), _plain(render_junit)),
    Format(
        "codequality", "application/vnd.gitlab.codequality+json", (), _plain(render_codequality)
    ),
    Format("openreports", "application/vnd.openreports+json", (), _plain(render_openreports)),
    Format("policyreport", "application/vnd.policyreport+json", (), _plain(render_policyreport)),
)

REWRITE = (
    Format("json", JSON, (), _as_json(rewrite_to_dict)),
    Format(
        "yaml",
        "application/yaml",
        ("text/yaml", "application/x-yaml", "text/x-yaml", "application/vnd.yaml"),
        _plain(render_stream),
    ),
    Format("diff", "text/x-diff", ("text/x-patch",), _plain(render_diff)),
    HTML,
    _SARIF,
    _MARKDOWN,
    _RDJSON,
)
