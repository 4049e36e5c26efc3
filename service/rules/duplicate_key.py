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

SEVERITY = Severity.ERROR


def check(run: RuleInput) -> Iterator[Finding]:
    """See the module."""
    titles = {
        id(resource.document): resource.title for resource in reversed(run.manifests.resources)
    }
    for document in run.documents:
        for last, hidden in document.duplicates:
            places = [
                Location(
                    document.source.path,
                    document.index,
                    Span(document.span.start + key.start, document.span.start + key.end),
                )
                for key in (last, hidden)
            ]
            line = document.source.position(places[1].span.start)[0]
            message = (
                "a key stands twice in one mapping: kubectl takes this one and drops the one on"
                f" line {line}"
            )
            related = (("the key that is dropped", places[1]),)
            yield Finding(
                "duplicate-key", SEVERITY, message, places[0], titles.get(id(document), ""), related
            )
