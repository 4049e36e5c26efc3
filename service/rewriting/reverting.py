"""A set as it stood before its splits began, given a text between their stages: the new objects are
taken away, and what led to them is led back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from service.actions.context import Candidate, Names
from service.actions.split.labels import wanted_name
from service.actions.split.services import SHARED_LABEL
from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.kube.objects import ManifestSet, Resource
from service.kube.services import service_selector, services_asking_for
from service.kube.splits import (
    AFTER_SPLIT,
    fields_after_split,
    has_unknown_mark,
    is_stopped_by_split,
    marked_objects,
    objects_split_from,
)
from service.kube.workloads import Workload, all_workloads, workload_at, workloads_in
from service.lazy import cached_property
from service.options import Options
from service.reading import read_inputs
from service.text import Edit, SourceFile, apply_edits
from service.yamldoc.editing import compile_operations
from service.yamldoc.formatting import Formatting, formatting_of
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Operation, Remove, SetValue
from service.yamldoc.stream import Document, document_removal_span

_Operations: TypeAlias = Mapping[Document, Sequence[Operation]]


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A set as it stood before the stage *add* of some splits."""

    manifests: ManifestSet
    """Its objects."""
    taken_back: AbstractSet[Resource]
    """The objects, as they stand between the stages, whose splits were taken back."""


@dataclass(frozen=True, eq=False)
class BeforeSplits:
    """A set before its splits began. All of them are taken back together, as reading a set anew for
    each would take the square of their number; one that can't be costs the others nothing.
    """

    manifests: ManifestSet
    """The set as it stands."""
    options: Options
    """The run's."""
    sources: Mapping[str, SourceFile]
    """The files of the set, by path."""

    def candidate(self, candidate: Candidate) -> Candidate | None:
        """A workload as it stood before the stage *add*; None if it can't be found there.

        Args:
            candidate: the workload, as it stands between the stages.

        Raises:
            EditError: it can't be taken back.
        """
        earlier = self._all_taken_back
        if earlier is None or candidate.resource not in earlier.taken_back:
            earlier = self._taken_back([candidate.resource])
        own = candidate.resource
        workload = workload_at(own.kind, own.name, own.path, own.namespace, earlier.manifests)
        if workload is None:
            return None
        catalogue = candidate.classification.context.catalogue
        context = PodContext(workload, earlier.manifests, catalogue)
        classification = classify(context, load_weights())
        names = Names(set(earlier.manifests.names))
        return Candidate(classification, earlier.manifests, names, candidate.min_confidence)

    @cached_property
    def _all_taken_back(self) -> _Earlier | None:
        """With all splits taken back that can be; None if they can't be together."""
        made = {own for objects in marked_objects(self.manifests).values() for own in objects}
        going_on = [
            resource
            for resource in dict.fromkeys(own.resource for own in all_workloads(self.manifests))
            if resource not in made and self._is_going_on(resource)
        ]
        with suppress(Exception):
            return self._taken_back(going_on)
        # One of them is wrong, or two want the same text.
        known: dict[Document, Formatting] = {}
        with suppress(Exception):
            return self._taken_back(own for own in going_on if self._can_be_edited(own, known))
        return None

    def _is_going_on(self, resource: Resource) -> bool:
        """Whether an object's workload is being split, and says so in a way that is followed."""
        if has_unknown_mark(resource):
            return False
        return AFTER_SPLIT in resource.annotations or any(
            objects_split_from(workload, self.manifests)
            for workload in workloads_in(resource, self.manifests)
        )

    def _can_be_edited(self, resource: Resource, known: dict[Document, Formatting]) -> bool:
        """Whether what takes the split of an object's workload back can be written."""
        try:
            for document, own in self._operations([resource]).items():
                if document not in known:
                    known[document] = formatting_of([document])
                compile_operations(document, own, known[document])
        except Exception:  # noqa: BLE001 - what is wrong with it costs this workload alone
            return False
        return True

    def _taken_back(self, resources: Iterable[Resource]) -> _Earlier:
        """The set before the splits of the workloads that some objects are.

        Raises:
            EditError: an edit can't be made, or two want the same text.
        """
        resources = list(resources)
        texts = {path: source.text for path, source in self.sources.items()}
        for path, edits in self._reverting_edits(resources).items():
            texts[path] = apply_edits(texts[path], edits, max(Stage))
        encoded = [(path, text.encode()) for path, text in texts.items()]
        inputs = read_inputs(encoded, self.options)
        return _Earlier(inputs.manifests, frozenset(resources))

    def _reverting_edits(self, resources: Iterable[Resource]) -> dict[str, list[Edit]]:
        """The edits that take away what the stages add and switch brought, by path."""
        operations: dict[Document, list[Operation]] = {
            document: list(own) for document, own in self._operations(resources).items()
        }
        edits: dict[str, list[Edit]] = {}
        # Those of other overlays as well: their names would be taken.
        marked = marked_objects(self.manifests).values()
        for resource in (resource for objects in marked for resource in objects):
            if resource.route:
                operations.setdefault(resource.document, []).append(Remove(resource.route))
            else:
                edit = Edit(document_removal_span(resource.document), "")
                edits.setdefault(resource.path, []).append(edit)
        for document, own in operations.items():
            compiled = compile_operations(document, own, formatting_of([document]))
            edits.setdefault(document.source.path, []).extend(compiled)
        return edits

    def _operations(self, resources: Iterable[Resource]) -> _Operations:
        """What leads the Services of some objects' workloads back, and makes their specs what they
        were.
        """
        found: dict[Document, list[Operation]] = {}
        led_back: dict[tuple[Document, Route], Operation] = {}
        for resource in resources:
            for workload in workloads_in(resource, self.manifests):
                made = objects_split_from(workload, self.manifests)
                for service, operation in reverted_services(workload, made, self.manifests):
                    # Two workloads may lead one Service back to the same.
                    known = led_back.setdefault((service.document, operation.route), operation)
                    if known is operation or known != operation:
                        found.setdefault(service.document, []).append(operation)
            found.setdefault(resource.document, []).extend(_spec_before(resource))
        return found


