"""What several formats need of a report."""

from __future__ import annotations

import hashlib
from collections import Counter

from service.findings import Change, FileStatus, Report, Rewrite, Stage
from service.text import Edit, effective_edits

FileEdits = dict[str, list[Edit]]
"""The edits of each file, by path, in the order of their places."""

TOOL = "podsplit"


def wanted_stage(rewrite: Rewrite) -> Stage:
    """The stage whose text the rewrite is; the last one where several stages have that text."""
    for item in reversed(rewrite.stages):
        if item.files == rewrite.files:
            return item.stage
    return Stage.CONTRACT


def fingerprints(report: Report) -> list[str]:
    """One for each finding, in their order, the same from run to run.

    Made of rule, path, object and a count among equals: never of lines, which move when something above them changes.
    """
    seen: Counter[str] = Counter()
    found: list[str] = []
    for finding in report.findings:
        key = f"{finding.rule}\0{finding.location.path}\0{finding.workload}"
        seen[key] += 1
        found.append(hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32])
    return found


def whole_edits(report: Report) -> dict[str, FileEdits]:
    """For each change, by its id, the edits of each file that have to be made together for it to be whole.

    Changes that touch a common object (a wrap and a split of one Pod, two splits behind one Service) were verified together and go
    together. Empty where the rewrite adds or deletes files: half a change is an outage.
    """
    rewrite = report.rewrite
    if rewrite is None or any(item.status in (FileStatus.ADDED, FileStatus.DELETED) for item in rewrite.files):
        return {}
    stage = wanted_stage(rewrite)
    found: dict[str, FileEdits] = {}
    for group in groups(rewrite):
        edits: FileEdits = {}
        for path in dict.fromkeys(path for change in group for path in change.edits):
            if items := effective_edits([edit for change in group for edit in change.edits.get(path, ())], stage):
                edits[path] = items
        if edits:
            found |= {change.id: edits for change in group}
    return found


def groups(rewrite: Rewrite) -> list[list[Change]]:
    """The changes, those that touch a common object together, in the order of their firsts."""
    found: list[tuple[set[tuple[str, str]], list[Change]]] = []
    for change in rewrite.changes:
        # The same kind and name in another folder is another object.
        names = {(path.rpartition("/")[0], name) for path in change.edits for name in (change.workload, *change.touches, *change.creates)}
        joined = [item for item in found if item[0] & names]
        found = [item for item in found if item not in joined]
        found.append((names.union(*(item[0] for item in joined)), [each for item in joined for each in item[1]] + [change]))
    order = {change.id: place for place, change in enumerate(rewrite.changes)}
    return sorted((members for _, members in found), key=lambda members: order[members[0].id])


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
