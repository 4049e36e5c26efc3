"""A set of files, rewritten: the clusters before the rewrite and after each of its stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.assumptions import AssumptionCode
from service.findings import OldPods, Report, Stage
from service.options import Options
from service.pipeline import run
from tests.support.cluster import Cluster
from tests.support.objects import CURRENT_NAMESPACE, Key, read_objects
from tests.support.pods import Pods, PortsOf, declared_ports

OWN_FAULTS = ("internal", "verification", "cannot-edit", "overlapping-edits")
"""Reasons for holding a change back that are mistakes of the rewriting itself."""


@dataclass(frozen=True)
class Rewritten:
    """A rewrite and its report."""

    report: Report
    stages: tuple[dict[str, str], ...]
    """The files as they were, and after each stage, by path."""

    @property
    def after(self) -> dict[str, str]:
        """The files after the last stage."""
        return self.stages[-1]

    @property
    def actions(self) -> list[str]:
        """The actions that were carried out."""
        rewrite = self.report.rewrite
        return [change.action for change in rewrite.changes] if rewrite else []

    def own_faults(self) -> list[str]:
        """Changes held back by a mistake of the rewriting, and checks that didn't pass."""
        rewrite = self.report.rewrite
        assert rewrite is not None
        held_back = [
            f"{refusal.workload}: {refusal.reason}: {refusal.message}"
            for refusal in rewrite.held_back
            if refusal.reason in OWN_FAULTS
        ]
        # A change that doesn't settle is held back as `unsettled`, and one that leaves an address
        # as `localhost-unresolved`: people can do something about both.
        failed = [
            f"{check.check}: {check.message}"
            for check in rewrite.verification
            if not check.passed and check.check not in ("settled", "localhost")
        ]
        return held_back + failed

    def gone_first(self, clusters: list[Cluster]) -> list[set[Key]]:
        """For each step the controllers whose old Pods are gone before the new ones start, as
        the changes say.
        """
        assert self.report.rewrite is not None
        found: list[set[Key]] = [set() for _ in Stage]
        for change in self.report.rewrite.changes:
            path, name = change.location.path, change.workload.partition("/")[2]
            if change.old_pods is OldPods.DELETED_FIRST:
                found[0] |= {
                    successor.owner
                    for bare in _pods_named(clusters[0], path, name)
                    for successor in _successors(clusters[1], bare)
                }
            codes = {assumption.code for assumption in change.assumptions}
            if codes & {AssumptionCode.DATA_TAKEN_OVER, AssumptionCode.RUNS_ONCE}:
                # The stage switch stops them. A bare Pod's controller may have another name.
                stopped = [
                    successor
                    for pods in _pods_named(clusters[0], path, name)
                    if pods.owner.kind == "Pod"
                    for successor in _successors(clusters[1], pods)
                ]
                found[2] |= {pods.owner for pods in stopped or _pods_named(clusters[2], path, name)}
        return found


def _pods_named(cluster: Cluster, path: str, name: str) -> list[Pods]:
    """The Pods of what has a name in a file."""
    return [
        pods
        for pods in cluster.pods.values()
        if (pods.source.path, pods.owner.name) == (path, name)
    ]


def _successors(expanded: Cluster, bare: Pods) -> list[Pods]:
    """The Pods of the first stage that take over from a bare Pod."""
    return [
        pods
        for pods in expanded.pods.values()
        if any(pods.has_container(container.identity) for container in bare.containers)
    ]


def rewrite(files: Mapping[str, str], **options: Any) -> Rewritten:
    """Run the pipeline over some files.

    Args:
        files: texts by path.
        options: fields of `Options`.
    """
    report = run(
        [(path, text.encode()) for path, text in files.items()], Options(**options), rewrite=True
    )
    assert report.rewrite is not None
    stages = report.rewrite.stages
    assert [stage.stage for stage in stages] in ([], list(Stage))
    after = [{file.path: file.content for file in stage.files} for stage in stages]
    return Rewritten(report, (dict(files), *(after or [dict(files)] * len(Stage))))


@dataclass(frozen=True)
class GroundTruth:
    """What is true of the containers of a set, whatever the manifests declare."""

    ports_of: PortsOf = declared_ports
    """Where others reach a container."""
    localhost_ports_of: PortsOf | None = None
    """Where containers of the same Pod reach it; None if that is the same."""
    environment_of: Callable[[str], str] | None = None
    """The environment that a file belongs to, by path; None where all files make one cluster."""


def staged_clusters(
    rewritten: Rewritten, truth: GroundTruth
) -> Iterator[tuple[list[Cluster], list[set[Key]]]]:
    """The cluster that the files make before the rewrite and after each stage.

    Files of several environments are clusters of their own. Objects without a namespace are in the
    one that `kubectl` works in, which may be one that others of the set name: each way to read them
    is a cluster of its own, too.

    Yields:
        The clusters in the order of the stages; and for each step the controllers whose old Pods
        are gone first.
    """
    environment_of = truth.environment_of or (lambda _path: "")
    for environment in sorted({environment_of(path) for path in rewritten.stages[0]}):
        stages = [
            {path: text for path, text in files.items() if environment_of(path) == environment}
            for files in rewritten.stages
        ]
        namespaces = {
            str(resource.metadata.get("namespace") or CURRENT_NAMESPACE)
            for resource in read_objects(stages[0])
        }
        if CURRENT_NAMESPACE not in namespaces:
            namespaces = {CURRENT_NAMESPACE}
        for current in sorted(namespaces):
            clusters = [
                Cluster(read_objects(files, current), truth.ports_of, truth.localhost_ports_of)
                for files in stages
            ]
            yield clusters, rewritten.gone_first(clusters)
