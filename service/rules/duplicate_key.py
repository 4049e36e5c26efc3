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
never edited. Where both surely have the same value, a warning; what else is in the document may be
edited then.
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
    titles = {resource.document: resource.title for resource in reversed(run.resources)}
    for document in run.documents:
        for duplicate in document.duplicates:
            dropped_location = _location(document, duplicate.hidden)
            line = document.source.position(dropped_location.span.start)[0]
            what = (
                f"the value is that of line {line}: remove one"
                if duplicate.is_equal
                else f"kubectl takes this one and drops the one on line {line}"
            )
            yield Finding(
                rule="duplicate-key",
                severity=Severity.WARNING if duplicate.is_equal else SEVERITY,
                message=f"a key stands twice in one mapping: {what}",
                location=_location(document, duplicate.key),
                workload=titles[document],
                related=(("the key that is dropped", dropped_location),),
            )


def _location(document: Document, key: Scalar) -> Location:
    """The place of a key, from its place within its document."""
    start = document.span.start
    return Location(document.source.path, document.index, Span(start + key.start, start + key.end))
