"""POST /v1/suggestions."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request

from service.findings import Stage
from service.render.platforms import PLATFORMS, render_suggestions
from service.render.pulls import parse_diff
from service.web import knowledge
from service.web.choices import SUGGESTIONS_QUERY, read_options, read_query
from service.web.formats import JSON, to_json
from service.web.problems import Problem
from service.web.services import services
from service.web.uploads.bodies import Upload, decode
from service.web.views.manifests import perform, query_values


def suggestions() -> Response:
    """Comments ready to post on a pull request, given its files and its unified diff.

    Nothing is posted.
    """
    query = read_query(query_values(), SUGGESTIONS_QUERY)
    upload = decode(request, services().settings, path=None, extra=frozenset({"diff"}))
    diffs = parse_diff(_diff(upload))
    options = read_options(
        query,
        upload.options,
        upload.files,
        services().settings,
        knowledge.rule_ids(),
        services().catalogue,
    )
    # A merge applies a suggestion whole, whatever stage a file of options asks for.
    report = perform(upload, replace(options, stage=Stage.CONTRACT), rewrite=True)
    platform = next(platform for platform in PLATFORMS if platform.name == query["platform"])
    return Response(
        to_json(render_suggestions(report, diffs, platform)).encode("utf-8", "replace"),
        mimetype=JSON,
    )


def _diff(upload: Upload) -> str:
    diff = upload.extra.get("diff")
    if not isinstance(diff, str):
        message = (
            "the pull request's unified diff is needed, as a string beside `files`, or as a part of"
            " that name"
        )
        raise Problem(422, f"diff: {message}", code="invalid-envelope", errors=(("diff", message),))
    return diff
