"""The safety net: what is sent is right, or it is not sent.

Works on the text that will be sent, of every stage, read again as it would be read by anybody else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.change import Proposal, Undertaking, undertakings
from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.knowledge.weights import load_weights
from service.findings import ContainerType, Stage
from service.kube.bare_pods import reason_to_stay_bare
from service.kube.containers import Container
from service.kube.dependents import names_workload, scalers_of
from service.kube.kinds import known_kind
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_mapping,
    as_text,
    in_same_namespace,
    value_at,
)
from service.kube.pod_fields import POD_FIELDS, Fate
from service.kube.workloads import (
    Workload,
    controllers_selecting,
    pods_with_labels,
    selects,
    workloads_of,
)
from service.options import Options
from service.reading import Inputs, read_again
from service.text import SourceFile
from service.verification.coverage import blocked, made_in, opened, same_object, uncovered
from service.verification.equality import (
    alike,
    marked_alike,
    mounted,
    nodes_of,
    replaces_alike,
    runs_alike,
    says,
    shares_alike,
)
from service.verification.services import Passage, astray, misled
from service.yamldoc.operations import Remove
from service.yamldoc.stream import split_pieces

CHECKS: dict[str, str] = {
    "parses": (
        "every touched document reads as YAML and as an object, in every stage, and new ones say"
        " what was planned"
    ),
    "untouched-bytes": "documents that no change touches are the same byte for byte",
    "containers": (
        "every container is there as often as planned, and equal but for rewired addresses and port"
        " names"
    ),
    "mounts": "every mount finds its volume, and the volume is what it was",
    "references": (
        "service account, pull secrets and all else that Pods share are what they were, and"
        " ConfigMaps but for rewired addresses"
    ),
    "selectors": (
        "every selector matches its own template, and none selects Pods that it didn't select"
        " before"
    ),
    "services": (
        "every Service port reaches the container that it reached before, and only that, in every"
        " stage"
    ),
    "policies": (
        "policies, budgets, monitors and autoscalers cover the same containers, and let through"
        " what was spoken inside the Pod"
    ),
    "names": "new names are valid for their kind and not taken",
    "settled": "the touched workloads have nothing left to change",
}
"""The checks, with what it means that one passed."""

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
    planned = [(each, known[id(each.workload)]) for each in undertakings(proposals)]
    failures: list[Failure] = []
    sent = set(map(id, before.documents))
    after = before
    running: dict[int, list[Workload]] = {id(each): [each.workload] for each, _ in planned}
    for stage in Stage:
        options.check_deadline()
        after = read_again(after, texts[stage], options)
        failures += _Comparison(before, after, stage, texts[stage], proposals).failures(
            planned, running, options
        )
        for document in after.documents:
            if id(document) not in sent:
                document.release_tree()
    return failures


class _Comparison:
    """One stage against the set as it was."""

    def __init__(
        self,
        before: Inputs,
        after: Inputs,
        stage: Stage,
        texts: Mapping[str, str],
        proposals: Sequence[Proposal],
    ) -> None:
        self._before = before
        self._after = after
        self._stage = stage
        self._texts = texts
        self._proposals = proposals

    def failures(
        self,
        planned: Iterable[tuple[Undertaking, Classification]],
        running: dict[int, list[Workload]],
        options: Options,
    ) -> list[Failure]:
        """What is wrong with the stage; where its text doesn't read, that alone.

        Args:
            planned: what is planned for each workload, and what was decided about it.
            running: by undertaking, as its identity: the workloads that its containers are in.
                Moved on to this stage.
            options: the run's.
        """
        found = [*self._parses(), *self._bytes()]
        if found:
            return found
        there: dict[tuple[str, str], list[Workload]] = {}
        for each in self._after.workloads:
            there.setdefault((each.resource.path, each.name), []).append(each)
        coming = frozenset(move.name for each in self._proposals for move in each.moves)
        scene = _Scene(self._before.manifests, self._after.manifests, self._stage, there, coming)
        for undertaking, classification in planned:
            trial = _Trial(scene, undertaking, classification, running[id(undertaking)])
            try:
                wrong = list(trial.wrong(options))
                running[id(undertaking)] = trial.homes
            except Exception as error:  # noqa: BLE001 - a check that breaks has not passed, and costs its change alone
                wrong = [("containers", f"a check broke ({type(error).__name__})")]
            found += [
                Failure(check, each.id, message)
                for check, message in wrong
                for each in undertaking.proposals
            ]
        return found + list(self._names())

    # Text

    def _parses(self) -> Iterator[Failure]:
        known = Counter(each.location.path for each in self._before.rejected)
        for path in self._texts:
            now = [each for each in self._after.rejected if each.location.path == path]
            if len(now) != known[path]:
                where = ", ".join(each.code for each in now)
                yield Failure(
                    "parses",
                    self._owner_of(path),
                    f"{path} has documents that don't read any more ({where})",
                )
        if sum(len(each.duplicates) for each in self._after.documents) > sum(
            len(each.duplicates) for each in self._before.documents
        ):
            yield Failure("parses", None, "a key stands twice in a mapping")

    def _owner_of(self, path: str) -> str | None:
        owners = [
            each.id
            for each in self._proposals
            if path in {step.resource.path for step in each.steps}
        ]
        return owners[0] if len(owners) == 1 else None

    def _bytes(self) -> Iterator[Failure]:
        touched = {
            (each.source.path, each.span.start)
            for proposal in self._proposals
            for each in proposal.touched.values()
        }
        for path, new in self._texts.items():
            source = self._before.sources.get(path, SourceFile(path, ""))
            kept = [
                source.text[piece.span.start : piece.span.end]
                for piece in split_pieces(source)
                if (path, piece.span.start) not in touched
            ]
            position = 0
            for piece in kept:
                position = new.find(piece, position)
                if position < 0:
                    yield Failure(
                        "untouched-bytes",
                        self._owner_of(path),
                        f"a document of {path} that nothing was to change has changed",
                    )
                    break
                position += len(piece)

    # Names

    def _names(self) -> Iterator[Failure]:
        for proposal in self._proposals:
            for made in proposal.objects:
                kind, name = made.kind, made.name
                known = known_kind(as_text(made.tree.get("apiVersion")), kind)
                limit = known.name_limit if known else _NAME_LIMITS.get(kind, 253)
                pattern = _DNS_LABEL if kind == "Service" else _DNS_SUBDOMAIN
                valid = (
                    bool(pattern.match(name))
                    and len(name) <= limit
                    and not (kind == "Service" and name[0].isdigit())
                )
                there = made_in(self._after.manifests, made)
                if not valid or len(there) > 1:
                    yield Failure("names", proposal.id, f"{made.title} is not a valid free name")
                if made.stage <= self._stage and not there:
                    yield Failure(
                        "names",
                        proposal.id,
                        f"{made.title} is missing in stage {self._stage.label}",
                    )
                if any(not says(each.data, made.tree) for each in there):
                    yield Failure(
                        "parses",
                        proposal.id,
                        f"{made.title} doesn't say what was planned, in stage {self._stage.label}",
                    )


_Wrong = Iterator[tuple[str, str]]
"""Ids of checks that didn't hold, each with what is wrong."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all workloads of a stage are looked at in."""

    before: ManifestSet
    """The set as it was sent."""
    after: ManifestSet
    """The set in the stage."""
    stage: Stage
    """The stage."""
    there: Mapping[tuple[str, str], Sequence[Workload]]
    """The stage's workloads, by file and name."""
    coming: frozenset[str]
    """The names of all new workloads, those of later stages included."""


