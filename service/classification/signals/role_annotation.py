"""Role annotation.

Looks for: the annotation `podsplit.dev/roles` on the pod template or the workload: `name=role`
pairs with commas between them, where a role is `main`, `sidecar` or `unrelated`.

Matters because: the owner knows best; this settles what can't be seen.

Example:
    metadata:
      annotations:
        podsplit.dev/roles: web=main,log=sidecar,report=unrelated

Comes out: the roles that the annotation gives, for certain.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.findings import Role
from service.kube.objects import LazyLocation

ANNOTATION = "podsplit.dev/roles"


def declared_roles(context: PodContext) -> dict[str, Role]:
    """The roles that the annotation gives, by container name; words that are no roles are left
    out.
    """
    workload = context.workload
    value = (
        workload.annotations.get(ANNOTATION) or workload.resource.annotations.get(ANNOTATION) or ""
    )
    pairs = (part.split("=", 1) for part in value.split(",") if "=" in part)
    return {
        name.strip(): Role(role.strip())
        for name, role in pairs
        if role.strip() in set(Role) - {Role.INIT}
    }


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    workload = context.workload
    roles = declared_roles(context)
    route = (
        (*workload.template, "metadata") if ANNOTATION in workload.annotations else ("metadata",)
    )
    place = LazyLocation(workload.resource, (*route, "annotations", ANNOTATION))
    for container in context.classified_containers:
        role = roles.get(container.name)
        if role is None:
            continue
        said = f"the annotation {ANNOTATION} says that it is {role}"
        if role is Role.SIDECAR:
            yield Observation("role-annotation.sidecar", Claim.HELPER, container, said, place)
        elif role is Role.MAIN:
            yield Observation("role-annotation.main", Claim.HEAD, container, said, place)
        for other in context.classified_containers:
            if (
                role is Role.UNRELATED
                and other is not container
                and roles.get(other.name) is not Role.SIDECAR
            ):
                yield Observation(
                    "role-annotation.unrelated", Claim.APART, container, said, place, about=other
                )
