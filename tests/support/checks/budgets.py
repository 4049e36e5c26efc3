"""The check of PodDisruptionBudgets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.cluster import Cluster
from tests.support.objects import Object, matches
from tests.support.pods import Pods


def check_budgets(before: Cluster, after: Cluster) -> Iterator[str]:
    """The Pods of each container have as many budgets as before, and these ask for the same."""
    for origin in before.pods.values():
        old = _budget_terms(before, origin)
        for container in origin.running:
            for pods in before.successors(origin, container.identity, after):
                new = _budget_terms(after, pods)
                if new != old:
                    yield (
                        f"the Pods of {pods.owner} with {container.identity} have the budgets"
                        f" {new}, and had {old}"
                    )
    known = {budget.key for budget in before.of_kind("PodDisruptionBudget")}
    for budget in after.of_kind("PodDisruptionBudget"):
        covered = [pods.owner for pods in _covered(after, budget)]
        if budget.key not in known and len(covered) != 1:
            yield f"the new budget {budget.key} covers {covered}"
    for budget in before.of_kind("PodDisruptionBudget"):
        later = after.by_key.get(budget.key)
        counted = _covered(after, later) if later is not None else []
        # A budget that counted the Pods of several workloads goes on counting all of them.
        if len(_covered(before, budget)) == 1 and len(counted) > 1:
            owners = [pods.owner for pods in counted]
            yield f"the budget {budget.key} counts the Pods of {owners} together"


def _covered(cluster: Cluster, budget: Object) -> list[Pods]:
    return [pods for pods in cluster.pods.values() if _covers(budget, pods)]


def _covers(budget: Object, pods: Pods) -> bool:
    return budget.key.namespace == pods.owner.namespace and matches(
        budget.spec.get("selector"), pods.labels
    )


def _budget_terms(cluster: Cluster, pods: Pods) -> list[str]:
    """What the budgets of some Pods ask for, in an order that can be compared."""
    specs = [
        budget.spec for budget in cluster.of_kind("PodDisruptionBudget") if _covers(budget, pods)
    ]
    return sorted(
        repr(sorted((key, value) for key, value in spec.items() if key != "selector"))
        for spec in specs
    )
