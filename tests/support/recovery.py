"""What comes back of two Deployments that were merged into one Pod.

`python -m tests.support.recovery` prints it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster, ServicePort
from tests.support.merging import CORPUS_SETS, OWN_SETS, MergedPair, merge_pairs
from tests.support.objects import read_objects
from tests.support.pods import Container, Pods
from tests.support.programs import usual_ports
from tests.support.rewritten import rewrite


def find_differences(merged: MergedPair, files: Mapping[str, str]) -> list[str]:
    """What is not as it was before the two were merged; nothing where the service has separated
    them.
    """
    after = Cluster(read_objects(files), usual_ports)
    homes = [_pods_with_containers_of(merged, pods, after) for pods in merged.pair]
    scattered = [
        f"the containers of {pods.owner.name} are in {len(later)} Pods"
        for pods, later in zip(merged.pair, homes, strict=True)
        if len(later) != 1
    ]
    if scattered:
        return scattered
    if homes[0] == homes[1]:
        return ["the two are still in one Pod"]
    found: list[str] = []
    for pods, (home,) in zip(merged.pair, homes, strict=True):
        found += _pod_differences(merged, pods, home)
    old = containers_by_port(merged, merged.original, merged.names)
    new = containers_by_port(merged, after)
    found += [
        f"{port} led to {old[port]} and leads to {new.get(port)}"
        for port in old
        if old[port] != new.get(port)
    ]
    return found


def _pods_with_containers_of(merged: MergedPair, pods: Pods, after: Cluster) -> list[Pods]:
    """The Pods that hold all containers of a Deployment, then those that hold only some of them.

    Containers that both Deployments have don't count among the some.
    """
    images = {
        merged.names[pods.owner.name, container.name]: container.data.get("image")
        for container in pods.containers
    }
    not_merged = merged.original.pods.keys() - {member.owner for member in merged.pair}
    held = {
        candidate.owner: {
            container.name
            for container in candidate.containers
            if images.get(container.name) == container.data.get("image")
        }
        for candidate in after.pods.values()
        if candidate.owner.namespace == pods.owner.namespace and candidate.owner not in not_merged
    }
    other_names = {
        merged.names[member.owner.name, container.name]
        for member in merged.pair
        if member is not pods
        for container in member.containers
    }
    whole = [owner for owner, names in held.items() if names == images.keys()]
    partial = [owner for owner, names in held.items() if owner not in whole and names - other_names]
    return [after.pods[owner] for owner in (*whole, *partial)]


def _pod_differences(merged: MergedPair, pods: Pods, home: Pods) -> Iterator[str]:
    old = {
        merged.names[pods.owner.name, container.name]: container for container in pods.containers
    }
    new = {container.name: container for container in home.containers}
    if new.keys() != old.keys():
        yield f"{home.owner.name} holds {sorted(new)}, not {sorted(old)}"
    if home.replicas != pods.replicas:
        yield f"{home.owner.name} has {home.replicas} replicas, not {pods.replicas}"
    for name in new.keys() & old.keys():
        if _mounts(new[name], home) != _mounts(old[name], pods):
            yield f"{name} mounts something else"
    if _all_sources(home) != _all_sources(pods):
        yield f"{home.owner.name} has volumes {_all_sources(home)}, not {_all_sources(pods)}"


def _mounts(container: Container, pods: Pods) -> dict[str, Any]:
    return {
        mount["mountPath"]: (mount.get("subPath"), pods.volume_sources(mount["name"]))
        for mount in container.data.get("volumeMounts") or ()
    }


def _all_sources(pods: Pods) -> list[str]:
    return sorted(
        source
        for volume in pods.spec.get("volumes") or ()
        for source in pods.volume_sources(volume["name"])
    )


def containers_by_port(
    merged: MergedPair, cluster: Cluster, names: Mapping[tuple[str, str], str] | None = None
) -> dict[ServicePort, set[str | None]]:
    """The names of the containers behind each port of the Services that are in the original.

    Args:
        merged: the pair.
        cluster: where the ports lead.
        names: by Deployment and container, the names to use instead.
    """
    known = {service.key for service in merged.original.services}
    found: dict[ServicePort, set[str | None]] = {}
    for port, endpoints in cluster.endpoints().items():
        if port.service not in known:
            continue
        found[port] = set()
        for endpoint in endpoints:
            name = endpoint.container.partition(" ")[0] if endpoint.container else None
            if name and names:
                name = names.get((endpoint.owner.name, name), name)
            found[port].add(name)
    return found


@dataclass(frozen=True)
class Answer:
    """What the service answers to a merged set."""

    files: dict[str, str]
    """The rewritten files, by path."""
    groups: dict[str, dict[str, int]]
    """By workload and container, the number of the group."""
    confidence: dict[str, float]
    """By workload, the least confidence in one of its containers."""
    held_back: dict[str, str]
    """By workload, the reason for which it isn't split."""


