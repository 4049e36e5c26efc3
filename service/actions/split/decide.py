"""How a workload is split: what stays, what moves, and all that follows from it.

Each step is a pure function of what the steps before it decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from service.actions.annotations import note_spec_after_split
from service.actions.context import Candidate, Outcome, Refused
from service.actions.invalid_fields import fixes_of
from service.actions.kustomizations import PlannedObject, check_split
from service.actions.split.addresses import AddressChanges, rewire_addresses
from service.actions.split.assumptions import stage_assumption, state_assumptions
from service.actions.split.autoscalers import follow_autoscalers
from service.actions.split.duplicates import check_duplicates, state_duplicates
from service.actions.split.eligibility import check_eligible, check_moving
from service.actions.split.follow_up import Division, combine
from service.actions.split.groups import divide_containers, keeps_data
from service.actions.split.hazards import check_hazards
from service.actions.split.labels import choose_labels
from service.actions.split.plan import SplitPlan
from service.actions.split.policies import allow_former_localhost
from service.actions.split.selectors import follow_selections
from service.actions.split.services import SHARED_LABEL, ServiceChanges, retarget_services
from service.actions.split.template import GroupWorkload
from service.actions.split.uncalled_servers import (
    add_services_for_uncalled_servers,
    traffic_through_services,
)
from service.actions.split.volumes import check_volumes
from service.assumptions import Assumption
from service.change import Move, NewObject, Proposal, Step, TrafficFlow
from service.findings import Applicability, Stage
from service.kube.bare_pods import is_fragment, reason_to_stay_bare
from service.kube.containers import Container
from service.kube.objects import Resource, as_mappings, as_text, value_at
from service.kube.services import services_of
from service.refusals import Refusal
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue

_DEPLOYMENT = ("apps/v1", "Deployment")


def is_wanted(candidate: Candidate) -> bool:
    """Whether a workload holds several applications, and something may be done about it."""
    workload = candidate.workload
    has_several = len(candidate.classification.groups) > 1
    is_left_alone = workload.bare and reason_to_stay_bare(workload) is not None
    return has_several and not is_left_alone and not is_fragment(workload)


def propose(candidate: Candidate, earlier: tuple[Proposal, ...]) -> Outcome:
    """How a workload is split, or why it isn't.

    Args:
        candidate: the workload.
        earlier: what is proposed for it already: where it is a bare Pod, its controller.
    """
    wrap = next((proposal for proposal in earlier if proposal.controller is not None), None)
    try:
        return _split(candidate, wrap)
    except Refused as refused:
        return refused.declined


def complete(_candidate: Candidate, own: Proposal, _all: tuple[Proposal, ...]) -> Proposal:
    """The proposal as it is: nothing that others propose changes a split."""
    return own


def _split(candidate: Candidate, wrap: Proposal | None) -> Proposal:
    check_eligible(candidate, wrap)
    sure = candidate.classification.joined(candidate.min_confidence)
    candidate = replace(candidate, classification=sure)
    plan = _plan(candidate, wrap)
    services = retarget_services(plan)
    addresses = add_services_for_uncalled_servers(plan, rewire_addresses(plan))
    flows = traffic_through_services(plan)
    addresses = replace(addresses, traffic=addresses.traffic | flows)
    division = _divide(plan, addresses)
    follow_up = combine(
        (
            follow_selections(division),
            follow_autoscalers(division),
            allow_former_localhost(division),
        )
    )
    workloads = [
        _new_workload(division, group, services, addresses, replicas=follow_up.replicas.get(group))
        for group in plan.partition.moved
    ]
    steps = (
        *(
            Step(candidate.resource, operation)
            for operation in _edit_old_workload(plan, services, addresses)
        ),
        *(Step(candidate.resource, operation) for operation in _scale_down_old_workload(division)),
        *services.steps,
        *_edit_config_maps(division, addresses),
        *follow_up.steps,
    )
    steps += _begin(division, steps)
    objects = (*workloads, *addresses.objects, *follow_up.objects)
    kustomized = _check_kustomizations(plan, workloads, objects, steps, addresses=addresses)
    assumptions = (
        *state_assumptions(division),
        *state_duplicates(candidate, plan.partition),
        *services.assumptions,
        *addresses.assumptions,
        *follow_up.assumptions,
        *kustomized,
        stage_assumption(),
    )
    return _proposal(
        division,
        workloads,
        steps=steps,
        objects=objects,
        assumptions=assumptions,
        services=services,
        addresses=addresses,
    )


def _plan(candidate: Candidate, wrap: Proposal | None) -> SplitPlan:
    """The groups with their names and labels, once nothing is found that forbids to part them."""
    controller = wrap.controller if wrap is not None else None
    partition = divide_containers(candidate)
    for group in partition.groups[1:]:
        check_moving(candidate.classification, group, candidate.min_confidence)
    links = services_of(candidate.workload, candidate.manifests)
    check_hazards(candidate, links, partition.group_of)
    resource, new_kind = candidate.resource, _new_kind(candidate)
    check_duplicates(candidate, partition)
    check_volumes(candidate, partition, new_kind[1])
    own_kind = (
        (controller.api_version, controller.kind)
        if controller is not None
        else (resource.api_version, resource.kind)
    )
    return SplitPlan(
        candidate=candidate,
        controller=controller,
        links=links,
        partition=partition,
        labels=choose_labels(candidate, partition, controller, new_kind[1]),
        kinds=(own_kind, *(new_kind for _ in partition.moved)),
    )


def _new_kind(candidate: Candidate) -> tuple[str, str]:
    """API version and kind of the new workloads."""
    kind = candidate.workload.kind
    if kind is not None and kind.split_into == kind.kind and kind.kind != "Deployment":
        return candidate.resource.api_version, kind.kind
    return _DEPLOYMENT


def _divide(plan: SplitPlan, addresses: AddressChanges) -> Division:
    """The split as other objects see it."""
    context = plan.candidate.classification.context
    partition = plan.partition
    return Division(
        plan=plan,
        stages=_stages(plan, addresses.traffic),
        keeps_state=tuple(
            keeps_data(plan.candidate.workload, members) or context.keeps_state(group[0])
            for members, group in zip(partition.members, partition.groups, strict=True)
        ),
        traffic=addresses.traffic | addresses.possible_traffic,
    )


def _stages(plan: SplitPlan, traffic: frozenset[TrafficFlow]) -> tuple[Stage, ...]:
    """From which stage on each group has a workload of its own."""
    # Two servers on one data directory destroy it: what keeps data starts only where the old one
    # has left, its callers not before.
    late = {
        group
        for group in plan.partition.moved
        if plan.runs_once or keeps_data(plan.candidate.workload, plan.partition.members[group])
    }
    for _ in plan.partition.groups:
        late |= {flow.source for flow in traffic if flow.target in late and flow.source}
    return (
        Stage.EXPAND,
        *(Stage.CONTRACT if group in late else Stage.ADD for group in plan.partition.moved),
    )


# What is done to the old workload


def _edit_old_workload(
    plan: SplitPlan, services: ServiceChanges, addresses: AddressChanges
) -> list[Operation]:
    candidate, workload = plan.candidate, plan.candidate.workload
    result: list[Operation] = [
        replace(operation, stage=int(Stage.EXPAND))
        for operations in services.template.values()
        for operation in operations
    ]
    has_label = workload.labels.get(SHARED_LABEL) == services.shared_label
    if plan.controller is None and services.shared_label and not has_label:
        route = candidate.route_to(*workload.template, "metadata", "labels")
        result.append(AddEntry(route, SHARED_LABEL, services.shared_label, int(Stage.EXPAND)))
    staying = plan.partition.members[0]
    if plan.controller is None:
        for container in workload.containers:
            rewired = addresses.values.get(container.index, {})
            fixes = fixes_of(candidate, container)
            result += [operation for route, operation in fixes.items() if route not in rewired]
    result += _remove_containers(candidate, staying)
    for container in staying:
        for container_route, text in addresses.values.get(container.index, {}).items():
            result.append(SetValue(candidate.route_to(*container_route), text, int(Stage.CONTRACT)))
    return result + _remove_volumes(candidate, staying)


def _scale_down_old_workload(division: Division) -> list[Operation]:
    """Set `replicas: 0` (of a CronJob `suspend: true`) in stage *switch*, until *contract*: what
    can't run twice starts when the old Pods are gone. It stands in the text, so that nobody scales
    the workload up again. Empty where nothing has to wait, and for a Pod, whose controller does
    it.

    Raises:
        Refused: it would lose its data.
    """
    if not division.stops_old_pods or division.plan.controller is not None:
        return []
    resource, route_to = division.candidate.resource, division.candidate.route_to
    _check_claims_are_retained(resource)
    field, value = ("suspend", True) if resource.kind == "CronJob" else ("replicas", 0)
    stage, until = int(Stage.SWITCH), int(Stage.CONTRACT)
    was = resource.spec.get(field)
    restored = was if isinstance(was, int) else None
    mark = note_spec_after_split(
        division.candidate, resource.annotations, {field: restored}, Stage.SWITCH, Stage.CONTRACT
    )
    if field in resource.spec:
        return [SetValue(route_to("spec", field), value, stage, until=until), mark]
    return [AddEntry(route_to("spec"), field, value, stage, until=until), mark]


def _begin(division: Division, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Say that a split goes on, where the stage *expand* changes anything: else its text would be
    one that nobody has begun to split. A Pod's controller says so itself.
    """
    has_expand = any(step.operation.stage == Stage.EXPAND for step in steps)
    if division.plan.controller is not None or not has_expand:
        return ()
    candidate = division.candidate
    end = Stage.SWITCH if division.stops_old_pods else Stage.CONTRACT
    kept = candidate.resource.annotations
    return (
        Step(candidate.resource, note_spec_after_split(candidate, kept, {}, Stage.EXPAND, end)),
    )


