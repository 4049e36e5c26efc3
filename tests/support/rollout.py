"""Stages applied one after another to a model of a cluster, with everything that can be seen while
Pods are replaced.

When objects are applied, Services ask for what they ask for at once; Pods come later, each
controller's in its own time. Between two stages a controller has its old Pods, then old and new
ones, then new ones; a new one has none, then its own. Every combination is looked at, as nothing
says which controller is first. Pods that the change says must be gone before others start leave
nothing in between.

Left out is the gap that every update of a workload has which replaces its Pods in place (one
replica of a StatefulSet, the strategy Recreate, Pods that are deleted by hand): it is not the
stages' doing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from tests.support.cluster import Cluster, Container, Data, Key, Pods, Port, Reached, matches
from tests.support.keeping import PASSING, words

MOST_STATES = 4096
"""Combinations that are looked at for one Service; more controllers than that behind one are a
mistake of the test.
"""
CLAIMED: Data = {"claim template": {}}
"""What stands for a volume that a claim template makes."""


@dataclass(frozen=True)
class Line:
    """The Pods of one controller over one step, those of the bare Pods that it takes over
    included.
    """

    name: Key
    old: tuple[Pods, ...]
    new: tuple[Pods, ...]
    gap: bool = False
    """Whether the old Pods are gone before the new ones start."""

    @property
    def states(self) -> list[tuple[Pods, ...]]:
        """What there may be of its Pods at some moment."""
        if [(each.labels, each.spec, each.owner) for each in self.old] == [
            (each.labels, each.spec, each.owner) for each in self.new
        ]:
            return [self.new]
        between = () if self.gap else (*self.old, *self.new)
        return [self.old, between, self.new]


def lines(before: Cluster, after: Cluster, gone_first: Collection[Key] = ()) -> list[Line]:
    """The controllers of a step.

    Args:
        before: what was applied.
        after: what is applied now.
        gone_first: the controllers whose old Pods are gone before the new ones start, as the change
            says.
    """
    found = []
    taken: set[Key] = set()
    for key, pods in after.pods.items():
        old = [before.pods[key]] if key in before.pods else []
        if not old:
            # A controller takes over from the bare Pods that hold its containers; the person
            # deletes them when it is ready, or before.
            idents = {each.ident for each in pods.containers}
            bare = [
                each
                for each in before.pods.values()
                if each.owner.kind == "Pod" and each.owner.namespace == key.namespace
            ]
            old = [
                each
                for each in bare
                if each.owner not in after.pods
                and idents & {container.ident for container in each.containers}
            ]
            taken |= {each.owner for each in old}
        found.append(Line(key, tuple(old), (pods,), gap=key in gone_first))
    rest = [pods for key, pods in before.pods.items() if key not in after.pods and key not in taken]
    return found + [Line(pods.owner, (pods,), ()) for pods in rest]


@dataclass(frozen=True)
class Seen:
    """What was seen of a Service port in one step."""

    port: Port
    reached: frozenset[Reached]
    """Everybody whom it reached at some moment."""
    empty: bool
    """Whether it reached nobody at some moment."""
    excused: bool
    """Whether only Pods served it that are gone before others start, as the change says."""


def step(before: Cluster, after: Cluster, gone_first: Collection[Key] = ()) -> Iterator[Seen]:
    """Everything that can be seen of each Service port while one set of objects replaces
    another.
    """
    moving = lines(before, after, gone_first)
    everybody = {
        (id(line), place): each
        for line in moving
        for place, state in enumerate(line.states)
        for each in state
    }
    reach_of = {key: after.reach([each]) for key, each in everybody.items()}
    by_line = {id(line): line for line in moving}
    for port in after.reach([]):
        behind = {key[0] for key, reach in reach_of.items() if reach[port]}
        states = []
        for each in behind:
            line = by_line[each]
            states.append(
                [
                    frozenset(reached for pods in state for reached in after.reach([pods])[port])
                    for state in line.states
                ]
            )
        count = 1
        for some in states:
            count *= len(some)
        assert count <= MOST_STATES, f"{port} has {len(states)} controllers behind it"
        combined = [frozenset().union(*combination) for combination in product(*states)]
        reached = frozenset().union(*combined) if combined else frozenset()
        served = [line for line in moving if line.old and before.reach(line.old).get(port)]
        excused = bool(served or behind) and all(
            line.gap for line in served or [by_line[each] for each in behind]
        )
        yield Seen(port, reached, not all(combined) or not combined, excused)


def walk(stages: Sequence[Cluster], gone_first: Sequence[Collection[Key]]) -> Iterator[str]:
    """What goes wrong when stages are applied one after another, the set as it was first.

    Args:
        stages: the set as it was, and after each stage.
        gone_first: for each step, the controllers whose old Pods the change says are gone before
            the new ones start.
    """
    start = stages[0].reach()
    serving = {port: {each.container for each in reached} for port, reached in start.items()}
    for number, (before, after) in enumerate(pairwise(stages), start=1):
        there, then = before.reach(), after.reach()
        needed = {port for port, reached in there.items() if reached} | relied_on(
            stages[0], before, after, gone_first[number - 1]
        )
        for seen in step(before, after, gone_first[number - 1]):
            if seen.port in needed and seen.empty and not seen.excused:
                yield f"{seen.port} has no endpoint at some moment of step {number}"
            wanted = serving.get(seen.port) or {
                each.container for each in stages[-1].reach().get(seen.port, ())
            }
            wrong = {each for each in seen.reached if each.container not in wanted}
            if wrong:
                yield f"{seen.port} reaches {sorted(map(str, wrong))} in step {number}"
        if there.keys() - then.keys():
            yield f"{sorted(there.keys() - then.keys())} are gone in step {number}"
        yield from (
            f"{each} in step {number}" for each in doubles(before, after, gone_first[number - 1])
        )
        adopted = list(adoptions(before, after))
        yield from (
            f"{each} kills the Pods that it adopts, and nobody says so"
            for each in adopted
            if each not in gone_first[number - 1]
        )
        needs = (*adopted, *refusals(before, after), *doubles(before, after, ports=True))
        if gone_first[number - 1] and not needs:
            yield f"step {number} asks for Pods to be gone first, and nothing needs that"


def relied_on(
    start: Cluster, before: Cluster, after: Cluster, gone_first: Collection[Key]
) -> set[Port]:
    """The Service ports that containers are told to call where they called localhost.

    Two workloads that both start in this step wait for each other as any do, as does one whose old
    Pods are gone; all others find whom they call.
    """
    found = set()
    there = {port for port, reached in after.reach(list(before.pods.values())).items() if reached}
    for pods in after.pods.values():
        for container in pods.containers:
            if not start.homes(container.ident):
                continue
            origin = start.origin(pods, container.ident)
            was = words(
                next(each for each in origin.containers if each.ident == container.ident),
                origin,
                start,
            )
            # What a container is told when it starts is not told again to one that goes on running;
            # files of ConfigMaps are.
            goes_on = pods.owner in before.pods and before.pods[pods.owner].spec == pods.spec
            told = {
                place: value
                for place, value in words(container, pods, after).items()
                if not goes_on or place.startswith("file ")
            }
            changed = " ".join(value for place, value in told.items() if was.get(place) != value)
            found |= {
                port
                for port in after.reach([])
                if port.service.namespace == pods.owner.namespace
                and ((pods.owner in before.pods and pods.owner not in gone_first) or port in there)
                and re.search(
                    rf"(?<![\w.-]){re.escape(port.service.name)}(:{port.number})?(?![\w.-])",
                    changed,
                )
            }
    return found


def adoptions(before: Cluster, after: Cluster) -> Iterator[Key]:
    """The DaemonSets that find bare Pods with their labels: they take them for their own, of
    another template, and kill them at once.
    """
    for line in lines(before, after):
        bare = [each for each in line.old if each.owner.kind == "Pod"]
        if line.name.kind == "DaemonSet" and any(
            matches(after.selector(line.name), each.labels) for each in bare
        ):
            yield line.name


def refusals(before: Cluster, after: Cluster) -> Iterator[Key]:
    """The StatefulSets that find bare Pods with the names of their own and can't make them so: a
    Pod's volumes can't be changed.
    """
    for line in lines(before, after):
        templates = {
            each["metadata"]["name"]
            for pods in line.new
            for each in pods.origin.data["spec"].get("volumeClaimTemplates") or ()
        }
        named = [
            each
            for each in line.old
            if each.owner.kind == "Pod" and each.owner.name.rpartition("-")[0] == line.name.name
        ]
        if any(
            templates - {volume["name"] for volume in each.spec.get("volumes") or ()}
            for each in named
        ):
            yield line.name


def doubles(
    before: Cluster, after: Cluster, gone_first: Collection[Key] = (), *, ports: bool = False
) -> Iterator[str]:
    """Containers that run under two controllers at some moment of a step, and write to the same
    data.

    With `ports` those too that want the same port of a node, which only makes the second one wait.
    """
    moving = lines(before, after, gone_first)
    there = [pods for line in moving for pods in (*(() if line.gap else line.old), *line.new)]
    for one, other in combinations(there, 2):
        if one.owner == other.owner or (one.owner in before.pods and other.owner in before.pods):
            continue  # as it was
        if other.owner.kind == "StatefulSet" and re.fullmatch(
            rf"{re.escape(other.owner.name)}-\d+", one.owner.name
        ):
            continue  # it takes over the Pods that have the names of its own
        for container in one.containers:
            same = _kept(container, one, ports=ports) & _kept(container, other, ports=ports)
            if same and other.has(container.ident):
                yield (
                    f"{container.ident} runs in {one.owner} and in {other.owner}, both on"
                    f" {sorted(same)}"
                )


def _kept(container: Container, pods: Pods, *, ports: bool) -> set[str]:
    """What a container has that only one Pod can have: data that it writes to and that outlives
    the Pod, and ports of the node.
    """
    held = [
        each.get("hostPort")
        or (each.get("containerPort") if pods.spec.get("hostNetwork") else None)
        for each in container.data.get("ports") or ()
    ]
    found = {f"node port {each}" for each in held if ports and each}
    volumes = {each.get("name"): each for each in pods.spec.get("volumes") or ()}
    for mount in container.data.get("volumeMounts") or ():
        if mount.get("readOnly") or set(volumes.get(mount.get("name"), CLAIMED)) <= PASSING:
            continue
        found |= pods.sources(mount["name"])
    return found
