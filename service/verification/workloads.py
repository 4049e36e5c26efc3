"""One workload in one stage of a rewrite, held against what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from service.change import WorkloadPlan
from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import Catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import ContainerType, Stage
from service.kube.bare_pods import reason_to_stay_bare
from service.kube.containers import Container
from service.kube.dependents import names_workload, scalers_of
from service.kube.objects import ManifestSet, Resource, as_mapping, value_at
from service.kube.splits import objects_split_from, unmarked
from service.kube.workloads import (
    Workload,
    controllers_selecting,
    pods_with_labels,
    selects,
    workload_at,
    workloads_of,
)
from service.lazy import cached_property
from service.options import Options
from service.verification.coverage import (
    Covered,
    find_doubled_budgets,
    find_lost_coverage,
    find_new_objects,
)
from service.verification.equality import are_equal_but_for, is_container_preserved, mounted_volumes
from service.verification.localhost import find_lost_listeners
from service.verification.pods import (
    changed_fields,
    has_its_annotations,
    has_its_labels,
    is_only_stopped,
    makes_as_many_pods,
    pinned_nodes,
    replaces_pods_alike,
    starts_containers_alike,
    stays_with_its_data,
)
from service.verification.policies import find_blocked, find_unneeded_traffic
from service.verification.services import (
    StageTransition,
    find_misdirected_addresses,
    find_misrouted_services,
)
from service.yamldoc.operations import Remove

_COMPARED_ELSEWHERE = ("replicas", "suspend", "selector", "strategy")
"""Fields of a controller's spec that have checks of their own."""

Problem: TypeAlias = tuple[str, str]
"""The id of a check that doesn't hold, and what is wrong."""
Problems: TypeAlias = Iterator[Problem]


@dataclass(frozen=True, slots=True)
class StageSets:
    """What all workloads of a stage stand in."""

    before: ManifestSet
    """The set as it was sent."""
    after: ManifestSet
    """The set in the stage."""
    stage: Stage
    """The stage."""
    new_names: frozenset[str]
    """The names of all new workloads, those of later stages included."""


def find_successors(plan: WorkloadPlan, sets: StageSets) -> tuple[Workload, ...] | None:
    """The workloads that the old one's containers are in in a stage, its own first; None if one
    is missing.
    """
    wanted = [
        plan.becomes,
        *((move.kind, move.name) for move in plan.moves if move.stage <= sets.stage),
    ]
    found = [_find_workload(plan, sets, kind, name) for kind, name in wanted]
    successors = tuple(workload for workload in found if workload is not None)
    return successors if len(successors) == len(wanted) else None


def _find_workload(plan: WorkloadPlan, sets: StageSets, kind: str, name: str) -> Workload | None:
    resource = plan.workload.resource
    new = plan.objects_by_name.get((kind, name))
    if new is not None:
        path = new.file
    else:
        begun = (
            made.path
            for made in objects_split_from(plan.workload, sets.before)
            if (made.kind, made.name) == (kind, name)
        )
        path = next(begun, resource.path)
    return workload_at(kind, name, path, resource.namespace, sets.after)


