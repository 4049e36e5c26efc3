"""The formats of each endpoint; the first one is the default."""

from __future__ import annotations

import json
from typing import Any

import orjson

from service.findings import Report
from service.render.codequality import render_codequality
from service.render.diff import render_diff
from service.render.junit import render_junit
from service.render.markdown import render_markdown
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


def _analysis(report: Report) -> str:
    return to_json(analysis_to_dict(report))


def _rewriting(report: Report) -> str:
    return to_json(rewrite_to_dict(report))


_SARIF = Format("sarif", "application/sarif+json", (), render_sarif)
_MARKDOWN = Format("markdown", "text/markdown", (), render_markdown)
_RDJSON = Format("rdjson", "application/vnd.reviewdog.rdjson+json", (), render_rdjson)

ANALYZE = (
    Format("json", JSON, (), _analysis),
    _SARIF,
    _MARKDOWN,
    _RDJSON,
    Format("junit", "application/junit+xml", ("application/xml", "text/xml"), render_junit),
    Format("codequality", "application/vnd.gitlab.codequality+json", (), render_codequality),
)

REWRITE = (
    Format("json", JSON, (), _rewriting),
    Format(
        "yaml",
        "application/yaml",
        ("text/yaml", "application/x-yaml", "text/x-yaml", "application/vnd.yaml"),
        render_stream,
    ),
    Format("diff", "text/x-diff", ("text/x-patch",), render_diff),
    _SARIF,
    _MARKDOWN,
    _RDJSON,
)
