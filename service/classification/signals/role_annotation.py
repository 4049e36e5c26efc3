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
_DECLARABLE = frozenset(Role) - {Role.INIT}
"""The roles that an owner may give."""


def declared_roles(context: PodContext) -> dict[str, Role]:
    """The roles that the annotation gives, by container name; words that are no roles are left
    out.
    """
    workload = context.workload
    value = (
        workload.annotations.get(ANNOTATION) or workload.resource.annotations.get(ANNOTATION) or ""
    )
    pairs = (part.split("=", 1) for part in value.split(",") if "=" in part)
    return {name.strip(): Role(role.strip()) for name, role in pairs if role.strip() in _DECLARABLE}


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for each declared sidecar, HEAD for a declared main container, and APART for a
    declared unrelated container and each other one that is no declared sidecar.
    """
    workload = context.workload
    roles = declared_roles(context)
    metadata = (*workload.template, "metadata")
    route = metadata if ANNOTATION in workload.annotations else ("metadata",)
    place = LazyLocation(workload.resource, (*route, "annotations", ANNOTATION))
    for container in context.classified_containers:
        role = roles.get(container.name)
        message = f"the annotation {ANNOTATION} says that it is {role}"
        if role is Role.SIDECAR:
            yield Observation(
                case="role-annotation.sidecar",
                claim=Claim.HELPER,
                subject=container,
                message=message,
                place=place,
            )
        elif role is Role.MAIN:
            yield Observation(
                case="role-annotation.main",
                claim=Claim.HEAD,
                subject=container,
                message=message,
                place=place,
            )
        elif role is Role.UNRELATED:
            for other in context.classified_containers:
                if other is not container and roles.get(other.name) is not Role.SIDECAR:
                    yield Observation(
                        case="role-annotation.unrelated",
                        claim=Claim.APART,
                        subject=container,
                        message=message,
                        place=place,
                        other=other,
                    )
