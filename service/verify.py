"""The safety net: what is sent is right, or it is not sent.

Works on the text that will be sent, of every stage, read again as it would be read by anybody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.actions.pod_fields import POD_FIELDS, Fate
from service.actions.proposing import Proposal
from service.classify import Classification, classify
from service.coverage import blocked, same_object, uncovered
from service.equality import alike, mounted, nodes_of
from service.findings import ContainerType, Stage
from service.inputs import Inputs, read_again
from service.knowledge.weights import load_weights
from service.kube.bare_pods import why_left_alone
from service.kube.containers import Container
from service.kube.kinds import known_kind
from service.kube.objects import Resource, mapping, same_namespace, text
from service.kube.selectors import matches_map
from service.kube.services import resolve_ports, selecting, selector_of
from service.kube.workloads import Workload, controllers_selecting, pods_with, selects, workloads_of
from service.options import Options
from service.signals.observing import PodContext
from service.signals.own_service import receiver
from service.text import SourceFile
from service.yamldoc.operations import Remove, SetValue
from service.yamldoc.stream import cut

CHECKS: dict[str, str] = {
    "parses": "every touched document reads as YAML and as an object, in every stage",
    "untouched-bytes": "documents that no change touches are the same byte for byte",
    "containers": "every container is there as often as planned, and equal but for rewired addresses and port names",
    "mounts": "every mount finds its volume, and the volume is what it was",
    "references": "service account, pull secrets and all else that Pods share are what they were, and ConfigMaps but for rewired addresses",
    "selectors": "every selector matches its own template, and none selects Pods that it didn't select before",
    "services": "every Service port reaches the container that it reached before, and only that, in every stage",
    "policies": "policies, budgets, monitors and autoscalers cover the same containers, and let through what was spoken inside the Pod",
    "names": "new names are valid for their kind and not taken",
    "settled": "the touched workloads have nothing left to change",
}
"""The checks, with what it means that one passed."""

_REWRITTEN_FIELDS = ("restartPolicy", "tolerations")
"""Fields that wrapping changes: a server is restarted always, and live exports carry defaulted tolerations."""
_PINS = ("nodeSelector", "affinity")
"""Fields that name the nodes of copies; see `equality.nodes_of`."""
_NAME_LIMITS = {"Service": 63}
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that didn't hold."""

    check: str
    """Its id."""
    proposal: str | None
    """The change that it is laid to; None if it can't be told."""
    message: str
    """What is wrong; names only."""


def verify(
    before: Inputs,
    texts: Mapping[Stage, Mapping[str, str]],
    proposals: Sequence[Proposal],
    classifications: Sequence[Classification],
    options: Options,
) -> list[Failure]:
    """Everything that is wrong with a rewritten set.

    Args:
        before: the set as it was sent.
        texts: by stage, the new texts of the touched files.
        proposals: the changes that made them.
        classifications: of the set as it was sent.
        options: the run's options.
    """
    known = {id(each.workload): each for each in classifications}
    failures: list[Failure] = []
    sent = set(map(id, before.documents))
    after = before
    for stage in Stage:
        options.check_deadline()
        after = read_again(after, texts[stage], options)
        comparison = _Comparison(before, after, stage, proposals, known, texts[stage], options)
        failures += comparison.failures()
        for document in after.documents:
            if id(document) not in sent:
                document.let_go()
    return failures