def _check_claims_are_retained(resource: Resource) -> None:
    """See that a StatefulSet keeps its claims when it is scaled down.

    Raises:
        Refused: it would delete them.
    """
    retention = value_at(resource.spec, "persistentVolumeClaimRetentionPolicy", "whenScaled")
    if retention == "Delete":
        message = (
            "what moves must not run twice, so the StatefulSet has to be scaled to 0 in between,"
            " and deletes its claims then: set persistentVolumeClaimRetentionPolicy.whenScaled to"
            " Retain first"
        )
        raise Refused(Refusal.CLAIMS_DELETED, message)


def _remove_containers(candidate: Candidate, staying: Sequence[Container]) -> list[Operation]:
    """Moved containers go; so does the key of init containers where none is left."""
    workload, stage = candidate.workload, int(Stage.CONTRACT)
    result: list[Operation] = []
    for field in ("containers", "initContainers"):
        route = (*workload.pod_route, field)
        listed = [
            container for container in workload.containers if container.route[: len(route)] == route
        ]
        gone = [container for container in listed if container not in staying]
        if gone and len(gone) == len(listed):
            result.append(Remove(candidate.route_to(*route), stage))
        else:
            result += [Remove(candidate.route_to(*container.route), stage) for container in gone]
    return result


def _remove_volumes(candidate: Candidate, staying: Sequence[Container]) -> list[Operation]:
    """Volumes that only moved containers mount go with them; those that nobody mounted stay."""
    workload, stage = candidate.workload, int(Stage.CONTRACT)
    moved = [container for container in workload.containers if container not in staying]
    unused = _mounted(moved) - _mounted(staying)
    volumes = as_mappings(workload.pod.get("volumes"))
    gone = [index for index, volume in enumerate(volumes) if as_text(volume.get("name")) in unused]
    route = candidate.route_to(*workload.pod_route, "volumes")
    if gone and len(gone) == len(volumes):
        return [Remove(route, stage)]
    return [Remove((*route, index), stage) for index in gone]


