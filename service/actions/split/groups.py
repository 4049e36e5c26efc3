"""Who goes where: the groups of a workload, as they are after a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.classification.classify import Classification
from service.classification.init_containers import prepared_groups
from service.classification.observation import Claim
from service.findings import ContainerType, Leans, Role
from service.kube.containers import Container
from service.kube.objects import as_mappings, as_text, value_at
from service.kube.workloads import Workload, uses_host_port, writes_persistent_data
from service.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Partition:
    """The groups of a workload. Group 0 stays; each other one gets a workload of its own."""

    groups: tuple[tuple[Container, ...], ...]
    """The classified containers of each group, its head first."""
    group_of: Mapping[int, int]
    """The group of each classified container, by its index."""
    members: tuple[tuple[Container, ...], ...]
    """All containers of each group in the order of the manifest: init containers, and sidecars
    that serve several groups, are in each of theirs.
    """
    init_groups: Mapping[int, tuple[int, ...]]
    """The groups that each init container prepares, by its index."""

    @property
    def moved(self) -> range:
        """The groups that move."""
        return range(1, len(self.groups))

    def names(self, group: int) -> frozenset[str]:
        """The names of a group's containers."""
        return frozenset(container.name for container in self.members[group])


def divide_containers(candidate: Candidate) -> Partition:
    """Which containers stay and which move.

    Raises:
        Refused: two groups use the claim templates of a StatefulSet, or an init container can go
            with no group.
    """
    groups = _ordered_groups(candidate)
    group_of = {
        container.index: number for number, group in enumerate(groups) for container in group
    }
    workload = candidate.workload
    init_groups = {
        container.index: prepared_groups(candidate.classification.context, container, groups)
        for container in workload.containers
        if container.type is ContainerType.INIT
    }

    for container in workload.containers:
        if init_groups.get(container.index, True) == () and len(groups) > 1:
            message = (
                f"the init container {container.name} waits for or calls every group, and would"
                " wait for its own Pod: divide it by hand"
            )
            raise Refused(Refusal.INIT_CONTAINER, message)

    def belongs(container: Container, number: int) -> bool:
        if container.type is ContainerType.INIT:
            return number in init_groups[container.index]
        if container.index not in group_of:
            return False
        head = groups[number][0]
        return group_of[container.index] == number or _helps(
            candidate.classification, container, head
        )

    members = tuple(
        tuple(container for container in workload.containers if belongs(container, number))
        for number in range(len(groups))
    )
    return Partition(groups, group_of, members, init_groups)


def keeps_data(workload: Workload, members: tuple[Container, ...]) -> bool:
    """Whether containers write to a volume that outlives their Pod, or hold a port of the node."""
    return any(
        writes_persistent_data(workload, container) or uses_host_port(workload, container)
        for container in members
    )


def _helps(classification: Classification, container: Container, head: Container) -> bool:
    """Whether a container is a sidecar that serves a group's head."""
    verdict = classification.verdict(container)
    return verdict.role is Role.SIDECAR and head.name in verdict.serves


def _ordered_groups(candidate: Candidate) -> tuple[tuple[Container, ...], ...]:
    """The groups; one that uses a StatefulSet's claim templates stays, whichever that is.

    Raises:
        Refused: two of them do.
    """
    groups = candidate.classification.groups
    templates = {
        as_text(value_at(template, "metadata", "name"))
        for template in as_mappings(candidate.resource.spec.get("volumeClaimTemplates"))
    }
    users = [
        group
        for group in groups
        if any(mount.volume in templates for container in group for mount in container.mounts)
    ]
    if len(users) > 1:
        message = (
            "two groups use the StatefulSet's claim templates: new claims for one of them would"
            " lose its data"
        )
        raise Refused(Refusal.CLAIM_TEMPLATES, message)
    if users and users[0] is not groups[0]:
        groups = (users[0], *(group for group in groups if group is not users[0]))
    untied = [
        container
        for group in groups[1:]
        for container in group[1:]
        if _is_independent(candidate.classification, group[0], container, groups[0])
    ]
    return (
        (*groups[0], *untied),
        *(
            tuple(container for container in group if container not in untied)
            for group in groups[1:]
        ),
    )


def _is_independent(
    classification: Classification,
    head: Container,
    container: Container,
    primary: tuple[Container, ...],
) -> bool:
    """Whether nothing ties a container to the group that it fell to: it stays where it is."""
    is_tied = any(
        observation.claim is Claim.TOGETHER or observation.other in (head, container)
        for observation, _, leans in classification.pair(head, container).evidence
        if leans is Leans.TOGETHER
    )
    fits_primary = all(classification.pair(other, container).score > 0 for other in primary)
    serves_all = len(classification.verdict(container).serves) == len(classification.groups)
    return fits_primary and not is_tied and not serves_all