class _Comparison:
    """One stage against the set as it was."""

    def __init__(
        self,
        before: Inputs,
        after: Inputs,
        stage: Stage,
        proposals: Sequence[Proposal],
        known: Mapping[int, Classification],
        texts: Mapping[str, str],
        options: Options,
    ) -> None:
        self._before = before
        self._after = after
        self._stage = stage
        self._proposals = proposals
        self._known = known
        self._texts = texts
        self._options = options
        self._homes_by_name: dict[tuple[str, str], list[Workload]] = {}
        for each in after.workloads:
            self._homes_by_name.setdefault((each.resource.path, each.name), []).append(each)
        self._partners: dict[int, list[Proposal]] = {}
        for proposal in proposals:
            self._partners.setdefault(id(proposal.workload), []).append(proposal)

    def failures(self) -> list[Failure]:
        found = [*self._parses(), *self._bytes()]
        if found:
            return found
        for proposal in self._proposals:
            try:
                found += self._proposal(proposal)
            except Exception as error:  # noqa: BLE001 - a check that breaks has not passed, and costs its change alone
                found.append(Failure("containers", proposal.id, f"a check broke ({type(error).__name__})"))
        return found + list(self._names())

    # Text

    def _parses(self) -> Iterator[Failure]:
        known = {each.location.path: 0 for each in self._before.rejected}
        for each in self._before.rejected:
            known[each.location.path] += 1
        for path in self._texts:
            now = [each for each in self._after.rejected if each.location.path == path]
            if len(now) != known.get(path, 0):
                where = ", ".join(each.code for each in now)
                yield Failure("parses", self._owner_of(path), f"{path} has documents that don't read any more ({where})")

        if sum(len(each.duplicates) for each in self._after.documents) > sum(len(each.duplicates) for each in self._before.documents):
            yield Failure("parses", None, "a key stands twice in a mapping")

    def _owner_of(self, path: str) -> str | None:
        owners = [each.id for each in self._proposals if path in {step.resource.path for step in each.steps}]
        return owners[0] if len(owners) == 1 else None

    def _bytes(self) -> Iterator[Failure]:
        touched = {id(step.resource.document) for each in self._proposals for step in each.steps}
        touched |= {id(made.after.document) for each in self._proposals for made in each.objects if made.path is None}
        touched |= {id(copy.resource.document) for each in self._proposals for copy in each.copies}
        spans = {(each.source.path, each.span.start) for each in self._before.documents if id(each) in touched}
        for path, new in self._texts.items():
            source = self._before.sources.get(path, SourceFile(path, ""))
            kept = [source.text[piece.span.start : piece.span.end] for piece in cut(source) if (path, piece.span.start) not in spans]
            position = 0
            for piece in kept:
                position = new.find(piece, position)
                if position < 0:
                    yield Failure("untouched-bytes", self._owner_of(path), f"a document of {path} that nothing was to change has changed")
                    break
                position += len(piece)

    # Workloads

    def _proposal(self, proposal: Proposal) -> Iterator[Failure]:
        old = proposal.workload
        homes = list(self._homes(proposal))
        if None in homes:
            yield Failure("containers", proposal.id, f"a workload that {old.title} was to become is missing in stage {self._stage.label}")
            return
        workloads = [each for each in homes if each is not None]
        for check in (self._containers, self._copies, self._mounts, self._references, self._selectors, self._services, self._policies):
            yield from check(proposal, workloads)
        if self._stage is Stage.CONTRACT:
            yield from self._settled(proposal, workloads)

    def _homes(self, proposal: Proposal) -> Iterator[Workload | None]:
        """The workloads that the old one's containers are in, the old one's first."""
        resource = proposal.workload.resource
        becomes = next((each.becomes for each in self._partners[id(proposal.workload)] if each.becomes), None)
        kind, name = becomes or (resource.kind, resource.name)
        yield self._home(proposal, kind, name)
        for move in self._moves(proposal):
            if move.stage <= self._stage:
                kind, _, name = move.title.partition("/")
                yield self._home(proposal, kind, name)

    def _home(self, proposal: Proposal, kind: str, name: str) -> Workload | None:
        resource = proposal.workload.resource
        made = next(
            (each for partner in self._partners[id(proposal.workload)] for each in partner.objects if each.title == f"{kind}/{name}"), None
        )
        named = self._homes_by_name.get((made.home if made else resource.path, name), ())
        return next((each for each in named if each.resource.kind == kind and each.resource.namespace == resource.namespace), None)

    def _moves(self, proposal: Proposal) -> list[Any]:
        return [move for each in self._partners[id(proposal.workload)] for move in each.moves]

    def _containers(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        moves = [move for move in self._moves(proposal) if move.stage <= self._stage]
        for container in proposal.workload.containers:
            if container.type is ContainerType.EPHEMERAL:
                continue
            moved = [number for number, move in enumerate(moves, start=1) if container.name in move.containers]
            shared = [each for each in moves if container.name in each.containers]
            found = [number for number, home in enumerate(homes) if any(each.name == container.name for each in home.containers)]
            stays = self._stage is not Stage.CONTRACT or not shared or self._serves_old(proposal, container)
            expected = ([0] if stays else []) + moved
            if found != sorted(expected):
                yield Failure(
                    "containers",
                    proposal.id,
                    f"{container.name} is in {len(found)} workloads, not in {len(expected)}, in stage {self._stage.label}",
                )
                continue
            for number in found:
                again = next(each for each in homes[number].containers if each.name == container.name)
                if not alike(container, again):
                    yield Failure("containers", proposal.id, f"{container.name} has changed in stage {self._stage.label}")

    def _serves_old(self, proposal: Proposal, container: Container) -> bool:
        """Whether a container that is copied to a new workload stays in the old one too."""
        removed = {step.operation.route for step in self._steps(proposal) if isinstance(step.operation, Remove)}
        route = (*proposal.workload.resource.route, *container.route)
        return route not in removed and route[:-1] not in removed

    def _steps(self, proposal: Proposal) -> list[Any]:
        return [step for each in self._partners[id(proposal.workload)] for step in each.steps]

    def _mounts(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        for old in (proposal.workload, *proposal.copies):
            for home in homes:
                for container in home.containers:
                    was = next((each for each in old.containers if each.name == container.name), None)
                    if was is None or mounted(old, was, old) != mounted(home, container, old):
                        yield Failure("mounts", proposal.id, f"{container.name} mounts something else than it did in {old.title}")

    def _copies(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        """Other Pods that a controller stands for: as many as there were, with the same containers, and gone themselves."""
        for copy in proposal.copies:
            if same_object(copy.resource, self._after.manifests):
                yield Failure("containers", proposal.id, f"{copy.title} is still there beside {homes[0].title}")
            again = {each.name: each for home in homes for each in home.containers}
            if any(each.name not in again or not alike(each, again[each.name]) for each in copy.containers):
                yield Failure("containers", proposal.id, f"{homes[0].title} doesn't have the containers of {copy.title}")
        nodes = [nodes_of(each) for each in (proposal.workload, *proposal.copies)] if proposal.copies else []
        if sorted(each for some in nodes for each in some) != (nodes_of(homes[0]) if nodes else []):
            yield Failure("containers", proposal.id, f"{homes[0].title} doesn't run on the nodes that its Pods were on")
        count = len(proposal.copies) + 1
        if proposal.copies and homes[0].resource.spec.get("replicas", count) != count:
            yield Failure("containers", proposal.id, f"{homes[0].title} doesn't make the {count} Pods that there were")

    def _references(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        old = proposal.workload.pod
        for home in homes:
            for field in old.keys() | home.pod.keys():
                copied = POD_FIELDS.get(field) is Fate.COPIED and field not in (*_REWRITTEN_FIELDS, *(_PINS if proposal.copies else ()))
                if copied and old.get(field) != home.pod.get(field):
                    yield Failure("references", proposal.id, f"{field} of {home.title} is not what it was")
        for config in {id(step.resource): step.resource for step in proposal.steps if step.resource.kind == "ConfigMap"}.values():
            now = same_object(config, self._after.manifests)
            if now is None or now.data.get("data") != self._rewired(proposal, config):
                yield Failure("references", proposal.id, f"{config.title} is not what it was, but for the rewired addresses")

    def _rewired(self, proposal: Proposal, config: Resource) -> dict[str, Any]:
        """The data of a ConfigMap with the addresses that the plan puts into it up to this stage."""
        data = dict(mapping(config.data.get("data")))
        for step in proposal.steps:
            if step.resource is config and isinstance(step.operation, SetValue) and step.operation.stage <= self._stage:
                data[str(step.operation.route[-1])] = step.operation.value
        return data

    def _selectors(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        own = {id(home.resource) for home in homes}
        for home in homes:
            if not selects(home, home.labels) and home.kind is not None and home.kind.selector != "none":
                yield Failure("selectors", proposal.id, f"the selector of {home.title} doesn't match its own template")
            for other in controllers_selecting(home.labels, self._after.manifests):
                met = other.resource is not home.resource and self._after.manifests.sees(home.resource, other.resource)
                if met and not self._known_overlap(other, home, proposal, own):
                    yield Failure("selectors", proposal.id, f"the selector of {other.title} also matches the Pods of {home.title}")
            for resource, labels in self._selected_by(home):
                if resource is not home.resource and id(resource) not in own and not self._overlapped_before(home, labels):
                    yield Failure("selectors", proposal.id, f"the selector of {home.title} also matches the Pods of {resource.title}")

    def _selected_by(self, home: Workload) -> Iterator[tuple[Resource, dict[str, str]]]:
        for resource, labels in pods_with(home.selector, self._after.manifests):
            if selects(home, labels) and self._after.manifests.sees(home.resource, resource):
                yield resource, labels

    def _known_overlap(self, other: Workload, home: Workload, proposal: Proposal, own: set[int]) -> bool:
        """Whether another controller's selector matched the old Pods already, or is in another namespace."""
        if id(other.resource) in own:
            return False
        return not same_namespace(other.resource, home.resource) or selects(other, proposal.workload.labels)

    def _overlapped_before(self, home: Workload, labels: dict[str, str]) -> bool:
        """Whether the workload's selector matched those Pods in the set as it was sent."""
        old = same_object(home.resource, self._before.manifests)
        return old is not None and any(selects(workload, labels) for workload in workloads_of(old))

    # Services

    def _services(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        old = proposal.workload
        before = [each for each in selecting(old.labels, self._before.manifests) if self._before.manifests.sees(old.resource, each)]
        after = self._after.manifests
        now = {id(each): each for home in homes for each in selecting(home.labels, after) if after.sees(home.resource, each)}
        for origin in before:
            service = same_object(origin, self._after.manifests)
            if service is None:
                yield Failure("services", proposal.id, f"Service {origin.name} is gone")
                continue
            now.pop(id(service), None)
            yield from self._old_service(proposal, origin, service, homes)
        for service in now.values():
            if same_object(service, self._before.manifests):
                yield Failure("services", proposal.id, f"Service {service.name} selects Pods that it did not select")
        for made in (each for partner in self._partners[id(old)] for each in partner.objects if each.title.startswith("Service/")):
            for service in self._after.manifests.all_named("Service", made.title.partition("/")[2]):
                if service.path == made.home and service.namespace == made.after.namespace:
                    yield from self._new_service(proposal, service, homes)

    def _old_service(self, proposal: Proposal, origin: Resource, service: Resource, homes: list[Workload]) -> Iterator[Failure]:
        old = proposal.workload
        selected = [each for each in homes if matches_map(selector_of(service), each.labels)]
        classification = self._known[id(old)]
        resolved = {id(home): {port.index: port for port in resolve_ports(service, home)} for home in selected}
        for was in resolve_ports(origin, old):
            wanted = _receiver_name(classification, was)
            if wanted is None:
                continue
            serving = 0
            for home in selected:
                now = resolved[id(home)].get(was.index)
                if now is None:
                    yield Failure("services", proposal.id, f"port {was.number} of Service {service.name} is gone")
                elif now.container is not None and now.container.name == wanted:
                    serving += 1
                elif now.container is None and isinstance(now.target, int) and any(each.name == wanted for each in home.members):
                    # A number that nobody declares reaches whoever listens there, declared or not.
                    serving += 1
                elif now.container is not None or isinstance(now.target, int):
                    yield Failure(
                        "services",
                        proposal.id,
                        f"port {was.number} of Service {service.name} reaches Pods of {home.title}, which don't serve it",
                    )
            if serving == 0:
                yield Failure(
                    "services", proposal.id, f"port {was.number} of Service {service.name} reaches nobody in stage {self._stage.label}"
                )

    def _new_service(self, proposal: Proposal, service: Resource, homes: list[Workload]) -> Iterator[Failure]:
        reached = [each for each, _ in pods_with(selector_of(service), self._after.manifests)]
        selected = [each for each in reached if self._after.manifests.sees(service, each)]
        # A workload that takes over data is there in the last stage only.
        missing = not selected and self._stage is Stage.CONTRACT
        if missing or any(id(each) not in {id(home.resource) for home in homes} for each in selected):
            yield Failure("services", proposal.id, f"the new Service {service.name} doesn't lead to the new workload alone")

    # Policies

    def _policies(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        before, after = self._before.manifests, self._after.manifests
        told = list(uncovered(before, after, proposal.workload, homes))
        if self._stage is Stage.CONTRACT:
            for source, target, port in sorted(proposal.traffic):
                told += blocked(after, homes[source], homes[target], port)
        for message in told:
            yield Failure("policies", proposal.id, f"{message}, in stage {self._stage.label}")

    # Names, and what is left

    def _names(self) -> Iterator[Failure]:
        for proposal in self._proposals:
            for made in proposal.objects:
                kind, _, name = made.title.partition("/")
                known = known_kind(text(made.tree.get("apiVersion")), kind)
                limit = known.name_limit if known else _NAME_LIMITS.get(kind, 253)
                pattern = _DNS_LABEL if kind == "Service" else _DNS_SUBDOMAIN
                valid = bool(pattern.match(name)) and len(name) <= limit and not (kind == "Service" and name[0].isdigit())
                namespace = made.after.namespace
                named = self._after.manifests.all_named(kind, name)
                there = [each for each in named if each.path == made.home and each.namespace == namespace]
                if not valid or len(there) > 1:
                    yield Failure("names", proposal.id, f"{made.title} is not a valid free name")
                if made.stage <= self._stage and not there:
                    yield Failure("names", proposal.id, f"{made.title} is missing in stage {self._stage.label}")

    def _settled(self, proposal: Proposal, homes: list[Workload]) -> Iterator[Failure]:
        catalogue = self._known[id(proposal.workload)].context.catalogue
        actions = {each.action for each in self._partners[id(proposal.workload)]}
        for home in homes:
            if home.bare and why_left_alone(home) is None and "wrap" in actions:
                yield Failure("settled", proposal.id, f"{home.title} is still a bare Pod")
            if "split" not in actions:
                continue
            again = classify(PodContext(home, self._after.manifests, catalogue), load_weights())
            if len(again.groups) > 1 and again.boundary_confidence() >= self._options.for_path(home.resource.path).min_confidence:
                yield Failure("settled", proposal.id, f"{home.title} still holds several applications")


def _receiver_name(classification: Classification, port: Any) -> str | None:
    """The container that a port of a Service reached before; None if that could not be told."""
    container = port.container or receiver(classification.context, port)
    return container.name if container is not None else None