def _mounted(containers: Iterable[Container]) -> set[str]:
    return {mount.volume for container in containers for mount in container.mounts}


def _edit_config_maps(division: Division, addresses: AddressChanges) -> list[Step]:
    """Addresses in ConfigMaps change when the Pods that read them do: new ones are made, or the
    old ones again.
    """
    steps = []
    for setting in addresses.config_values.values():
        stage = division.stages[setting.group] if setting.group else Stage.CONTRACT
        route = (*setting.resource.route, *setting.route)
        steps.append(Step(setting.resource, SetValue(route, setting.text, int(stage))))
    return steps


# What is new


def _new_workload(
    division: Division,
    group: int,
    services: ServiceChanges,
    addresses: AddressChanges,
    *,
    replicas: int | None,
) -> NewObject:
    plan, candidate = division.plan, division.candidate
    _, kind = plan.kinds[group]
    if division.stages[group] is Stage.CONTRACT and kind == "DaemonSet":
        message = (
            "a moved container keeps data or a port of the node, and a DaemonSet can't be scaled to"
            " 0 in between: divide it by hand"
        )
        raise Refused(Refusal.DAEMON_SET_DATA, message)
    members = plan.partition.members[group]
    operations: dict[int, list[Operation]] = {
        container.index: [
            *services.on(container),
            *(
                operation
                for route, operation in fixes_of(candidate, container).items()
                if route not in addresses.values.get(container.index, {})
            ),
            *(
                SetValue(candidate.route_to(*route), text)
                for route, text in addresses.values.get(container.index, {}).items()
            ),
        ]
        for container in members
    }
    shared_labels = {SHARED_LABEL: services.shared_label} if services.shared_label else {}
    workload = GroupWorkload(
        plan=plan,
        group=group,
        operations=operations,
        shared_labels=shared_labels,
        replicas=replicas,
        keeps_data=keeps_data(candidate.workload, members),
    )
    return NewObject(
        after=candidate.resource,
        tree=workload.tree(),
        kind=kind,
        name=plan.labels.names[group],
        stage=division.stages[group],
    )