def reverted_services(
    workload: Workload, made: Sequence[Resource], manifests: ManifestSet
) -> Iterator[tuple[Resource, Operation]]:
    """What leads the Services back to the old workload that lead to new ones, or to several."""
    labels = workload.labels
    new_labels = [own.labels for resource in made for own in workloads_in(resource, manifests)]
    new_labels += _labels_to_come(workload)
    for service in _services_led_away(workload, new_labels, manifests):
        selector, route = service_selector(service), (*service.route, "spec", "selector")
        if service in made:
            continue
        if SHARED_LABEL in selector and selector[SHARED_LABEL] == labels.get(SHARED_LABEL):
            own = {key: value for key, value in labels.items() if key != SHARED_LABEL}
            yield service, SetValue(route, own)
            continue
        for others in new_labels:
            differing = [
                key
                for key, value in selector.items()
                if labels.get(key) != value and others.get(key) == value
            ]
            if len(differing) == 1 and differing[0] in labels:
                yield service, SetValue((*route, differing[0]), labels[differing[0]])
                break


def _services_led_away(
    workload: Workload, new_labels: Sequence[Mapping[str, str]], manifests: ManifestSet
) -> list[Resource]:
    """The Services that a workload sees and that select by the label which it shares with what was
    split off, or by one that only this has.
    """
    asked = [item for item in workload.labels.items() if item[0] == SHARED_LABEL]
    asked += [item for others in new_labels for item in others.items() - workload.labels.items()]
    found = set(services_asking_for(manifests).seen_from(workload.resource, manifests, asked))
    return sorted(found, key=manifests.position_of)


def _labels_to_come(workload: Workload) -> Iterator[dict[str, str]]:
    """The labels that the Pods of what the last stage makes may have: the Services lead to them
    already.
    """
    if not is_stopped_by_split(workload.resource):
        return
    kind = workload.kind.split_into if workload.kind is not None else None
    for container in workload.containers:
        name = wanted_name(workload.name, container.name, kind or "Deployment")
        for key in workload.labels:
            yield {**workload.labels, key: name}


def _spec_before(resource: Resource) -> Iterator[Operation]:
    """What takes away from a workload's spec what the split has put there, or the wrap that came
    with it.
    """
    fields = fields_after_split(resource)
    for field, value in fields.items():
        if value is None or field == "strategy":
            yield from removed(resource, field, Stage.EXPAND)
        else:
            yield SetValue(in_spec(resource, field), value, int(Stage.EXPAND))
    if AFTER_SPLIT in resource.annotations:
        yield unmark(resource, AFTER_SPLIT, Stage.EXPAND)


def removed(resource: Resource, field: str, stage: Stage) -> Iterator[Operation]:
    """What takes a field of an object's spec away, if it is there."""
    if field in resource.spec:
        yield Remove(in_spec(resource, field), int(stage))


def in_spec(resource: Resource, field: str) -> Route:
    """The route of a field of an object's spec from the document."""
    return (*resource.route, "spec", field)


def unmark(resource: Resource, annotation: str, stage: Stage = Stage.CONTRACT) -> Operation:
    """What takes an annotation of a split away."""
    route = (*resource.route, "metadata", "annotations")
    is_alone = len(resource.annotations) == 1
    return Remove(route if is_alone else (*route, annotation), int(stage))