class _Trial:
    """One workload in one stage, against what it was."""

    def __init__(
        self,
        scene: _Scene,
        undertaking: Undertaking,
        classification: Classification,
        running: Sequence[Workload],
    ) -> None:
        self._before = scene.before
        self._after = scene.after
        self._stage = scene.stage
        self._scene = scene
        self._undertaking = undertaking
        self._classification = classification
        self._old = undertaking.workload
        self._running = running
        self._moves = [move for move in undertaking.moves if move.stage <= scene.stage]
        found = [
            self._home(*undertaking.becomes),
            *(self._home(move.kind, move.name) for move in self._moves),
        ]
        self.homes = [each for each in found if each is not None]
        """The workloads that the old one's containers are in, the old one's first."""
        self._missing = len(found) - len(self.homes)

    def wrong(self, options: Options) -> _Wrong:
        """Everything that is wrong.

        Args:
            options: the run's.
        """
        if self._missing:
            yield (
                "containers",
                (
                    f"a workload that {self._old.title} was to become is missing in stage"
                    f" {self._stage.label}"
                ),
            )
            return
        checks = (
            self._containers,
            self._pods,
            self._copies,
            self._mounts,
            self._references,
            self._selectors,
            self._services,
            self._policies,
        )
        for check in checks:
            yield from check()
        if self._stage is Stage.CONTRACT:
            yield from self._settled(options)

    def _home(self, kind: str, name: str) -> Workload | None:
        resource = self._old.resource
        made = next(
            (each for each in self._undertaking.objects if each.title == f"{kind}/{name}"), None
        )
        named = self._scene.there.get((made.home if made else resource.path, name), ())
        return next(
            (
                each
                for each in named
                if each.resource.kind == kind and each.resource.namespace == resource.namespace
            ),
            None,
        )

    def _containers(self) -> _Wrong:
        there = [{each.name: each for each in home.containers} for home in self.homes]
        for container in self._old.containers:
            if container.type is ContainerType.EPHEMERAL:
                continue
            moved = [
                number
                for number, move in enumerate(self._moves, start=1)
                if container.name in move.containers
            ]
            found = [number for number, known in enumerate(there) if container.name in known]
            stays = self._stage is not Stage.CONTRACT or not moved or self._serves_old(container)
            expected = [0, *moved] if stays else moved
            if found != expected:
                yield (
                    "containers",
                    (
                        f"{container.name} is in {len(found)} workloads, not in {len(expected)}, in"
                        f" stage {self._stage.label}"
                    ),
                )
            elif not all(alike(container, there[number][container.name]) for number in found):
                yield "containers", f"{container.name} has changed in stage {self._stage.label}"

    def _serves_old(self, container: Container) -> bool:
        """Whether a container that is copied to a new workload stays in the old one too."""
        removed = {
            step.operation.route
            for step in self._undertaking.steps
            if isinstance(step.operation, Remove)
        }
        route = (*self._old.resource.route, *container.route)
        return route not in removed and route[:-1] not in removed

    def _pods(self) -> _Wrong:
        old = self._old
        for number, home in enumerate(self.homes):
            moved = number > 0
            if not runs_alike(old, home, len(self._undertaking.copies) + 1, moved=moved):
                yield (
                    "containers",
                    (
                        f"{home.title} doesn't make the Pods that {old.title} made, in number or in"
                        " time"
                    ),
                )
            if not replaces_alike(old, home, moved=moved):
                yield (
                    "containers",
                    (
                        f"{home.title} doesn't replace its Pods as {old.title} did, or starts a"
                        " second one on the same data"
                    ),
                )
            if not marked_alike(old, home, moved=moved):
                yield (
                    "references",
                    (
                        f"the Pods of {home.title} don't have the labels and annotations of those"
                        f" of {old.title}"
                    ),
                )

    def _mounts(self) -> _Wrong:
        for old in (self._old, *self._undertaking.copies):
            containers = {each.name: each for each in old.containers}
            for home in self.homes:
                for container in home.containers:
                    was = containers.get(container.name)
                    if was is None or mounted(old, was, old) != mounted(home, container, old):
                        yield (
                            "mounts",
                            f"{container.name} mounts something else than it did in {old.title}",
                        )

    def _copies(self) -> _Wrong:
        """Other Pods that a controller stands for: as many as there were, with the same
        containers, and gone themselves.
        """
        copies = self._undertaking.copies
        if not copies:
            return
        home = self.homes[0]
        again = {each.name: each for some in self.homes for each in some.containers}
        for copy in copies:
            if same_object(copy.resource, self._after):
                yield "containers", f"{copy.title} is still there beside {home.title}"
            if any(
                each.name not in again or not alike(each, again[each.name])
                for each in copy.containers
            ):
                yield "containers", f"{home.title} doesn't have the containers of {copy.title}"
        if sorted(each for some in (self._old, *copies) for each in nodes_of(some)) != nodes_of(
            home
        ):
            yield "containers", f"{home.title} doesn't run on the nodes that its Pods were on"

    def _references(self) -> _Wrong:
        folded = bool(self._undertaking.copies)
        for number, home in enumerate(self.homes):
            kept = (
                {Fate.COPIED, Fate.SELECTS}
                if number or folded
                else {Fate.COPIED, Fate.SELECTS, Fate.HOLDS_BACK}
            )
            for field in self._old.pod.keys() | home.pod.keys():
                pins = folded and field in _PINS
                if (
                    POD_FIELDS.get(field) in kept
                    and not pins
                    and not shares_alike(self._old, home, field)
                ):
                    yield "references", f"{field} of {home.title} is not what it was"
        for config in {
            id(step.resource): step.resource
            for step in self._undertaking.steps
            if step.resource.kind == "ConfigMap"
        }.values():
            now = same_object(config, self._after)
            if now is None or now.data.get("data") != self._rewired(config):
                yield (
                    "references",
                    f"{config.title} is not what it was, but for the rewired addresses",
                )

    def _rewired(self, config: Resource) -> dict[str, Any]:
        """The data of a ConfigMap with the addresses that the plan puts into it up to this
        stage.
        """
        data = dict(as_mapping(config.data.get("data")))
        for resource, operation in self._undertaking.settings(self._stage):
            if resource is config:
                data[str(operation.route[-1])] = operation.value
        return data

    def _selectors(self) -> _Wrong:
        own = {id(home.resource) for home in self.homes}
        for home in self.homes:
            asks = bool(
                home.selector or value_at(home.resource.spec, "selector", "matchExpressions")
            )
            if (
                home.kind is not None
                and home.kind.selector != "none"
                and not (asks and selects(home, home.labels))
            ):
                yield (
                    "selectors",
                    (
                        f"the selector of {home.title} doesn't match its own template, or asks for"
                        " nothing"
                    ),
                )
            if (
                home is self.homes[0]
                and not self._old.is_pod
                and home.resource.spec.get("selector") != self._old.resource.spec.get("selector")
            ):
                yield "selectors", f"the selector of {home.title} has changed, which it can't"
            for other in controllers_selecting(home.labels, self._after):
                met = other.resource is not home.resource and self._after.can_see(
                    home.resource, other.resource
                )
                if met and not self._known_overlap(other, home, own):
                    yield (
                        "selectors",
                        f"the selector of {other.title} also matches the Pods of {home.title}",
                    )
            for resource, labels in pods_with_labels(home.selector, self._after):
                met = (
                    id(resource) not in own
                    and selects(home, labels)
                    and self._after.can_see(home.resource, resource)
                )
                if met and not self._overlapped_before(home, labels):
                    yield (
                        "selectors",
                        f"the selector of {home.title} also matches the Pods of {resource.title}",
                    )

    def _known_overlap(self, other: Workload, home: Workload, own: set[int]) -> bool:
        """Whether another controller's selector matched the old Pods already, or is in another
        namespace.
        """
        if id(other.resource) in own:
            return False
        return not in_same_namespace(other.resource, home.resource) or selects(
            other, self._old.labels
        )

    def _overlapped_before(self, home: Workload, labels: dict[str, str]) -> bool:
        """Whether the workload's selector matched those Pods in the set as it was sent."""
        old = same_object(home.resource, self._before)
        return old is not None and any(selects(workload, labels) for workload in workloads_of(old))

    def _services(self) -> _Wrong:
        passage = Passage(
            self._undertaking, self._classification, self._stage, self._running, self.homes
        )
        for message in (*misled(self._before, self._after, passage), *astray(self._after, passage)):
            yield "services", message

    def _policies(self) -> _Wrong:
        told = list(uncovered(self._before, self._after, self._old, self.homes, self._scene.coming))
        for made in self._undertaking.objects:
            scales = made.kind == made.after.kind and names_workload(made.after)
            for there in made_in(self._after, made):
                if there.kind == "NetworkPolicy":
                    told += opened(self._after, there, self.homes)
                if scales and not any(
                    there in scalers_of(home, self._after) for home in self.homes
                ):
                    told.append(f"{there.title} is for none of the workloads")
        if self._stage is Stage.CONTRACT:
            for source, target, port in self._undertaking.traffic:
                told += blocked(self._after, self.homes[source], self.homes[target], port)
        for message in told:
            yield "policies", f"{message}, in stage {self._stage.label}"

    def _settled(self, options: Options) -> _Wrong:
        catalogue = self._classification.context.catalogue
        actions = self._undertaking.actions
        for home in self.homes:
            if home.bare and reason_to_stay_bare(home) is None and "wrap" in actions:
                yield "settled", f"{home.title} is still a bare Pod"
            if "split" not in actions:
                continue
            again = classify(PodContext(home, self._after, catalogue), load_weights())
            if (
                len(again.groups) > 1
                and again.boundary_confidence()
                >= options.for_path(home.resource.path).min_confidence
            ):
                yield "settled", f"{home.title} still holds several applications"
