"""POST /v1/admission."""

from __future__ import annotations

import logging
import time

from flask import Response, g, request

from service.errors import InputError
from service.findings import Report
from service.options import Options
from service.pipeline import run
from service.render.admission import render_warnings
from service.web.admission_review import API_VERSION, KIND, Review, read_review
from service.web.dependencies import dependencies
from service.web.formats import JSON, to_json
from service.web.problems import Problem
from service.web.schemas.answers import AdmissionAnswerSchema
from service.web.uploads.bodies import receive_body

_ANSWER = AdmissionAnswerSchema()
_log = logging.getLogger("podsplit")

RULES = frozenset({"bare-pod", "unrelated-containers"})
"""What is worth a word to somebody who applies an object."""
_SECONDS = 1.5
"""How long a review may take: the chart's webhook waits for 2."""


def admission() -> Response:
    """Warnings about an object that is applied, for the API server of a cluster.

    The object is always allowed. Nothing is said of what a controller or the cluster itself owns,
    of subresources, of an update that leaves the spec as it is, and of what isn't sure.
    """
    parts = dependencies()
    with parts.memory.share() as take:
        body = receive_body(request, parts.settings, take)
        deadline = time.monotonic() + min(_SECONDS, parts.settings.request_timeout)
        if body.kind != "json" or body.is_gzip:
            raise Problem(415, f"send a review as {JSON}, not compressed")
        review = read_review(body.raw)
        report = _report(review, deadline)
    if report is not None and not review.is_dry_run:
        g.documents = report.documents
        parts.metrics.count(report)
    warnings = render_warnings(report) if report is not None else []
    response = {"uid": review.uid, "allowed": True, "warnings": warnings}
    answer = {"apiVersion": API_VERSION, "kind": KIND, "response": response}
    return Response(to_json(_ANSWER.dump(answer)), mimetype=JSON)


def _report(review: Review, deadline: float) -> Report | None:
    """What is found; None where nothing is to be said, or where it can't be told in time."""
    text = review.object_text
    if text is None:
        return None
    parts = dependencies()
    options = Options(rules=RULES, catalogue=parts.catalogue, deadline=deadline)
    try:
        return parts.runs.do(
            lambda: run([("object.json", text)], options, rewrite=False),
            size=len(text),
            deadline=deadline,
        )
    except (InputError, Problem) as error:
        # A service that is busy must not be what an apply waits for.
        _log.warning("nothing is said of an object", extra={"fields": {"code": error.code}})
        return None
