"""What is decided of a split before its consequences are worked out."""

from __future__ import annotations

from dataclasses import dataclass

from service.actions.context import Candidate
from service.actions.split.groups import Partition
from service.actions.split.labels import GroupLabels
from service.change import Controller
from service.findings import Role
from service.kube.containers import Container
from service.kube.objects import value_at
from service.kube.services import ServiceLink


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """Which groups there are and how they are told apart."""

    candidate: Candidate
    """The workload that is split."""
    controller: Controller | None
    """The controller that it gets by the same rewrite, where it is a bare Pod."""
    links: tuple[ServiceLink, ...]
    """The Services that select its Pods."""
    partition: Partition
    """Its groups."""
    labels: GroupLabels
    """Their names and labels."""
    kinds: tuple[tuple[str, str], ...]
    """API version and kind of each group's workload, group 0 first."""

    def group_of(self, container: Container) -> int:
        """The group of a classified container."""
        return self.partition.group_of[container.index]

    def groups_of(self, container: Container) -> frozenset[int]:
        """The groups that a container goes to: its own, and those that it helps as well."""
        if container.index in self.partition.init_groups:
            return frozenset(self.partition.init_groups[container.index])
        verdict = self.candidate.classification.verdict(container)
        numbers = {
            group[0].name: self.group_of(group[0]) for group in self.candidate.classification.groups
        }
        own = self.partition.group_of.get(container.index, verdict.group)
        helped = verdict.serves if verdict.role in (Role.SIDECAR, Role.INIT) else ()
        return frozenset({own, *(numbers[name] for name in helped if name in numbers)})

    @property
    def runs_once(self) -> bool:
        """Whether its containers must never run beside another copy of themselves: jobs would be
        done twice.
        """
        resource = self.candidate.resource
        is_recreated = value_at(resource.spec, "strategy", "type") == "Recreate"
        return resource.kind == "CronJob" or is_recreated
