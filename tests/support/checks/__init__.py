"""What a rewrite has to keep, as checks of two clusters: before it, and after one of its stages.

Each check yields a sentence for everything that is not as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.checks.addresses import check_addresses
from tests.support.checks.autoscalers import check_autoscalers
from tests.support.checks.budgets import check_budgets
from tests.support.checks.containers import (
    check_containers,
    check_declared_ports,
    check_mounts,
    check_order,
)
from tests.support.checks.monitors import check_monitors
from tests.support.checks.network_policies import check_localhost_calls, check_network_policies
from tests.support.checks.pods import (
    check_annotations,
    check_labels,
    check_pod_fields,
    check_updates,
)
from tests.support.checks.services import check_selectors, check_services
from tests.support.cluster import Cluster

__all__ = [
    "ALL_CHECKS",
    "Check",
    "check_addresses",
    "check_annotations",
    "check_autoscalers",
    "check_budgets",
    "check_containers",
    "check_declared_ports",
    "check_labels",
    "check_localhost_calls",
    "check_monitors",
    "check_mounts",
    "check_network_policies",
    "check_order",
    "check_pod_fields",
    "check_selectors",
    "check_services",
    "check_updates",
]

Check = Callable[[Cluster, Cluster], Iterator[str]]

ALL_CHECKS: tuple[Check, ...] = (
    check_containers,
    check_declared_ports,
    check_order,
    check_mounts,
    check_pod_fields,
    check_labels,
    check_updates,
    check_annotations,
    check_selectors,
    check_services,
    check_addresses,
    check_network_policies,
    check_budgets,
    check_autoscalers,
    check_monitors,
    check_localhost_calls,
)