@dataclass(frozen=True, eq=False)
class WorkloadCheck:
    """One workload in one stage."""

    sets: StageSets
    """What it stands in."""
    plan: WorkloadPlan
    """What is planned for it."""
    catalogue: Catalogue
    """The known images."""
    previous: Sequence[Workload]
    """The workloads that its containers were in in the stage before."""
    previous_set: ManifestSet
    """The set in the stage before."""
    successors: tuple[Workload, ...]
    """The workloads that they are in now, its own first."""
    known: Mapping[Workload, Sequence[Problem]] = field(default_factory=dict)
    """What `differences` found of the workloads of the stage before. One that stands word for word
    as it did is the same workload, and isn't compared again.
    """

    @cached_property
    def differences(self) -> dict[Workload, Sequence[Problem]]:
        """By successor: what its Pods have that they had not, whatever the stage."""
        found = {}
        for place, successor in enumerate(self.successors):
            own = self.known.get(successor)
            if own is None:
                own = tuple(self._differences(successor, is_moved=place > 0))
            found[successor] = own
        return found

    def problems(self, options: Options) -> Problems:
        """Everything that is wrong.

        Args:
            options: the run's.
        """
        checks = (
            self._containers,
            self._object,
            self._number_of_pods,
            self._copies,
            self._config_maps,
            self._selectors,
            self._services,
            self._policies,
        )
        for check in checks:
            yield from check()
        for own in self.differences.values():
            yield from own
        if self.sets.stage is Stage.CONTRACT:
            yield from self._localhost()
            yield from self._unfinished_changes(options)

    @property
    def _old(self) -> Workload:
        return self.plan.workload

    def _containers(self) -> Problems:
        there = [successor.containers_by_name for successor in self.successors]
        moves = [move for move in self.plan.moves if move.stage <= self.sets.stage]
        for container in self._old.containers:
            if container.type is ContainerType.EPHEMERAL:
                continue
            name = container.name
            moved = [place for place, move in enumerate(moves, start=1) if name in move.containers]
            found = [place for place, own in enumerate(there) if name in own]
            is_last = self.sets.stage is Stage.CONTRACT
            stays = not is_last or not moved or self._stays_too(container)
            expected = [0, *moved] if stays else moved
            if found != expected:
                yield (
                    "containers",
                    (
                        f"{name} is in {len(found)} workloads, not in {len(expected)}, in stage"
                        f" {self.sets.stage.label}"
                    ),
                )

    def _object(self) -> Problems:
        """A controller that was there is what it was but for its Pods and how many it makes, which
        have checks of their own; what a Pod becomes has its labels.
        """
        old, now = self._old.resource, self.successors[0].resource
        if self._old.is_pod:
            if not self.plan.copies and not old.labels.items() <= now.labels.items():
                yield "references", f"{now.title} doesn't have the labels of {old.title}"
            return
        parts = frozenset({self._old.template, *(("spec", field) for field in _COMPARED_ELSEWHERE)})
        if not are_equal_but_for(unmarked(old), unmarked(now), parts):
            yield "references", f"{now.title} has changed in more than its Pods"

    def _stays_too(self, container: Container) -> bool:
        """Whether a container that is copied to a new workload stays in the old one too."""
        removed = {
            step.operation.route for step in self.plan.steps if isinstance(step.operation, Remove)
        }
        route = (*self._old.resource.route, *container.route)
        return route not in removed and route[:-1] not in removed

    def _differences(self, successor: Workload, *, is_moved: bool) -> Problems:
        """What the Pods of a successor have that they had not, asked of the two alone."""
        old = self._old
        before = old.containers_by_name
        for container in successor.containers:
            was = before.get(container.name)
            if was is not None and not is_container_preserved(was, container):
                yield "containers", f"{container.name} has changed in {successor.title}"
        if not starts_containers_alike(old, successor):
            yield (
                "containers",
                f"{successor.title} doesn't start the containers of {old.title} as it did",
            )
        if not replaces_pods_alike(old, successor, is_moved=is_moved):
            yield (
                "containers",
                (
                    f"{successor.title} doesn't replace its Pods as {old.title} did, or starts"
                    " a second one on the same data"
                ),
            )
        if not self.plan.copies and not stays_with_its_data(old, successor):
            yield "containers", f"{successor.title} leaves the node where its data is"
        if not (
            has_its_labels(old, successor, is_moved=is_moved)
            and has_its_annotations(old, successor, is_moved=is_moved)
        ):
            yield (
                "references",
                (
                    f"the Pods of {successor.title} don't have the labels and annotations of"
                    f" those of {old.title}"
                ),
            )
        for place in changed_fields(
            old, successor, is_moved=is_moved, is_merged=bool(self.plan.copies)
        ):
            yield "references", f"{place} of {successor.title} is not what it was"
        yield from self._mounts(successor)

    def _number_of_pods(self) -> Problems:
        old, count = self._old, len(self.plan.copies) + 1
        for place, successor in enumerate(self.successors):
            is_moved = place > 0
            if self._has_to_be_stopped and not is_moved:
                if not is_only_stopped(old, successor):
                    yield (
                        "containers",
                        (
                            f"{successor.title} still runs in stage {self.sets.stage.label}, and"
                            " what moves must not run twice"
                        ),
                    )
            elif not makes_as_many_pods(old, successor, count, is_moved=is_moved):
                yield (
                    "containers",
                    (
                        f"{successor.title} doesn't make the Pods that {old.title} made, in number"
                        " or in time"
                    ),
                )

    @property
    def _has_to_be_stopped(self) -> bool:
        """Whether the old Pods have to end in this stage, as what moves comes with the next."""
        is_before_last = self.sets.stage is Stage.SWITCH
        return is_before_last and any(move.stage is Stage.CONTRACT for move in self.plan.moves)

    def _mounts(self, successor: Workload) -> Problems:
        for old in (self._old, *self.plan.copies):
            containers = old.containers_by_name
            for container in successor.containers:
                was = containers.get(container.name)
                if was is None or mounted_volumes(old, was, old) != mounted_volumes(
                    successor, container, old
                ):
                    yield (
                        "mounts",
                        f"{container.name} mounts something else than it did in {old.title}",
                    )

    def _copies(self) -> Problems:
        """Other Pods that a controller stands for: as many as there were, with the same
        containers, and gone themselves.
        """
        copies, own = self.plan.copies, self.successors[0]
        if not copies:
            return
        again = {
            container.name: container
            for successor in self.successors
            for container in successor.containers
        }
        for copy in copies:
            if self.sets.after.find_same(copy.resource):
                yield "containers", f"{copy.title} is still there beside {own.title}"
            if any(
                container.name not in again
                or not is_container_preserved(container, again[container.name])
                for container in copy.containers
            ):
                yield "containers", f"{own.title} doesn't have the containers of {copy.title}"
        nodes = sorted(node for pod in (self._old, *copies) for node in pinned_nodes(pod))
        if nodes != pinned_nodes(own):
            yield "containers", f"{own.title} doesn't run on the nodes that its Pods were on"

    def _config_maps(self) -> Problems:
        configs = [step.resource for step in self.plan.steps if step.resource.kind == "ConfigMap"]
        for config in dict.fromkeys(configs):
            now = self.sets.after.find_same(config)
            if now is None or now.data.get("data") != self._rewired_data(config):
                yield (
                    "references",
                    f"{config.title} is not what it was, but for the rewired addresses",
                )

    def _rewired_data(self, config: Resource) -> dict[str, Any]:
        """The data of a ConfigMap with the addresses that the plan puts into it up to this
        stage.
        """
        data = dict(as_mapping(config.data.get("data")))
        for resource, operation in self.plan.config_map_values(self.sets.stage):
            if resource is config:
                data[str(operation.route[-1])] = operation.value
        return data

    def _selectors(self) -> Problems:
        after = self.sets.after
        own = {successor.resource for successor in self.successors}
        for successor in self.successors:
            if not _matches_itself(successor):
                yield (
                    "selectors",
                    (
                        f"the selector of {successor.title} doesn't match its own template, or asks"
                        " for nothing"
                    ),
                )
            here = successor.resource
            for other in controllers_selecting(successor.labels, after, here):
                if other.resource is not here and not self._was_selected_by(other, own):
                    yield (
                        "selectors",
                        f"the selector of {other.title} also matches the Pods of {successor.title}",
                    )
            for resource, labels in pods_with_labels(successor.selector, after, here):
                is_met = resource not in own and selects(successor, labels)
                if is_met and not self._selected_before(successor, labels):
                    yield (
                        "selectors",
                        (
                            f"the selector of {successor.title} also matches the Pods of"
                            f" {resource.title}"
                        ),
                    )
        first = self.successors[0].resource
        was = self._old.resource.spec.get("selector")
        if not self._old.is_pod and first.spec.get("selector") != was:
            yield "selectors", f"the selector of {first.title} has changed, which it can't"

    def _was_selected_by(self, other: Workload, own: set[Resource]) -> bool:
        """Whether another workload's controller matched the old Pods already."""
        return other.resource not in own and selects(other, self._old.labels)

    def _selected_before(self, successor: Workload, labels: dict[str, str]) -> bool:
        """Whether the workload's selector matched those Pods in the set as it was sent."""
        old = self.sets.before.find_same(successor.resource)
        return old is not None and any(selects(workload, labels) for workload in workloads_of(old))

    def _services(self) -> Problems:
        transition = StageTransition(
            plan=self.plan,
            catalogue=self.catalogue,
            stage=self.sets.stage,
            previous=self.previous,
            previous_set=self.previous_set,
            successors=self.successors,
        )
        for message in find_misrouted_services(self.sets.before, self.sets.after, transition):
            yield "services", message
        for message in find_misdirected_addresses(self.sets.after, transition):
            yield "services", message

    def _localhost(self) -> Problems:
        lost = find_lost_listeners(self.plan, self.successors, self.sets.after, self.catalogue)
        for message in lost:
            yield "localhost", message

    def _policies(self) -> Problems:
        for message in self._policy_problems():
            yield "policies", f"{message}, in stage {self.sets.stage.label}"

    def _policy_problems(self) -> Iterator[str]:
        after = self.sets.after
        yield from find_lost_coverage(
            Covered(self.sets.before, after, self._old, self.successors, self.sets.new_names)
        )
        pods = (*self.previous, *self.successors)
        yield from find_doubled_budgets(
            self.sets.before, self._old, (self.previous_set, after), pods
        )
        for new in self.plan.objects:
            is_scaler = new.kind == new.after.kind and names_workload(new.after)
            for resource in find_new_objects(after, new):
                if resource.kind == "NetworkPolicy":
                    yield from find_unneeded_traffic(after, resource, self.successors)
                if is_scaler and not any(
                    resource in scalers_of(successor, after) for successor in self.successors
                ):
                    yield f"{resource.title} is for none of the workloads"
        if self.sets.stage is Stage.CONTRACT:
            for source, target, port in self.plan.traffic:
                yield from find_blocked(
                    after, self.successors[source], self.successors[target], port
                )

    def _unfinished_changes(self, options: Options) -> Problems:
        actions = self.plan.actions
        for successor in self.successors:
            if successor.bare and reason_to_stay_bare(successor) is None and "wrap" in actions:
                yield "settled", f"{successor.title} is still a bare Pod"
            if "split" not in actions:
                continue
            context = PodContext(successor, self.sets.after, self.catalogue)
            again = classify(context, load_weights())
            wanted = options.for_path(successor.resource.path).min_confidence
            if len(again.joined(wanted).groups) > 1:
                yield "settled", f"{successor.title} still holds several applications"


def _matches_itself(workload: Workload) -> bool:
    """Whether a controller's selector, where its kind has one, matches its own template."""
    if workload.kind is None or workload.kind.selector == "none":
        return True
    asks = workload.selector or value_at(workload.resource.spec, "selector", "matchExpressions")
    return bool(asks) and selects(workload, workload.labels)
