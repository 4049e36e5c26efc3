"""Duplicate key.

Looks for: two equal keys in one mapping.

Matters because: kubectl takes the last and says nothing; other tools refuse the file or take the
first.

Example:
    metadata:
      name: web
      labels: {app: web}
      labels: {tier: front}

Comes out: an error that names both places; such a document is analysed as kubectl reads it, and
never edited.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Location, Severity
from service.rules.rule import RuleInput
from service.text import Span
from service.yamldoc.nodes import Scalar
from service.yamldoc.stream import Document

SEVERITY = Severity.ERROR


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each key that stands in its mapping a second time."""
    # Of the objects of a List the first gives its name.
    titles = {resource.document: resource.title for resource in reversed(run.manifests.resources)}
    for document in run.documents:
        for last, dropped in document.duplicates:
            dropped_location = _location(document, dropped)
            line = document.source.position(dropped_location.span.start)[0]
            yield Finding(
                rule="duplicate-key",
                severity=SEVERITY,
                message="a key stands twice in one mapping: kubectl takes this one and drops the"
                f" one on line {line}",
                location=_location(document, last),
                workload=titles[document],
                related=(("the key that is dropped", dropped_location),),
            )


def _location(document: Document, key: Scalar) -> Location:
    """The place of a key, from its place within its document."""
    start = document.span.start
    return Location(document.source.path, document.index, Span(start + key.start, start + key.end))
