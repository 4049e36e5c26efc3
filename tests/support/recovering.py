"""What comes back of two Deployments that were merged into one Pod; `python -m
tests.support.recovering` prints it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster, Container, Pods, read
from tests.support.merging import OWN, WHOLE, Merged, pairs
from tests.support.programs import usual
from tests.support.rewritten import rewrite


def missed(merged: Merged, files: Mapping[str, str]) -> list[str]:
    """What is not as it was before the two were merged: nothing, where the service told them
    apart.
    """
    after = Cluster(read(files), usual)
    homes = [_homes(merged, pods, after) for pods in merged.pair]
    found = []
    for pods, there in zip(merged.pair, homes, strict=True):
        if len(there) != 1:
            found.append(f"the containers of {pods.owner.name} are in {len(there)} Pods")
    if found or homes[0] == homes[1]:
        return found or ["the two are still in one Pod"]
    for pods, (home,) in zip(merged.pair, homes, strict=True):
        found += _differences(merged, pods, home)
    was, now = (
        reached_names(merged, merged.original, merged.names),
        reached_names(merged, after, None),
    )
    found += [
        f"{port} led to {was[port]} and leads to {now.get(port)}"
        for port in was
        if was[port] != now.get(port)
    ]
    return found


def _homes(merged: Merged, pods: Pods, after: Cluster) -> list[Pods]:
    """The Pods that hold all containers of a Deployment, then those that hold some of what is
    its own.
    """
    images = {
        merged.names[pods.owner.name, each.name]: each.data.get("image") for each in pods.containers
    }
    others = merged.original.pods.keys() - {each.owner for each in merged.pair}
    near = [
        each
        for each in after.pods.values()
        if each.owner.namespace == pods.owner.namespace and each.owner not in others
    ]
    held = {
        each.owner: {c.name for c in each.containers if images.get(c.name) == c.data.get("image")}
        for each in near
    }
    shared = {
        merged.names[other.owner.name, c.name]
        for other in merged.pair
        if other is not pods
        for c in other.containers
    }
    whole = [each for each in near if held[each.owner] == images.keys()]
    return whole + [each for each in near if each not in whole and held[each.owner] - shared]


def _differences(merged: Merged, pods: Pods, home: Pods) -> Iterator[str]:
    names = {merged.names[pods.owner.name, each.name]: each for each in pods.containers}
    there = {each.name: each for each in home.containers}
    if there.keys() != names.keys():
        yield f"{home.owner.name} holds {sorted(there)}, not {sorted(names)}"
    if home.copies != pods.copies:
        yield f"{home.owner.name} has {home.copies} replicas, not {pods.copies}"
    for name in there.keys() & names.keys():
        if _mounts(there[name], home) != _mounts(names[name], pods):
            yield f"{name} mounts something else"
    if _sources(home) != _sources(pods):
        yield f"{home.owner.name} has volumes {_sources(home)}, not {_sources(pods)}"


def _mounts(container: Container, pods: Pods) -> dict[str, Any]:
    return {
        each["mountPath"]: (each.get("subPath"), pods.sources(each["name"]))
        for each in container.data.get("volumeMounts") or ()
    }


def _sources(pods: Pods) -> list[str]:
    return sorted(
        source for each in pods.spec.get("volumes") or () for source in pods.sources(each["name"])
    )


def reached_names(
    merged: Merged, cluster: Cluster, names: dict[tuple[str, str], str] | None
) -> dict[Any, set[str | None]]:
    """The containers behind each port of the Services that are in the original, by the names
    that they have in the one Pod.
    """
    found: dict[Any, set[str | None]] = {}
    known = {each.key for each in merged.original.services}
    for port, reached in cluster.reach().items():
        if port.service not in known:
            continue
        found[port] = set()
        for each in reached:
            name = each.container.partition(" ")[0] if each.container else None
            found[port].add(names.get((each.owner.name, name), name) if names and name else name)
    return found


@dataclass(frozen=True)
class Answer:
    """What the service says to a merged set."""

    files: dict[str, str]
    groups: dict[str, dict[str, int]]
    """By workload and container, the group."""
    sure: dict[str, float]
    """By workload, the least confidence in a container of it."""
    held_back: dict[str, str]
    """By workload, why it isn't split."""


def by_pipeline(files: dict[str, str]) -> Answer:
    """The answer without HTTP."""
    report = rewrite(files)
    found = report.report
    assert found.rewrite is not None
    return Answer(
        report.after,
        {
            each.name: {c.name: c.group for c in each.containers if c.role != "init"}
            for each in found.workloads
        },
        {each.name: min(c.confidence for c in each.containers) for each in found.workloads},
        {each.workload.partition("/")[2]: each.reason for each in found.rewrite.held_back},
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a pair."""

    title: str
    wrong: tuple[str, ...]
    """What is not as it was."""
    cause: str
    """Why, as far as the answer tells; empty where all is as it was."""
    sure: float = 1.0
    """The least confidence in one of its containers."""


def outcome(merged: Merged, answer: Answer) -> Outcome:
    """What became of a pair, by what the service says to it."""
    wrong = missed(merged, answer.files)
    if not wrong:
        return Outcome(merged.name, (), "")
    groups, place = answer.groups[merged.workload], [set[str](), set[str]()]
    for number, pods in enumerate(merged.pair):
        place[number] = {merged.names[pods.owner.name, each.name] for each in pods.running}
    shared = place[0] & place[1]
    told = [{groups[name] for name in some - shared} for some in place]
    if not told[0] & told[1] and all(len(each) == 1 for each in told):
        cause = (
            f"told apart, held back: {answer.held_back[merged.workload]}"
            if merged.workload in answer.held_back
            else "told apart, rewritten otherwise"
        )
    elif told[0] & told[1]:
        tie = "one calls the other on localhost" if merged.local else "nothing ties them"
        cause = (
            f"taken for one application: {tie},"
            f" {('none has', 'one has', 'both have')[merged.served]} a Service"
        )
    else:
        cause = "one of the two is taken apart"
    return Outcome(merged.name, tuple(wrong), cause, answer.sure.get(merged.workload, 1.0))


def recovered(root: Path) -> tuple[list[Outcome], list[str]]:
    """All pairs of a folder, merged and rewritten; and those that are no pairs, with why."""
    found = list(pairs(root))
    outcomes = [
        outcome(merged, by_pipeline(merged.files))
        for _, merged in found
        if isinstance(merged, Merged)
    ]
    return outcomes, [f"{title}: {merged}" for title, merged in found if isinstance(merged, str)]


def table(name: str, outcomes: list[Outcome], left_out: list[str]) -> str:
    """The share that is recovered, and what isn't, by cause."""
    good = [each for each in outcomes if not each.wrong]
    lines = [
        (
            f"{name}: {len(good)} of {len(outcomes)} pairs recovered"
            f" ({len(good) / len(outcomes):.1%}); {len(left_out)} are no pairs"
        )
    ]
    for cause, count in Counter(each.cause for each in outcomes if each.wrong).most_common():
        lines.append(f"  {count} x {cause}")
        lines += [
            f"      {each.title} ({each.sure:.2f}): {each.wrong[0][:110]}"
            for each in outcomes
            if each.cause == cause
        ]
    return "\n".join(lines)


def main() -> None:
    """Print what is recovered."""
    for name, root in (("own sets", OWN), ("whole sets of the corpus", WHOLE)):
        if root.exists():
            sys.stdout.write(table(name, *recovered(root)) + "\n")


if __name__ == "__main__":
    main()