def answer_by_pipeline(files: dict[str, str]) -> Answer:
    """The answer without HTTP."""
    rewritten = rewrite(files)
    report = rewritten.report
    assert report.rewrite is not None
    return Answer(
        files=rewritten.after,
        groups={
            workload.name: {
                container.name: container.group
                for container in workload.containers
                if container.role != "init"
            }
            for workload in report.workloads
        },
        confidence={
            workload.name: min(container.confidence for container in workload.containers)
            for workload in report.workloads
        },
        held_back={
            refusal.workload.partition("/")[2]: refusal.reason
            for refusal in report.rewrite.held_back
        },
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a pair."""

    title: str
    differences: tuple[str, ...]
    """What is not as it was."""
    cause: str
    """Why, as far as the answer tells; empty where all is as it was."""
    confidence: float = 1.0
    """The least confidence in one of its containers."""


HELD_BACK = "separated, held back"
REWRITTEN_OTHERWISE = "separated, rewritten otherwise"
NOT_SEPARATED = "taken for one application"
DIVIDED = "one of the two is divided"


def outcome_of(merged: MergedPair, answer: Answer) -> Outcome:
    """What became of a pair, by the service's answer."""
    differences = find_differences(merged, answer.files)
    if not differences:
        return Outcome(merged.title, (), "")
    return Outcome(
        title=merged.title,
        differences=tuple(differences),
        cause=_cause(merged, answer),
        confidence=answer.confidence.get(merged.workload, 1.0),
    )


def _cause(merged: MergedPair, answer: Answer) -> str:
    groups = answer.groups[merged.workload]
    first, second = (
        {merged.names[pods.owner.name, container.name] for container in pods.running}
        for pods in merged.pair
    )
    first_groups = {groups[name] for name in first - second}
    second_groups = {groups[name] for name in second - first}
    if first_groups & second_groups:
        tie = (
            "one calls the other on localhost"
            if merged.has_localhost_calls
            else "nothing ties them"
        )
        served = ("none has", "one has", "both have")[merged.served]
        return f"{NOT_SEPARATED}: {tie}, {served} a Service"
    if len(first_groups) != 1 or len(second_groups) != 1:
        return DIVIDED
    reason = answer.held_back.get(merged.workload)
    return REWRITTEN_OTHERWISE if reason is None else f"{HELD_BACK}: {reason}"


def recover_pairs(root: Path) -> tuple[list[Outcome], list[str]]:
    """Merge and rewrite all pairs of a folder.

    Returns:
        What became of the pairs; and those that can't be merged, with the reason.
    """
    pairs = list(merge_pairs(root))
    outcomes = [
        outcome_of(merged, answer_by_pipeline(merged.files))
        for _, merged in pairs
        if isinstance(merged, MergedPair)
    ]
    return outcomes, [f"{title}: {reason}" for title, reason in pairs if isinstance(reason, str)]


def table(name: str, outcomes: list[Outcome], left_out: list[str]) -> str:
    """The share that is recovered, and what isn't, by cause."""
    recovered = [outcome for outcome in outcomes if not outcome.differences]
    others = [outcome for outcome in outcomes if outcome.differences]
    share = f"{len(recovered)} of {len(outcomes)} pairs ({len(recovered) / len(outcomes):.1%})"
    lines = [f"{name}: {share} recovered; {len(left_out)} can't be merged"]
    for cause, count in Counter(outcome.cause for outcome in others).most_common():
        lines.append(f"  {count} x {cause}")
        lines += [
            f"      {outcome.title} ({outcome.confidence:.2f}): {outcome.differences[0][:110]}"
            for outcome in others
            if outcome.cause == cause
        ]
    return "\n".join(lines)


def main() -> None:
    """Print what is recovered."""
    for name, root in (("own sets", OWN_SETS), ("whole sets of the corpus", CORPUS_SETS)):
        if root.exists():
            sys.stdout.write(table(name, *recover_pairs(root)) + "\n")


if __name__ == "__main__":
    main()
