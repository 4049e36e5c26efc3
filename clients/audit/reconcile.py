"""What is to be done so that the reports in a cluster are those that the service made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clients.audit.cluster import Object, Resource

INSTANCE = "app.kubernetes.io/instance"
"""The label by which an audit knows its own reports from those of others, and from those that
somebody made from files.
"""


def selector_of(name: str) -> str:
    """What selects the reports of an audit."""
    return f"app.kubernetes.io/managed-by=podsplit,{INSTANCE}={name}"


def marked(report: Object, name: str) -> Object:
    """A report as that of an audit."""
    metadata = report["metadata"]
    labels = {**metadata.get("labels", {}), INSTANCE: name}
    return {**report, "metadata": {**metadata, "labels": labels}}


REPORTS = {
    "openreports": Resource("Report", "openreports.io/v1alpha1", "reports"),
    "policyreport": Resource("PolicyReport", "wgpolicyk8s.io/v1alpha2", "policyreports"),
}
"""By the service's name of the format."""

_COMPARED = ("scope", "summary", "results", "source")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    apply: tuple[Object, ...]
    """Reports that are new, or say something else."""
    delete: tuple[Object, ...]
    """Reports of what is gone, or has nothing to report any more."""
    kept: int
    """How many stay as they are."""


def plan(existing: Iterable[Object], wanted: Iterable[Object], answered: Collection[str]) -> Plan:
    """What is to be done.

    Args:
        existing: our reports that are there.
        wanted: those that the service made.
        answered: the namespaces that it was asked about; reports of others are left alone.
    """
    there = {_key(item): item for item in existing}
    new = {_key(item): item for item in wanted}
    apply = tuple(
        item for key, item in new.items() if key not in there or _differ(there[key], item)
    )
    return Plan(
        apply=apply,
        delete=tuple(item for key, item in there.items() if key not in new and key[0] in answered),
        kept=len(new) - len(apply),
    )


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _differ(one: Object, other: Object) -> bool:
    return any(one.get(field) != other.get(field) for field in _COMPARED)
