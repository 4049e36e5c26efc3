"""POST /v1/analyze and POST /v1/rewrite."""

from __future__ import annotations

from flask import Response, g, request

from service.findings import Report, Severity
from service.options import Options
from service.pipeline import run
from service.web import formats, knowledge
from service.web.dependencies import dependencies
from service.web.negotiation import Format, choose_format
from service.web.request_options import QUERY, read_options, read_query
from service.web.uploads.bodies import Upload, decode


def analyze() -> Response:
    """Classify the containers of every workload."""
    return _answer(formats.ANALYZE, rewrite=False)


def rewrite() -> Response:
    """Classify the containers, and rewrite what should be split or wrapped."""
    return _answer(formats.REWRITE, rewrite=True)


def _answer(known: tuple[Format, ...], *, rewrite: bool) -> Response:
    query = read_query(query_values(), QUERY)
    wanted = choose_format(known, query.get("format"), request.accept_mimetypes)
    upload = decode(request, dependencies().settings, path=query.get("path"))
    options = options_for(upload, query)
    report = run_pipeline(upload, options, rewrite=rewrite)
    response = Response(
        wanted.render(report).encode("utf-8", "replace"), mimetype=wanted.media_type
    )
    return _apply_gate(response, report, options)


def query_values() -> dict[str, str]:
    """The query; a name that is given several times counts as a list."""
    return {name: ",".join(values) for name, values in request.args.lists()}


def options_for(upload: Upload, query: dict[str, object]) -> Options:
    """The options of a run, from the query, the upload and the settings.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    return read_options(
        query=query,
        envelope=upload.options,
        files=upload.files,
        settings=dependencies().settings,
        rules=knowledge.rule_ids(),
        catalogue=dependencies().catalogue,
    )


def run_pipeline(upload: Upload, options: Options, *, rewrite: bool) -> Report:
    """Run the pipeline in a slot of the run limiter, and count what came out.

    Raises:
        Problem: 503; no slot was free in time.
        DeadlineExceeded: the run took too long.
        LimitExceeded: there are too many documents.
    """
    size = sum(len(raw) for _, raw in upload.files)
    assert options.deadline is not None
    with dependencies().run_limiter.slot(size, options.deadline):
        report = run(upload.files, options, rewrite=rewrite)
    g.documents = report.documents
    dependencies().metrics.count(report)
    return report


def _apply_gate(response: Response, report: Report, options: Options) -> Response:
    """Make the answer a 422 where `fail_on` asks for it. Rejected documents count as errors."""
    if options.fail_on is None and all(own.fail_on is None for _, own in options.folders):
        return response
    severities = [
        (finding.location.path, finding.severity)
        for finding in report.findings
        if finding.suppression is None
    ]
    severities += [(item.location.path, Severity.ERROR) for item in report.rejected]
    failed = any(
        limit is not None and severity >= limit
        for path, severity in severities
        for limit in [options.for_path(path).fail_on]
    )
    response.headers["Podsplit-Gate"] = "failed" if failed else "passed"
    if failed:
        response.status_code = 422
    return response
