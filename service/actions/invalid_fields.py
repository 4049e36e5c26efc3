"""What a rewrite fixes in a workload that the API server refuses as it stands."""

from __future__ import annotations

from service.actions.context import Candidate
from service.change import Declined
from service.kube.api_types import Fix, Violation
from service.kube.containers import Container
from service.kube.objects import value_at
from service.refusals import Refusal
from service.yamldoc.nodes import Route, Scalar
from service.yamldoc.operations import AddEntry, Operation, SetValue


def unfixable_violation(candidate: Candidate) -> Declined | None:
    """Why a workload is left alone that the API server refuses as it stands; None if a rewrite can
    mend all of it.
    """
    for violation in candidate.violations:
        if violation.fix is None or _container_of(candidate, violation.route) is None:
            message = f"the API server refuses it as it stands: {violation.message}"
            return Declined(Refusal.INVALID_FIELD, message)
    return None


def fixes_of(candidate: Candidate, container: Container) -> dict[Route, Operation]:
    """The operations that fix a container, by route within the workload's object; in every
    stage.
    """
    return {
        violation.route: operation
        for violation in candidate.violations
        if _container_of(candidate, violation.route) is container
        and (operation := _fix(candidate, violation)) is not None
    }


def _container_of(candidate: Candidate, route: Route) -> Container | None:
    """The container that a place is in; None if it is in none."""
    for container in candidate.workload.containers:
        if route[: len(container.route)] == container.route:
            return container
    return None


def _fix(candidate: Candidate, violation: Violation) -> Operation | None:
    at = candidate.route_to(*violation.route)
    if violation.fix is Fix.CONTAINER_PORT:
        port = value_at(candidate.resource.data, *violation.route, "hostPort")
        return AddEntry(at, "containerPort", port)
    found = candidate.resource.document.find(at)
    if found is None or not isinstance(found.node, Scalar):
        return None
    # As somebody wrote it: 0755 is that, not 493.
    return SetValue(at, found.node.text)
