"""POST /v1/analyze and POST /v1/rewrite."""

from __future__ import annotations

from flask import Response, request

from service.findings import Report, Severity
from service.options import Options
from service.pipeline import run
from service.render.html import CONTENT_SECURITY_POLICY
from service.web import formats
from service.web.negotiation import Format, choose_format
from service.web.problems import Problem
from service.web.request_options import QUERY, read_query
from service.web.uploads.bodies import Upload
from service.web.views.addresses import this_service
from service.web.views.running import process, query_values


def analyze() -> Response:
    """Classify the containers of every workload."""
    return _answer(formats.ANALYZE, rewrite=False)


def rewrite() -> Response:
    """Classify the containers, and rewrite what should be split or wrapped."""
    return _answer(formats.REWRITE, rewrite=True)


def _answer(known: tuple[Format, ...], *, rewrite: bool) -> Response:
    query = read_query(query_values(), QUERY)
    wanted = choose_format(known, query.get("format"), request.accept_mimetypes)

    producer = this_service()

    def work(upload: Upload, options: Options) -> tuple[Report, str]:
        report = run(upload.files, options, rewrite=rewrite)
        return report, wanted.render(report, producer)

    report, options, text = process(query, work, path=query.get("path"))
    response = Response(text, mimetype=wanted.media_type)
    if wanted is formats.HTML:
        response.headers["Content-Security-Policy"] = (
            f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'"
        )
    # A patch or a text alone doesn't show that something was not looked at.
    if report.rejected:
        response.headers["Podsplit-Rejected"] = str(len(report.rejected))
    if report.skipped:
        response.headers["Podsplit-Skipped"] = str(len(report.skipped))
    return _apply_gate(response, report, options)


def _apply_gate(response: Response, report: Report, options: Options) -> Response:
    """Make the answer a 422 where `fail_on` asks for it. Rejected documents count as errors."""
    if options.fail_on is None and all(own.fail_on is None for _, own in options.folders):
        return response
    severities = [
        (finding.location.path, finding.severity) for finding in report.findings if finding.is_open
    ]
    severities += [(item.location.path, Severity.ERROR) for item in report.rejected]
    if not report.objects and not report.rejected and not options.allow_empty:
        raise _nothing_read(report)
    failed = any(
        limit is not None and severity >= limit
        for path, severity in severities
        for limit in [options.for_path(path).fail_on]
    )
    response.headers["Podsplit-Gate"] = "failed" if failed else "passed"
    if failed:
        response.status_code = 422
    return response


def _nothing_read(report: Report) -> Problem:
    """A green build that has checked nothing would be worse than a red one."""
    advice = "; ".join(report.advice) or "they are empty, or hold comments alone"
    detail = (
        "no object of Kubernetes was read, so nothing was checked. Files that came:"
        f" {len(report.sources)}: {advice}. Where that is right, set allow_empty=true"
    )
    return Problem(422, detail, code="nothing-read", headers={"Podsplit-Gate": "failed"})
