"""A set of files, rewritten: the clusters before and after each stage, to be held against each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.assumptions import AssumptionCode
from service.findings import OldPods, Report, Stage
from service.options import Options
from service.pipeline import run
from tests.support.cluster import CURRENT, Cluster, Key, Listens, Pods, declared, read

OURS = ("internal", "verification", "cannot-edit", "overlapping-edits")
"""Reasons for holding a change back that are mistakes of the rewriting itself."""


@dataclass(frozen=True)
class Rewritten:
    """A run."""

    report: Report
    stages: tuple[dict[str, str], ...]
    """The files as they were, and after each stage, by path."""

    @property
    def after(self) -> dict[str, str]:
        """The files after the last stage."""
        return self.stages[-1]

    @property
    def changes(self) -> list[str]:
        """The actions that were carried out."""
        return [each.action for each in self.report.rewrite.changes] if self.report.rewrite else []

    def mistakes(self) -> list[str]:
        """What was held back for no reason but ours, and checks that didn't pass."""
        assert self.report.rewrite is not None
        held = [
            f"{each.workload}: {each.reason}: {each.message}"
            for each in self.report.rewrite.held_back
            if each.reason in OURS
        ]
        # What looks otherwise once it is apart is held back as `unsettled`, which people can
        # settle.
        failed = [
            each
            for each in self.report.rewrite.verification
            if not each.passed and each.check != "settled"
        ]
        return held + [f"{each.check}: {each.message}" for each in failed]

    def gone_first(self, clusters: list[Cluster]) -> list[set[Key]]:
        """For each step the controllers whose old Pods are gone before the new ones start, as
        the changes say.
        """
        assert self.report.rewrite is not None
        found: list[set[Key]] = [set(), set(), set()]
        for change in self.report.rewrite.changes:
            path, name = change.location.path, change.workload.partition("/")[2]
            if change.old_pods is OldPods.DELETED_FIRST:
                found[0] |= {
                    each.owner
                    for origin in _there(clusters[0], path, name)
                    for each in _successors(clusters, origin)
                }
            if any(
                assumption.code is AssumptionCode.DATA_TAKEN_OVER
                for assumption in change.assumptions
            ):
                made = [title.partition("/")[2] for title in change.creates]
                late = [new for new in made if not _there(clusters[2], path, new)]
                found[2] |= {
                    each.owner for kept in (name, *late) for each in _there(clusters[3], path, kept)
                }
        return found


def _there(cluster: Cluster, path: str, name: str) -> list[Pods]:
    """The Pods of what has a name in a file."""
    return [
        each
        for each in cluster.pods.values()
        if (each.origin.path, each.owner.name) == (path, name)
    ]


def _successors(clusters: list[Cluster], origin: Pods) -> list[Pods]:
    """The Pods that take over from a bare Pod in the first stage."""
    return [
        each
        for each in clusters[1].pods.values()
        if any(each.has(container.ident) for container in origin.containers)
    ]


def rewrite(files: Mapping[str, str], **options: Any) -> Rewritten:
    """Run the pipeline over some files."""
    report = run(
        [(path, text.encode()) for path, text in files.items()], Options(**options), rewrite=True
    )
    assert report.rewrite is not None
    after = [{each.path: each.content for each in stage.files} for stage in report.rewrite.stages]
    assert [each.stage for each in report.rewrite.stages] in ([], list(Stage))
    return Rewritten(report, (dict(files), *(after or [dict(files)] * 3)))


@dataclass(frozen=True)
class Truth:
    """What is true of the containers of a set, whatever the manifests say."""

    listens: Listens = declared
    """Where others reach a container."""
    local: Listens | None = None
    """Where its neighbours in the Pod reach it, if that is more."""
    environment: Callable[[str], str] | None = None
    """The environment that a file belongs to; None where all files make one cluster."""


def clusters(rewritten: Rewritten, truth: Truth) -> Iterator[tuple[list[Cluster], list[set[Key]]]]:
    """The cluster that the files make in each stage, for every way to read them; with who is gone
    first in each step.

    Files of several environments are clusters of their own. Objects without a namespace are in the
    one that `kubectl` works in, which may be one that others of the set name.
    """
    part = truth.environment or (lambda _path: "")
    for each in sorted({part(path) for path in rewritten.stages[0]}):
        stages = [
            {path: text for path, text in files.items() if part(path) == each}
            for files in rewritten.stages
        ]
        spaces = {str(found.metadata.get("namespace") or CURRENT) for found in read(stages[0])}
        for current in sorted({CURRENT, *spaces} if CURRENT in spaces else {CURRENT}):
            made = [Cluster(read(files, current), truth.listens, truth.local) for files in stages]
            yield made, rewritten.gone_first(made)
