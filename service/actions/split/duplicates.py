"""What would run more than once afterwards: helpers that serve several groups.

A log shipper or a collector may; what has an identity, a lock or a port of the node may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.actions.context import Candidate, Refused
from service.actions.split.groups import Partition
from service.assumptions import Assumption, AssumptionCode
from service.classification.signals.network_owner import NETWORK_WORDS, owns_network
from service.findings import ContainerType, Pattern
from service.kube.containers import Container, base_name
from service.kube.workloads import Workload, uses_host_port, writes_persistent_data
from service.refusals import Refusal

_SINGLETON_WORDS = frozenset(
    {
        "keepalived", "vip", "leader", "elector", "election", "lock", "backup", "backups", "restic",
        "velero", "snapshot", "snapshots", "cron", "crond", "scheduler", "migrate", "migrator",
    }
)  # fmt: skip
"""Words in the names and images of what does its work once."""
_ELECTION = re.compile(r"(?i)leader-?_?elect|election-?_?id|lease-?_?name")
"""Options of programs of which one leads (client-go, leaderelection)."""


def check_duplicates(candidate: Candidate, partition: Partition) -> None:
    """See that no helper goes to several groups that must not run twice.

    Raises:
        Refused: there is one.
    """
    for container in _copied(candidate.workload, partition):
        reason = _reason_to_run_once(candidate, container)
        if reason is not None:
            message = (
                f"{container.name} would run in the Pods of several groups, and {reason}: give each"
                " group one of its own, or say with podsplit.dev/roles whom it helps"
            )
            raise Refused(Refusal.RUNS_TWICE, message)


def state_duplicates(candidate: Candidate, partition: Partition) -> Iterator[Assumption]:
    """The helpers and init containers that run more than once afterwards, each named."""
    for container in _copied(candidate.workload, partition):
        if container.type is not ContainerType.INIT:
            message = (
                f"{container.name} helps several groups and runs in the Pods of each: it may run"
                " more than once"
            )
            yield Assumption(AssumptionCode.HELPER_COPIED, message)


def _copied(workload: Workload, partition: Partition) -> list[Container]:
    """The containers that are in the Pods of several groups."""
    return [
        container
        for container in workload.containers
        if sum(container in members for members in partition.members) > 1
    ]


def _reason_to_run_once(candidate: Candidate, container: Container) -> str | None:
    """Why a container must not run twice; None if it may."""
    workload = candidate.workload
    words = _words(container)
    entry = candidate.classification.context.catalogue_entry(container)
    if owns_network(container) or words & NETWORK_WORDS:
        return "it gives its Pod a network with an identity"
    if uses_host_port(workload, container):
        return "it holds a port of the node"
    if any(_ELECTION.search(word.text) for word in container.words):
        return "it takes part in an election"
    is_backup = entry is not None and entry.pattern is Pattern.BACKUP
    if is_backup or (words & _SINGLETON_WORDS and container.type is not ContainerType.INIT):
        return "it does its work once"
    if container.type is not ContainerType.INIT and writes_persistent_data(workload, container):
        return "it has data of its own"
    return None


def _words(container: Container) -> set[str]:
    text = f"{container.name} {base_name(container.image)}".lower()
    return set(re.split(r"[^a-z0-9]+", text))