def _check_kustomizations(
    plan: SplitPlan,
    workloads: Sequence[NewObject],
    objects: Sequence[NewObject],
    steps: Sequence[Step],
    *,
    addresses: AddressChanges,
) -> tuple[Assumption, ...]:
    """What has to hold of kustomizations that build the workload."""
    partition = plan.partition
    names = frozenset(container.name for container in plan.candidate.workload.containers)
    planned = [
        PlannedObject(workload.kind, workload.name, partition.names(group))
        for group, workload in enumerate(workloads, start=1)
    ]
    planned += [
        PlannedObject(new.kind, new.name, frozenset()) for new in objects if new not in workloads
    ]
    return check_split(
        plan.candidate,
        plan.labels.key,
        names - partition.names(0),
        planned=planned,
        touched=[step.resource for step in steps],
        is_addressed=addresses.are_any,
    )


def _frees_strategy(plan: SplitPlan) -> bool:
    """Whether the strategy Recreate of a wrapped Pod was for what moves."""
    is_recreated = plan.controller is not None and "strategy" in plan.controller.fields
    return is_recreated and not keeps_data(plan.candidate.workload, plan.partition.members[0])


def _proposal(
    division: Division,
    workloads: Sequence[NewObject],
    *,
    steps: tuple[Step, ...],
    objects: tuple[NewObject, ...],
    assumptions: Iterable[Assumption],
    services: ServiceChanges,
    addresses: AddressChanges,
) -> Proposal:
    plan = division.plan
    heads = [group[0].name for group in plan.partition.groups[1:]]
    what = "a workload of its own" if len(heads) == 1 else "workloads of their own"
    moves = tuple(
        Move(
            containers=tuple(member.name for member in plan.partition.members[group]),
            kind=workload.kind,
            name=workload.name,
            stage=workload.stage,
        )
        for group, workload in enumerate(workloads, start=1)
    )
    labels = ((SHARED_LABEL, services.shared_label),) if services.shared_label else ()
    return Proposal(
        action="split",
        workload=division.workload,
        title=f"give {', '.join(heads)} of {division.workload.title} {what}",
        applicability=Applicability.REVIEW,
        assumptions=tuple(dict.fromkeys(assumptions)),
        steps=steps,
        objects=tuple(replace(new, split_from=plan.labels.names[0]) for new in objects),
        moves=moves,
        traffic=division.traffic,
        left_addresses=addresses.left,
        template_labels=labels,
        stops_old_pods=division.stops_old_pods,
        frees_strategy=_frees_strategy(plan),
        needs="wrap" if plan.controller is not None else None,
    )
