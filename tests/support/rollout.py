"""Stages applied one after another to a model of a cluster, with every state on the way.

When objects are applied, Services use their new selectors at once. Pods follow, each controller's
in its own time: from its old Pods over old and new ones to new ones. A new controller has no Pods,
then its own. All combinations are looked at, as nothing says which controller is first. Where a
change says that old Pods must be gone before others start, there are none in between.

Left out is the gap of every update that replaces Pods in place (one replica of a StatefulSet, the
strategy Recreate, Pods that a person deletes): the stages don't cause it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import prod

from tests.support.checks.lookup import EPHEMERAL_VOLUME_KEYS, container_in, containers_behind
from tests.support.checks.texts import texts
from tests.support.cluster import Cluster, Endpoint, ServicePort
from tests.support.objects import Data, Key, matches
from tests.support.pods import Container, Pods

_MAX_STATES = 4096
"""Combinations that are looked at for one Service.

More controllers behind one Service than that are a mistake of the test.
"""
_CLAIM_TEMPLATE: Data = {"claim template": {}}
"""Stands for a volume that a claim template makes."""


@dataclass(frozen=True, eq=False)
class Transition:
    """The Pods of one controller over one step; bare Pods that it takes over are among the old."""

    owner: Key
    old: tuple[Pods, ...]
    new: tuple[Pods, ...]
    old_gone_first: bool = False
    """Whether the old Pods are gone before the new ones start."""

    @property
    def may_leave_gap(self) -> bool:
        """Whether clients have to expect a moment without these Pods.

        That is so where the change says that the old ones are gone first. The Pods of a CronJob run
        only now and then, whatever is applied.
        """
        return self.old_gone_first or self.owner.kind == "CronJob"

    @property
    def states(self) -> list[tuple[Pods, ...]]:
        """The Pods that there are at some moment, in order."""
        if [(pods.labels, pods.spec, pods.owner) for pods in self.old] == [
            (pods.labels, pods.spec, pods.owner) for pods in self.new
        ]:
            return [self.new]
        between = () if self.old_gone_first else (*self.old, *self.new)
        return [self.old, between, self.new]


def transitions(
    before: Cluster, after: Cluster, gone_first: Collection[Key] = ()
) -> list[Transition]:
    """The controllers of a step.

    Args:
        before: what was applied.
        after: what is applied now.
        gone_first: the controllers whose old Pods are gone before the new ones start, as the change
            says.
    """
    found = []
    taken_over: set[Key] = set()
    for key, pods in after.pods.items():
        old = [before.pods[key]] if key in before.pods else []
        if not old:
            old = _bare_predecessors(before, after, pods)
            taken_over |= {bare.owner for bare in old}
        running = tuple(bare for bare in old if not bare.is_stopped)
        new = () if pods.is_stopped else (pods,)
        found.append(Transition(key, running, new, old_gone_first=key in gone_first))
    removed = [
        pods for key, pods in before.pods.items() if key not in after.pods and key not in taken_over
    ]
    return found + [Transition(pods.owner, (pods,), ()) for pods in removed]


def _bare_predecessors(before: Cluster, after: Cluster, pods: Pods) -> list[Pods]:
    """The bare Pods that hold containers of a new controller.

    The controller takes over from them: a person deletes them when it is ready, or before.
    """
    identities = {container.identity for container in pods.containers}
    return [
        bare
        for bare in before.pods.values()
        if bare.owner.kind == "Pod"
        and bare.owner.namespace == pods.owner.namespace
        and bare.owner not in after.pods
        and identities & {container.identity for container in bare.containers}
    ]


@dataclass(frozen=True)
class PortHistory:
    """What a Service port led to in one step."""

    port: ServicePort
    reached: frozenset[Endpoint]
    """Every endpoint that it had at some moment."""
    was_empty: bool
    """Whether it had none at some moment."""
    gap_is_expected: bool
    """Whether only Pods serve it of which each may leave a gap."""


def port_histories(
    before: Cluster, after: Cluster, gone_first: Collection[Key] = ()
) -> Iterator[PortHistory]:
    """What each Service port leads to while one set of objects replaces another."""
    moving = transitions(before, after, gone_first)
    all_endpoints = {
        transition: [after.endpoints(state) for state in transition.states] for transition in moving
    }
    for port in after.endpoints([]):
        # For each controller behind the port, the endpoints in each of its states.
        behind: dict[Transition, list[frozenset[Endpoint]]] = {}
        for transition, states in all_endpoints.items():
            endpoints = [endpoints_in_state[port] for endpoints_in_state in states]
            if any(endpoints):
                behind[transition] = endpoints
        count = prod(map(len, behind.values()))
        assert count <= _MAX_STATES, f"{port} has {len(behind)} controllers behind it"
        combined = [
            frozenset[Endpoint]().union(*combination) for combination in product(*behind.values())
        ]
        served_before = [
            transition
            for transition in moving
            if transition.old and before.endpoints(transition.old).get(port)
        ]
        serving = served_before or list(behind)
        yield PortHistory(
            port,
            reached=frozenset[Endpoint]().union(*combined),
            was_empty=not all(combined),
            gap_is_expected=bool(serving)
            and all(transition.may_leave_gap for transition in serving),
        )


def check_steps(stages: Sequence[Cluster], gone_first: Sequence[Collection[Key]]) -> Iterator[str]:
    """What goes wrong when stages are applied one after another.

    Args:
        stages: the set as it was, and after each stage.
        gone_first: for each step, the controllers whose old Pods the change says are gone before
            the new ones start.
    """
    steps = zip(pairwise(stages), gone_first, strict=True)
    for number, ((before, after), announced) in enumerate(steps, start=1):
        for fault in (
            *_check_ports(stages, before=before, after=after, gone_first=announced),
            *concurrent_writers(before, after, announced),
            *_check_announcements(before, after, announced, last=stages[-1]),
        ):
            yield f"step {number}: {fault}"


def _check_ports(
    stages: Sequence[Cluster], before: Cluster, after: Cluster, gone_first: Collection[Key]
) -> Iterator[str]:
    """No Service port goes away, is without endpoints, or leads to a container that is not its
    own.
    """
    first, last = stages[0].endpoints(), stages[-1].endpoints()
    running = [pods for pods in before.pods.values() if not pods.is_stopped]
    old, new = before.endpoints(running), after.endpoints()
    needed = {port for port, reached in old.items() if reached} | newly_called_ports(
        stages[0], before=before, after=after, gone_first=gone_first
    )
    for history in port_histories(before, after, gone_first):
        port = history.port
        if port in needed and history.was_empty and not history.gap_is_expected:
            yield f"{port} has no endpoint at some moment"
        wanted = containers_behind(first.get(port, ())) or containers_behind(last.get(port, ()))
        wrong = {endpoint for endpoint in history.reached if endpoint.container not in wanted}
        if wrong:
            yield f"{port} reaches {sorted(map(str, wrong))}"
    if old.keys() - new.keys():
        yield f"{sorted(old.keys() - new.keys())} are gone"


def _check_announcements(
    before: Cluster, after: Cluster, gone_first: Collection[Key], *, last: Cluster
) -> Iterator[str]:
    """A change says that old Pods must be gone first where that is so, and only there."""
    adopting = list(killing_adoptions(before, after))
    for owner in adopting:
        if owner not in gone_first:
            yield f"{owner} kills the Pods that it adopts, and nobody says so"
    reasons = (
        *adopting,
        *blocked_adoptions(before, after),
        *concurrent_writers(before, after, ports=True),
        # What is stopped in this step makes room for what the last one starts.
        *concurrent_writers(before, last, ports=True),
        *_moved_while_none_may_run_twice(before, last),
    )
    if gone_first and not reasons:
        yield "it asks for Pods to be gone first, and nothing needs that"


def _moved_while_none_may_run_twice(before: Cluster, last: Cluster) -> Iterator[Key]:
    """The controllers that lose containers, and whose Pods may not run twice by what they are: a
    job, or Pods that are replaced by Recreate.
    """
    for owner, pods in before.pods.items():
        strategy = pods.source.spec.get("strategy") or {}
        kept = last.pods.get(owner)
        if (owner.kind in ("Job", "CronJob") or strategy.get("type") == "Recreate") and any(
            kept is None or not kept.has_container(container.identity)
            for container in pods.containers
        ):
            yield owner


def newly_called_ports(
    start: Cluster, before: Cluster, after: Cluster, gone_first: Collection[Key]
) -> set[ServicePort]:
    """The Service ports that containers call where they called localhost.

    Two workloads that both start in this step wait for each other as any do, as does one whose old
    Pods are gone. All others must find whom they call.
    """
    found = set()
    running = {owner: pods for owner, pods in before.pods.items() if not pods.is_stopped}
    served = {port for port, reached in after.endpoints(running.values()).items() if reached}
    for pods in after.pods.values():
        is_running = pods.owner in running and pods.owner not in gone_first
        for container in pods.containers:
            if not start.pods_with(container.identity):
                continue
            text = _new_text(container, pods, start=start, before=before, after=after)
            found |= {
                port
                for port in after.endpoints([])
                if port.service.namespace == pods.owner.namespace
                and (is_running or port in served)
                and re.search(
                    rf"(?<![\w.-]){re.escape(port.service.name)}(:{port.number})?(?![\w.-])", text
                )
            }
    return found


def _new_text(
    container: Container, pods: Pods, *, start: Cluster, before: Cluster, after: Cluster
) -> str:
    """The texts that a container gets in this step and did not have at the start."""
    origin = start.origin_of(pods, container.identity)
    old = texts(container_in(origin, container.identity), origin, start)
    # Variables and arguments reach a container when it starts; one that goes on running sees only
    # the files of ConfigMaps change.
    goes_on = pods.owner in before.pods and before.pods[pods.owner].spec == pods.spec
    new = {
        place: value
        for place, value in texts(container, pods, after).items()
        if not goes_on or place.startswith("file ")
    }
    return " ".join(value for place, value in new.items() if old.get(place) != value)


def killing_adoptions(before: Cluster, after: Cluster) -> Iterator[Key]:
    """The DaemonSets that find bare Pods with their labels.

    They adopt those Pods, and kill them at once because their template is another.
    """
    for transition in transitions(before, after):
        if transition.owner.kind != "DaemonSet" or not transition.new:
            continue
        selector = after.selector(transition.owner)
        if any(
            pods.owner.kind == "Pod" and matches(selector, pods.labels) for pods in transition.old
        ):
            yield transition.owner


def blocked_adoptions(before: Cluster, after: Cluster) -> Iterator[Key]:
    """The StatefulSets that find bare Pods with the names of their own Pods and without the volumes
    of their claim templates. A Pod's volumes can't be changed.
    """
    for transition in transitions(before, after):
        templates = {
            template["metadata"]["name"]
            for pods in transition.new
            for template in pods.source.data["spec"].get("volumeClaimTemplates") or ()
        }
        if any(
            templates - {volume["name"] for volume in pods.spec.get("volumes") or ()}
            for pods in transition.old
            if pods.owner.kind == "Pod"
            and pods.owner.name.rpartition("-")[0] == transition.owner.name
        ):
            yield transition.owner


def concurrent_writers(
    before: Cluster, after: Cluster, gone_first: Collection[Key] = (), *, ports: bool = False
) -> Iterator[str]:
    """Containers that run under two controllers at some moment of a step, and write to one volume.

    Args:
        before: what was applied.
        after: what is applied now.
        gone_first: the controllers whose old Pods are gone before the new ones start.
        ports: whether containers count too that want one port of a node; the second one waits.
    """
    existing = [
        pods
        for transition in transitions(before, after, gone_first)
        for pods in (*(() if transition.old_gone_first else transition.old), *transition.new)
    ]
    for first, second in combinations(existing, 2):
        if first.owner == second.owner:
            continue
        if _ran_side_by_side(first, second, before=before, after=after):
            continue
        if second.owner.kind == "StatefulSet" and re.fullmatch(
            rf"{re.escape(second.owner.name)}-\d+", first.owner.name
        ):
            continue  # a StatefulSet takes over the Pods that have the names of its own
        for container in first.containers:
            shared = _exclusive_resources(container, first, ports=ports) & _exclusive_resources(
                container, second, ports=ports
            )
            if shared and second.has_container(container.identity):
                yield (
                    f"{container.identity} runs in {first.owner} and in {second.owner}, both on"
                    f" {sorted(shared)}"
                )


def _ran_side_by_side(first: Pods, second: Pods, *, before: Cluster, after: Cluster) -> bool:
    """Whether two controllers, or what they take over from, were there before: bare Pods, or
    workloads that lose the containers.
    """
    first_origins, second_origins = (_origins(pods, before, after) for pods in (first, second))
    takes_over = second.owner in first_origins or first.owner in second_origins
    return not takes_over and any(
        one != other for one, other in product(first_origins, second_origins)
    )


def _origins(pods: Pods, before: Cluster, after: Cluster) -> set[Key]:
    if pods.owner in before.pods:
        return {pods.owner}
    identities = {container.identity for container in pods.containers}
    losing = {
        old.owner
        for old in before.pods.values()
        if old.owner.namespace == pods.owner.namespace
        and old.owner in after.pods
        and any(
            container.identity in identities
            and not after.pods[old.owner].has_container(container.identity)
            for container in old.containers
        )
    }
    return losing | {bare.owner for bare in _bare_predecessors(before, after, pods)}


def _exclusive_resources(container: Container, pods: Pods, *, ports: bool) -> set[str]:
    """What only one Pod can have: data that a container writes to and that outlives the Pod; with
    `ports` also ports of the node.
    """
    found = set()
    for port in (container.data.get("ports") or ()) if ports else ():
        number = port.get("hostPort") or (
            port.get("containerPort") if pods.spec.get("hostNetwork") else None
        )
        if number:
            found.add(f"node port {number}")
    volumes = {volume.get("name"): volume for volume in pods.spec.get("volumes") or ()}
    for mount in container.data.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name"), _CLAIM_TEMPLATE)
        if not mount.get("readOnly") and set(volume) - EPHEMERAL_VOLUME_KEYS:
            found |= pods.volume_sources(mount["name"])
    return found
