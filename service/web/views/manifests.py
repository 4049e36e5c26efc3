"""POST /v1/analyze and POST /v1/rewrite."""

from __future__ import annotations

from flask import Response, g, request

from service.findings import Report, Severity
from service.options import Options
from service.pipeline import run
from service.web import formats, knowledge
from service.web.choices import QUERY, read_options, read_query
from service.web.negotiation import Format, choose
from service.web.services import services
from service.web.uploads.bodies import Upload, decode


def analyze() -> Response:
    """Classify the containers of every workload."""
    return _answer(formats.ANALYZE, rewrite=False)


def rewrite() -> Response:
    """Classify, and rewrite what should be split or wrapped."""
    return _answer(formats.REWRITE, rewrite=True)


def _answer(known: tuple[Format, ...], *, rewrite: bool) -> Response:
    query = read_query(query_values(), QUERY)
    wanted = choose(known, query.get("format"), request.accept_mimetypes)
    upload = decode(request, services().settings, path=query.get("path"))
    options = read_options(
        query,
        upload.options,
        upload.files,
        services().settings,
        knowledge.rule_ids(),
        services().catalogue,
    )
    report = perform(upload, options, rewrite=rewrite)
    response = Response(
        wanted.render(report).encode("utf-8", "replace"), mimetype=wanted.media_type
    )
    return _gate(response, report, options)


def perform(upload: Upload, options: Options, *, rewrite: bool) -> Report:
    """Run the pipeline in a place of its own, and count what came out."""
    size = sum(len(raw) for _, raw in upload.files)
    assert options.deadline is not None
    with services().admission.place(size, options.deadline):
        report = run(upload.files, options, rewrite=rewrite)
    g.documents = report.documents
    services().metrics.count(report)
    return report


def query_values() -> dict[str, str]:
    """The query; a name that is given several times counts as a list."""
    return {name: ",".join(values) for name, values in request.args.lists()}


def _gate(response: Response, report: Report, options: Options) -> Response:
    """Turn the answer into a failure where `fail_on` asks for it; rejected documents count as
    errors.
    """
    if options.fail_on is None and all(own.fail_on is None for _, own in options.folders):
        return response
    found = [
        (finding.location.path, finding.severity)
        for finding in report.findings
        if finding.suppression is None
    ]
    found += [(item.location.path, Severity.ERROR) for item in report.rejected]
    limits = [(options.for_path(path).fail_on, severity) for path, severity in found]
    failed = any(limit is not None and severity >= limit for limit, severity in limits)
    response.headers["Podsplit-Gate"] = "failed" if failed else "passed"
    if failed:
        response.status_code = 422
    return response
