"""What several formats need of a report."""

from __future__ import annotations

import hashlib
from collections import Counter

from service.findings import Change, FileStatus, Report, Rewrite, Stage
from service.text import Edit, effective_edits

FileEdits = dict[str, list[Edit]]
"""The edits of each file, by path, in the order of their places."""

TOOL = "podsplit"

MOST_INSERTED = 8_000_000
"""Characters that all fixes of one report insert together: GitHub takes 10 MB gzipped, and
nobody reads more.
"""


def wanted_stage(rewrite: Rewrite) -> Stage:
    """The stage whose text the rewrite is; the last one where several stages have that text."""
    for item in reversed(rewrite.stages):
        if item.files == rewrite.files:
            return item.stage
    return Stage.CONTRACT


def fingerprints(report: Report) -> list[str]:
    """One for each finding, in their order, the same from run to run.

    Made of rule, path, object and a count among equals: never of lines, which move when something
    above them changes.
    """
    seen: Counter[str] = Counter()
    found: list[str] = []
    for finding in report.findings:
        key = f"{finding.rule}\0{finding.location.path}\0{finding.workload}"
        seen[key] += 1
        found.append(hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32])
    return found


def whole_edits(report: Report) -> dict[str, FileEdits]:
    """For each change, by its id, the edits of each file that have to be made together for it to be
    whole.

    Changes that touch a common object (a wrap and a split of one Pod, two splits behind one
    Service) were verified together and go together. Empty where the rewrite adds or deletes files:
    half a change is an outage.
    """
    rewrite = report.rewrite
    if rewrite is None or any(
        item.status in (FileStatus.ADDED, FileStatus.DELETED) for item in rewrite.files
    ):
        return {}
    stage = wanted_stage(rewrite)
    found: dict[str, FileEdits] = {}
    for group in groups(rewrite):
        edits: FileEdits = {}
        for path in dict.fromkeys(path for change in group for path in change.edits):
            if items := effective_edits(
                [edit for change in group for edit in change.edits.get(path, ())], stage
            ):
                edits[path] = items
        if edits:
            found |= {change.id: edits for change in group}
    return found


def groups(rewrite: Rewrite) -> list[list[Change]]:
    """The changes, those that touch a common object together, in the order of their firsts."""
    first: dict[tuple[str, str], int] = {}
    above = list(range(len(rewrite.changes)))

    def root(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for place, change in enumerate(rewrite.changes):
        # The same kind and name in another folder is another object.
        for path in change.edits:
            for name in (change.workload, *change.touches, *change.creates):
                one, other = sorted(
                    (root(place), root(first.setdefault((path.rpartition("/")[0], name), place)))
                )
                above[other] = one
    found: dict[int, list[Change]] = {}
    for place, change in enumerate(rewrite.changes):
        found.setdefault(root(place), []).append(change)
    return list(found.values())


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
