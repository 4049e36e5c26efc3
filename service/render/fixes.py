"""The edits of each change, where edits alone make it: for fixes and suggestions."""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Change, FileStatus, Report, Rewrite, Stage
from service.text import Edit, effective_edits

FileEdits = dict[str, list[Edit]]
"""The edits of each file, by path, in the order of their places."""

MAX_INSERTED = 8_000_000
"""Characters that all fixes of one report insert together. GitHub takes 10 MB gzipped
(docs.github.com, "SARIF support for code scanning"), and nobody reads more.
"""
MAX_REPLACEMENTS = 50_000
"""Places that all fixes of one report change together, each some 200 characters of JSON."""


def edits_by_change(report: Report) -> dict[str, FileEdits]:
    """The edits that have to be made together for a change to be whole, by the change's id.

    Changes that touch a common object (a wrap and a split of one Pod, two splits behind one
    Service) were verified together and go together.

    Returns:
        Empty after an analysis, and where the rewrite adds or deletes files: edits alone would be
        half of a change, which is an outage.
    """
    rewrite = report.rewrite
    if rewrite is None or any(
        file.status in (FileStatus.ADDED, FileStatus.DELETED) for file in rewrite.files
    ):
        return {}
    stage = _requested_stage(rewrite)
    result: dict[str, FileEdits] = {}
    for group in connected_changes(rewrite):
        edits: FileEdits = {}
        for path in dict.fromkeys(path for change in group for path in change.edits):
            file_edits = effective_edits(
                [edit for change in group for edit in change.edits.get(path, ())], stage
            )
            if file_edits:
                edits[path] = file_edits
        if edits:
            result |= {change.id: edits for change in group}
    return result


def connected_changes(rewrite: Rewrite) -> list[list[Change]]:
    """The changes in groups: those that touch a common object, directly or through others, are
    together. Groups and changes are in the order of the rewrite.
    """
    # Union-find: each change points to an earlier one of its group, and the first to itself.
    parents = list(range(len(rewrite.changes)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    in_any_namespace = {
        place for change in rewrite.changes if change.namespace is None for place in _places(change)
    }
    first_by_object: dict[tuple[str, str, str | None], int] = {}
    for index, change in enumerate(rewrite.changes):
        for place in _places(change):
            namespace = None if place in in_any_namespace else change.namespace
            first = first_by_object.setdefault((*place, namespace), index)
            earlier, later = sorted((root(index), root(first)))
            parents[later] = earlier
    groups: dict[int, list[Change]] = {}
    for index, change in enumerate(rewrite.changes):
        groups.setdefault(root(index), []).append(change)
    return list(groups.values())


def _places(change: Change) -> Iterator[tuple[str, str]]:
    """Folder, and kind and name, of each object that a change is about: in another folder the same
    is another object.
    """
    for folder in {path.rpartition("/")[0] for path in change.edits}:
        for name in (change.workload, *change.touches, *change.creates):
            yield folder, name


def _requested_stage(rewrite: Rewrite) -> Stage:
    """The stage whose text is the rewrite; the last one where several stages have that text."""
    for item in reversed(rewrite.stages):
        if item.files == rewrite.files:
            return item.stage
    return Stage.CONTRACT
