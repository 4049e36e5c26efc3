"""Objects that controllers made from others of the same set, as `kubectl get all` lists them.

Fact: `metadata.ownerReferences` (Kubernetes' documentation, "Owners and Dependents").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.kube.objects import Resource, as_mapping, as_mappings, as_text, in_same_namespace
from service.kube.workloads import Workload


def owned_objects(workloads: Iterable[Workload]) -> dict[Resource, Resource]:
    """The objects of workloads that another workload's controller made, each with the object of
    that one: the Pods of a ReplicaSet, the ReplicaSets of a Deployment.
    """
    by_name: dict[tuple[str, str], list[Resource]] = {}
    with_owners: list[Resource] = []
    for workload in workloads:
        resource = workload.resource
        by_name.setdefault((resource.kind, resource.name), []).append(resource)
        if resource.metadata.get("ownerReferences"):
            with_owners.append(resource)
    found = {}
    for resource in with_owners:
        owner = _owner_of(resource, by_name)
        if owner is not None:
            found[resource] = owner
    return {resource: owner for resource, owner in found.items() if not _is_circular(owner, found)}


def _is_circular(resource: Resource, owners: Mapping[Resource, Resource]) -> bool:
    """Whether an object is its own owner in the end, which no cluster has."""
    seen = {resource}
    while resource in owners:
        resource = owners[resource]
        if resource in seen:
            return True
        seen.add(resource)
    return False


def _owner_of(
    resource: Resource, by_name: Mapping[tuple[str, str], list[Resource]]
) -> Resource | None:
    """The object of the set that an object's controller is for; None if there is none."""
    for reference in as_mappings(resource.metadata.get("ownerReferences")):
        if reference.get("controller") is not True:
            continue
        key = as_text(reference.get("kind")), as_text(reference.get("name"))
        for owner in by_name.get(key, ()):
            uids = {as_text(reference.get("uid")), as_text(as_mapping(owner.metadata).get("uid"))}
            is_same = len(uids - {""}) <= 1 and reference.get("apiVersion") == owner.api_version
            if is_same and owner is not resource and in_same_namespace(owner, resource):
                return owner
    return None
