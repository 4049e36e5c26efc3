"""How a workload is split: what stays, what moves, and all that follows from it."""

from __future__ import annotations

import re
from dataclasses import replace

from service.actions.context import Candidate, Refused
from service.actions.kustomizations import Made, check_split
from service.actions.label_overlaps import selects_newly
from service.actions.names import joined, short
from service.actions.split.addresses import Rewiring, rewire
from service.actions.split.autoscalers import follow_scalers
from service.actions.split.eligibility import check, check_moving
from service.actions.split.hazards import check_hazards
from service.actions.split.policies import follow_traffic
from service.actions.split.selectors import Division, Following, follow_selections
from service.actions.split.services import SHARED_LABEL, Boundary, Retargeting, retarget
from service.actions.split.template import Group, workload_of
from service.actions.split.volumes import check_volumes
from service.actions.wrap.controllers import Wrapping
from service.change import Move, NewObject, Proposal, Step
from service.classification.init_containers import prepared_groups
from service.classification.observation import Claim
from service.findings import Applicability, ContainerType, Leans, Role, Stage
from service.kube.containers import Container
from service.kube.dependents import objects_mentioning
from service.kube.objects import as_mappings, as_text, value_at
from service.kube.services import ServiceLink, services_of
from service.kube.workloads import uses_host_port, writes_persistent_data
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue

_LABEL_KEYS = ("app.kubernetes.io/component", "app.kubernetes.io/name", "app", "k8s-app", "name")
"""The labels in which a moved group may differ, the best first."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")
_DEPLOYMENT = ("apps/v1", "Deployment")


def decide(
    candidate: Candidate, min_confidence: float, wrapping: Wrapping | None
) -> tuple[Proposal, dict[str, str]]:
    """How a workload is split.

    Args:
        candidate: the workload.
        min_confidence: below it nothing is cut.
        wrapping: the controller that a bare Pod gets by the same rewrite.

    Returns:
        The proposal, and the labels that the old template gets for Services.

    Raises:
        Refused: it can't be, or not safely.
    """
    check(candidate, min_confidence, wrapping)
    plan = _Split(candidate, wrapping, min_confidence)
    return plan.proposal(), plan.shared_labels


class _Split:
    """The plan of one split."""

    def __init__(
        self, candidate: Candidate, wrapping: Wrapping | None, min_confidence: float
    ) -> None:
        self._situation = candidate
        self._workload = candidate.workload
        self._resource = candidate.resource
        self._wrapping = wrapping
        self._groups = self._ordered_groups()
        for group in self._groups[1:]:
            check_moving(candidate.classification, group, min_confidence)
        self._group_of = {
            each.index: number for number, group in enumerate(self._groups) for each in group
        }
        self._prepares = self._prepared()
        self._links: tuple[ServiceLink, ...] = services_of(self._workload, candidate.manifests)
        check_hazards(candidate, self._links, self._group_of)
        members = [self._of_group(number) for number in range(len(self._groups))]
        check_volumes(candidate, members, self._group_of, self._new_kind()[1])
        self._boundary = self._bounded()
        self._retargeting: Retargeting = retarget(candidate, self._links, self._boundary)
        self._rewiring: Rewiring = rewire(candidate, self._links, self._boundary)
        self._stages = self._staged()
        division = self._division()
        self._following: tuple[Following, ...] = (
            follow_selections(candidate, division),
            follow_scalers(candidate, division),
            follow_traffic(candidate, division),
        )

        self._customised = check_split(
            candidate,
            self._boundary.key,
            frozenset(each.name for each in self._workload.containers)
            - {each.name for each in self._of_group(0)},
            self._made(),
            [step.resource for step in self._steps()],
            addressed=bool(
                self._rewiring.values or self._rewiring.settings or self._rewiring.objects
            ),
        )

    def _made(self) -> list[Made]:
        """What there will be besides, for kustomizations."""
        found = [
            Made(
                self._new_kind()[1],
                self._boundary.names[number],
                frozenset(each.name for each in self._of_group(number)),
            )
            for number in range(1, len(self._groups))
        ]
        others = [
            *self._rewiring.objects,
            *(made for each in self._following for made in each.objects),
        ]
        return found + [Made(made.kind, made.name, frozenset()) for made in others]

    @property
    def shared_labels(self) -> dict[str, str]:
        """What the old template is labelled with."""
        value = self._retargeting.shared_label
        return {SHARED_LABEL: value} if value else {}

    def proposal(self) -> Proposal:
        """The change."""
        heads = [group[0].name for group in self._groups]
        what = "a workload of its own" if len(heads) == 2 else "workloads of their own"
        title = f"give {', '.join(heads[1:])} of {self._workload.title} {what}"
        objects = [self._new_workload(number) for number in range(1, len(self._groups))]
        moves = tuple(
            Move(
                tuple(each.name for each in self._of_group(number)),
                objects[number - 1].title,
                objects[number - 1].stage,
            )
            for number in range(1, len(self._groups))
        )
        followed = [assumption for each in self._following for assumption in each.assumptions]
        told = (
            *self._assumptions(),
            *self._retargeting.assumptions,
            *self._rewiring.assumptions,
            *followed,
            *self._customised,
        )
        assumptions = (*dict.fromkeys(told), "gap-if-applied-at-once")
        return Proposal(
            "split",
            self._workload,
            title,
            Applicability.REVIEW,
            assumptions,
            tuple(self._steps()),
            (
                *objects,
                *self._rewiring.objects,
                *(made for each in self._following for made in each.objects),
            ),
            moves,
            traffic=frozenset(self._rewiring.traffic | self._rewiring.guessed),
            needs="wrap" if self._wrapping else None,
        )

    # Groups

    def _ordered_groups(self) -> tuple[tuple[Container, ...], ...]:
        """The groups; one that uses a StatefulSet's claim templates stays, whichever that is.

        Raises:
            Refused: two of them do.
        """
        groups = self._situation.classification.groups
        templates = {
            as_text(value_at(each, "metadata", "name"))
            for each in as_mappings(self._resource.spec.get("volumeClaimTemplates"))
        }
        users = [
            group
            for group in groups
            if any(mount.volume in templates for each in group for mount in each.mounts)
        ]
        if len(users) > 1:
            raise Refused(
                "claim-templates",
                "two groups use the StatefulSet's claim templates: new claims for one of them would"
                " lose its data",
            )
        if users and users[0] is not groups[0]:
            groups = (users[0], *(group for group in groups if group is not users[0]))
        stray = [
            each
            for group in groups[1:]
            for each in group[1:]
            if self._is_stray(group[0], each, groups[0])
        ]
        return (
            (*groups[0], *stray),
            *(tuple(each for each in group if each not in stray) for group in groups[1:]),
        )

    def _is_stray(
        self, head: Container, container: Container, primary: tuple[Container, ...]
    ) -> bool:
        """Whether nothing ties a container to the group that it fell to: it stays where it is."""
        classification = self._situation.classification
        said = classification.pair(head, container).evidence
        tied = any(
            each.claim is Claim.TOGETHER or each.other in (head, container)
            for each, _, leans in said
            if leans is Leans.TOGETHER
        )
        fits = all(classification.pair(each, container).score > 0 for each in primary)
        return (
            fits
            and not tied
            and len(classification.verdict(container).serves) < len(classification.groups)
        )

    def _prepared(self) -> dict[int, tuple[int, ...]]:
        """The groups that each init container prepares."""
        return {
            each.index: prepared_groups(self._workload, each, self._groups)
            for each in self._workload.containers
            if each.type is ContainerType.INIT
        }

    def _of_group(self, number: int) -> list[Container]:
        """The containers of a group, init containers and sidecars of the whole Pod included, in
        the order of the manifest.
        """
        return [
            each
            for each in self._workload.containers
            if self._group_of.get(each.index) == number
            or number in self._prepares.get(each.index, ())
            or self._serves(each, number)
        ]

    def _serves(self, container: Container, number: int) -> bool:
        """Whether a sidecar of another group helps this one too."""
        if container.index not in self._group_of:
            return False
        verdict = self._situation.classification.verdict(container)
        return (
            verdict.role is Role.SIDECAR
            and self._groups[number][0].name in verdict.serves
            and self._group_of[container.index] != number
        )

    # Names and labels

    def _bounded(self) -> Boundary:
        selector = self._wrapping.selector if self._wrapping else self._workload.selector
        if (
            self._wrapping is None
            and self._workload.kind is not None
            and self._workload.kind.selector == "none"
        ):
            selector = {
                key: value for key, value in self._workload.labels.items() if key in _LABEL_KEYS
            } or dict(self._workload.labels)
        labels = {**self._workload.labels, **(self._wrapping.labels if self._wrapping else {})}
        if any(labels.get(key) != value for key, value in selector.items()):
            raise Refused(
                "selector",
                "its selector doesn't match the labels of its own template: mend that first",
            )
        if (
            not selector
            and self._workload.kind is not None
            and self._workload.kind.kind != "CronJob"
        ):
            raise Refused(
                "selector",
                "it has no matchLabels, so no label tells its Pods from others: add one to selector"
                " and template",
            )
        key = next(
            (each for each in _LABEL_KEYS if each in selector),
            next(iter(selector), "app.kubernetes.io/name"),
        )
        kind = self._new_kind()[1]
        limit = 52 if kind in ("CronJob", "StatefulSet") else 63
        names = [(self._wrapping and self._wrapping.name) or self._workload.name]
        names += [
            self._situation.names.give(
                kind, short(joined(names[0], group[0].name), limit), self._resource
            )
            for group in self._groups[1:]
        ]
        if not all(_NAME.match(name) for name in names[1:]):
            raise Refused(
                "name",
                "the names of the workload and its containers don't make a valid name for a new"
                " workload: mend them first",
            )
        shared = tuple(
            {**labels, key: name} if number else labels for number, name in enumerate(names)
        )
        for number, new in enumerate(shared[1:], start=1):
            other = selects_newly(self._situation, new)
            if other is not None:
                message = (
                    f"{other.title} selects by the label that the Pods of {names[number]} would get"
                    f" ({key}): see what it is for"
                )
                raise Refused("selector-overlap", message)
        return Boundary(
            self._group_of,
            key,
            shared,
            tuple(names),
            tuple(each for each in selector if each in labels) or (key,),
        )

    def _new_kind(self) -> tuple[str, str]:
        kind = self._workload.kind
        if kind is not None and kind.split_into == kind.kind and kind.kind != "Deployment":
            return self._resource.api_version, kind.kind
        return _DEPLOYMENT

    # What is done to the old workload

    def _steps(self) -> list[Step]:
        result = [Step(self._resource, operation) for operation in self._in_place()]
        return (
            result
            + self._retargeting.steps
            + self._settings()
            + [step for each in self._following for step in each.steps]
        )

    def _settings(self) -> list[Step]:
        """Addresses in ConfigMaps change when the Pods that read them do: new ones are made, or
        the old ones again.
        """
        found = []
        for (_, route), setting in self._rewiring.settings.items():
            stage = self._stages[setting.group] if setting.group else Stage.CONTRACT
            found.append(
                Step(
                    setting.resource,
                    SetValue((*setting.resource.route, *route), setting.text, int(stage)),
                )
            )
        return found

    def _in_place(self) -> list[Operation]:
        at = self._situation.absolute
        result: list[Operation] = []
        for operations in self._retargeting.template.values():
            result += [replace(operation, stage=int(Stage.EXPAND)) for operation in operations]
        if self._wrapping is None and self.shared_labels:
            result.append(
                AddEntry(
                    at(*self._workload.template, "metadata", "labels"),
                    SHARED_LABEL,
                    self.shared_labels[SHARED_LABEL],
                    int(Stage.EXPAND),
                )
            )
        staying = {each.index for each in self._of_group(0)}
        contract = int(Stage.CONTRACT)
        result += self._without_containers(staying, contract)
        for index, values in self._rewiring.values.items():
            if index in staying:
                result += [SetValue(at(*route), value, contract) for route, value in values]
        return result + self._without_volumes(staying, contract)

    def _without_containers(self, staying: set[int], stage: int) -> list[Operation]:
        """Moved containers go; so does the key of init containers where none is left."""
        at = self._situation.absolute
        result: list[Operation] = []
        for field in ("containers", "initContainers"):
            listed = [
                each
                for each in self._workload.containers
                if each.route[len(self._workload.pod_route)] == field
            ]
            gone = [each for each in listed if each.index not in staying]
            whole = bool(gone) and len(gone) == len(listed)
            result += (
                [Remove(at(*self._workload.pod_route, field), stage)]
                if whole
                else [Remove(at(*each.route), stage) for each in gone]
            )
        return result

    def _without_volumes(self, staying: set[int], stage: int) -> list[Operation]:
        """Volumes that only moved containers mount go with them; those that nobody mounted stay."""
        used = {
            mount.volume
            for each in self._workload.containers
            if each.index in staying
            for mount in each.mounts
        }
        moved = {
            mount.volume
            for each in self._workload.containers
            if each.index not in staying
            for mount in each.mounts
        }
        volumes = as_mappings(self._workload.pod.get("volumes"))
        gone = [
            index
            for index, volume in enumerate(volumes)
            if as_text(volume.get("name")) in moved - used
        ]
        route = self._situation.absolute(*self._workload.pod_route, "volumes")
        if gone and len(gone) == len(volumes):
            return [Remove(route, stage)]
        return [Remove((*route, index), stage) for index in gone]

    # The new workloads

    def _new_workload(self, number: int) -> NewObject:
        kind = self._new_kind()
        stage = self._stages[number]
        if stage is Stage.CONTRACT and kind[1] == "DaemonSet":
            message = (
                "a moved container keeps data or a port of the node, and a DaemonSet can't be"
                " scaled to 0 in between: divide it by hand"
            )
            raise Refused("daemon-set-data", message)
        members = self._of_group(number)
        inside = {each.index: self._inside(each) for each in members}
        replicas = next(
            (each.replicas[number] for each in self._following if number in each.replicas), None
        )
        group = Group(
            number,
            kind,
            members,
            inside,
            self.shared_labels,
            replicas,
            keeps_data=self._keeps_data(number),
        )
        tree = workload_of(self._situation, self._wrapping, self._boundary, group)
        return NewObject(self._resource, tree, f"{kind[1]}/{self._boundary.names[number]}", stage)

    def _inside(self, container: Container) -> list[Operation]:
        """What is done inside the text of a container that moves."""
        values = self._rewiring.values.get(container.index, [])
        return [
            *self._retargeting.template.get(container.index, []),
            *(SetValue(self._situation.absolute(*route), value) for route, value in values),
        ]

    def _staged(self) -> tuple[Stage, ...]:
        """From which stage on each group has a workload of its own."""
        # Two servers on one data directory destroy it: what keeps data starts only where the old
        # one has left, its callers not before.
        late = {
            number
            for number in range(1, len(self._groups))
            if self._keeps_data(number) or self._runs_once()
        }
        for _ in self._groups:
            late |= {
                source for source, target, _ in self._rewiring.traffic if target in late and source
            }
        return (
            Stage.EXPAND,
            *(
                Stage.CONTRACT if number in late else Stage.SWITCH
                for number in range(1, len(self._groups))
            ),
        )

    def _runs_once(self) -> bool:
        """Whether its containers must never run beside another copy of themselves: jobs would be
        done twice.
        """
        return (
            self._resource.kind == "CronJob"
            or value_at(self._resource.spec, "strategy", "type") == "Recreate"
        )

    def _division(self) -> Division:
        """The split as other objects see it."""
        context = self._situation.classification.context
        numbers = range(len(self._groups))
        own = (
            (self._wrapping.api_version, self._wrapping.kind)
            if self._wrapping
            else (self._resource.api_version, self._resource.kind)
        )
        return Division(
            self._workload,
            self._boundary,
            (own, *(self._new_kind() for _ in numbers[1:])),
            tuple(frozenset(each.name for each in self._of_group(number)) for number in numbers),
            self._stages,
            tuple(
                self._keeps_data(number) or context.keeps_state(self._groups[number][0])
                for number in numbers
            ),
            frozenset(self._rewiring.traffic | self._rewiring.guessed),
        )

    def _is_database(self, container: Container) -> bool:
        entry = self._situation.classification.context.catalogue_entry(container)
        return entry is not None and entry.stands_alone and entry.category == "datastore"

    def _keeps_data(self, number: int) -> bool:
        """Whether a group writes to a volume that outlives its Pod, or holds a port of the node."""
        return any(
            writes_persistent_data(self._workload, each) or uses_host_port(self._workload, each)
            for each in self._of_group(number)
        )

    def _assumptions(self) -> list[str]:
        found = [
            f"{name} {'takes over data or a port of the node' if data else 'must not run twice'}:"
            f" no Pod of {self._boundary.names[0]} runs any more when the stage contract is applied"
            for number, name in enumerate(self._boundary.names)
            if number and ((data := self._keeps_data(number)) or self._runs_once())
        ]
        found += [
            f"the data of {self._groups[number][0].name} doesn't move along: it is in the old Pods"
            " only; save it first, and give it a claim"
            for number in range(1, len(self._groups))
            if not self._keeps_data(number) and self._is_database(self._groups[number][0])
        ]
        if (
            self._wrapping is not None
            and "strategy" in self._wrapping.fields
            and not self._keeps_data(0)
        ):
            found.append(
                f"{self._boundary.names[0]} needs the strategy Recreate no more once the data has"
                " moved: remove it then"
            )
        by_hand = self._resource.kind in ("ReplicaSet", "ReplicationController")
        if by_hand or value_at(self._resource.spec, "updateStrategy", "type") == "OnDelete":
            found.append(
                f"the running Pods of {self._resource.name} keep the old template: they are deleted"
                " after the stages expand and contract"
            )
        key, value = self._boundary.key, self._boundary.labels[0].get(self._boundary.key, "")
        found += [
            f"{other.title} asks for the label {key}: {value}, which the moved Pods don't have: see"
            " whether it is meant for them too"
            for other in objects_mentioning(self._situation.manifests, key, value)
            if other is not self._resource
            and self._situation.manifests.can_see(self._resource, other)
        ]
        for container in self._workload.containers:
            numbers = self._prepares.get(container.index)
            if numbers is not None and len(numbers) > 1:
                found.append(
                    f"the init container {container.name} prepares several groups and runs in each"
                )
        return found
