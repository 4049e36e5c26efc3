"""POST /v1/suggestions."""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from service.findings import Report, Stage
from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions
from service.web.formats import JSON, to_json
from service.web.problems import Problem
from service.web.request_options import SUGGESTIONS_QUERY, read_query
from service.web.uploads.bodies import Upload
from service.web.views.addresses import this_service
from service.web.views.running import process, query_values


def suggestions() -> Response:
    """Comments ready to post on a pull request, given its files and its unified diff.

    Nothing is posted.
    """
    query = read_query(query_values(), SUGGESTIONS_QUERY)
    platform = next(platform for platform in PLATFORMS if platform.name == query["platform"])
    asker = Asker(platform, query.get("bot", ""), this_service())

    def work(upload: Upload, options: Options) -> tuple[Report, str]:
        diffs = parse_diff(_diff_of(upload))
        # A merge applies a suggestion whole, whatever stage a file of options asks for.
        report = run(upload.files, replace(options, stage=Stage.CONTRACT), rewrite=True)
        return report, to_json(render_suggestions(report, diffs, asker))

    _, _, text = process(query, work, path=None, extra=frozenset({"diff"}))
    return Response(text, mimetype=JSON)


def _diff_of(upload: Upload) -> str:
    diff = upload.extra.get("diff")
    if not isinstance(diff, str):
        message = (
            "the pull request's unified diff is required: send it as a string beside `files`, or as"
            " a part of the form named diff"
        )
        raise Problem(422, f"diff: {message}", code="invalid-envelope", errors=(("diff", message),))
    return diff
