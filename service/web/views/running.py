"""What every endpoint that takes manifests does: receive, decode, run, render and count."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import g, request

from service.findings import Report
from service.options import Options
from service.web import knowledge
from service.web.dependencies import dependencies
from service.web.request_options import read_options
from service.web.uploads.bodies import Upload, decode, receive_body
from service.web.uploads.receiving import is_connected


def query_values() -> dict[str, str]:
    """The query; a name that is given several times counts as a list."""
    return {name: ",".join(values) for name, values in request.args.lists()}


def process(
    query: Mapping[str, Any],
    work: Callable[[Upload, Options], tuple[Report, str]],
    *,
    path: str | None,
    extra: frozenset[str] = frozenset(),
) -> tuple[Report, Options, bytes]:
    """Do the work of the current request on what it holds, within its limits.

    Args:
        query: validated values.
        work: runs the pipeline and renders the answer. It may run in another thread, so it uses
            nothing of Flask's.
        path: the name of a raw body; None for the default.
        extra: further keys that an envelope or form may have.

    Returns:
        The report, the options of the run, and the answer.

    Raises:
        Problem: whatever is wrong with what was sent, or 503.
        LimitExceeded: there are too many documents.
    """
    parts = dependencies()
    with parts.memory.share() as take:
        body = receive_body(request, parts.settings, take)
        deadline = time.monotonic() + parts.settings.request_timeout
        is_wanted = partial(is_connected, request)
        in_a_slot = partial(parts.runs.do, deadline=deadline, is_wanted=is_wanted)

        def read() -> tuple[Upload, Options]:
            upload = decode(body, parts.settings, path=path, extra=extra)
            options = read_options(
                query=query,
                envelope=upload.options,
                files=upload.files,
                settings=parts.settings,
                deadline=deadline,
                rules=knowledge.rule_ids(),
                catalogue=parts.catalogue,
            )
            return upload, options

        upload, options = in_a_slot(read, size=len(body.raw))
        take(max(upload.size - len(body.raw), 0))

        def answer() -> tuple[Report, bytes]:
            report, text = work(upload, options)
            return report, text.encode("utf-8", "replace")

        report, text = in_a_slot(answer, size=upload.size)
    g.documents = report.documents
    parts.metrics.count(report)
    return report, options, text
