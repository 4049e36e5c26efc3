"""From files to objects: what is read, what is rejected, what isn't for us."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from service.collector import COLLECTOR
from service.errors import InputError, LimitExceeded
from service.findings import Location, RejectedInput, SkippedInput
from service.kube import kustomize
from service.kube.objects import ManifestSet, Resource, as_list, objects_of
from service.kube.workloads import Workload, register_workloads, workloads_of
from service.options import Options
from service.text import SourceFile, Span, decode
from service.yamldoc.nodes import Data
from service.yamldoc.stream import Document, Rejected, parse


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A document with what it holds."""

    document: Document
    """The document."""
    resources: tuple[Resource, ...]
    """Its objects, at least one."""
    workloads: tuple[Workload, ...]
    """The workloads among them."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that was sent."""

    sources: dict[str, SourceFile]
    """The files that could be decoded, by path."""
    held: tuple[Held, ...]
    """The documents that hold objects, with these."""
    manifests: ManifestSet
    """Their objects."""
    workloads: tuple[Workload, ...]
    """The workloads among them."""
    rejected: tuple[RejectedInput, ...]
    """What can't be read."""
    skipped: tuple[SkippedInput, ...]
    """What isn't for us."""
    count: int
    """How many documents were read, the rejected ones included."""

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """The documents that hold objects."""
        return tuple(each.document for each in self.held)


_MOST_CONTAINERS = 100
"""In one Pod, of all types."""

_NOT_MANIFESTS = {
    "values.yaml": "a Helm chart's values: render the chart first",
    "values.yml": "a Helm chart's values: render the chart first",
    "chart.yaml": "a Helm chart's description",
    ".podsplit.yaml": "Podsplit's own options",
    "docker-compose.yml": "a Compose file: convert it first",
    "docker-compose.yaml": "a Compose file: convert it first",
    "compose.yaml": "a Compose file: convert it first",
    ".gitlab-ci.yml": "a CI file",
}
_CI_FOLDERS = (".github", ".circleci", ".gitlab")


def read_inputs(files: Iterable[tuple[str, bytes]], options: Options) -> Inputs:
    """Read files.

    Args:
        files: paths, relative and with forward slashes, with their bytes.
        options: for the limits.

    Raises:
        LimitExceeded: `documents`, if there are more than the limit.
        DeadlineExceeded: it took too long.
    """
    reader = _Reader(options)
    with COLLECTOR.less_eager():
        for path, raw in files:
            reader.read(path, raw)
        return reader.result()


def read_again(inputs: Inputs, texts: Mapping[str, str], options: Options) -> Inputs:
    """The set with some files' texts replaced.

    What stands in a file word for word as it did is not parsed again: its objects are taken over,
    with the places in the text that they had.

    Args:
        inputs: the set as it was.
        texts: the new texts, by path; other files are taken over as they were read.
        options: the run's options.

    Raises:
        DeadlineExceeded: it took too long.
    """
    # What is added to a set that was let in is not counted against its sender.
    reader = _Reader(replace(options, max_documents=sys.maxsize))
    by_path: dict[str, list[Held]] = {}
    for each in inputs.held:
        by_path.setdefault(each.document.source.path, []).append(each)
    for path in (*inputs.sources, *(path for path in texts if path not in inputs.sources)):
        if path in texts:
            reader.read(
                path,
                texts[path].encode(),
                {each.document.text: each for each in by_path.get(path, ())},
            )
        else:
            reader.keep(inputs.sources[path], by_path.get(path, ()))
    return reader.result()


class _Reader:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._sources: dict[str, SourceFile] = {}
        self._held: list[Held] = []
        self._rejected: list[RejectedInput] = []
        self._skipped: list[SkippedInput] = []
        self._count = 0

    def result(self) -> Inputs:
        patches = self._patches()
        held = (
            tuple(each for each in self._held if each.document.source.path not in patches)
            if patches
            else tuple(self._held)
        )
        workloads = tuple(workload for each in held for workload in each.workloads)
        manifests = ManifestSet(
            tuple(resource for each in held for resource in each.resources), patches
        )
        register_workloads(manifests, workloads)
        rejected = tuple(each for each in self._rejected if each.location.path not in patches)
        reason = "a kustomize patch: it is read along with what it patches"
        skipped = (
            *(each for each in self._skipped if each.path not in patches),
            *(SkippedInput(path, None, reason) for path in patches),
        )
        return Inputs(self._sources, held, manifests, workloads, rejected, skipped, self._count)

    def _patches(self) -> dict[str, list[Data]]:
        """What the files say that kustomizations patch with, by path."""
        kustomizations = [
            resource
            for each in self._held
            for resource in each.resources
            if resource.kind in kustomize.KINDS
        ]
        found = kustomize.patch_paths(kustomizations) if kustomizations else set()
        return {
            path: kustomize.read_patch(self._sources[path].text)
            for path in sorted(found)
            if path in self._sources
        }

    def keep(self, source: SourceFile, held: Iterable[Held]) -> None:
        """Take over a file that was read before."""
        self._sources[source.path] = source
        self._held += held

    def read(self, path: str, raw: bytes, before: dict[str, Held] | None = None) -> None:
        """Read a file; `before` are documents of the file that were read before, by their text."""
        before = before or {}
        try:
            source = decode(path, raw)
        except InputError as error:
            # The place is known in bytes only; an empty text keeps positions harmless.
            self._sources[path] = SourceFile(
                path, raw[: error.offset or 0].decode("utf-8", "replace")
            )
            self._reject(path, 0, len(self._sources[path].text), error)
            return
        self._sources[path] = source
        reason = _skip_reason(path)
        if reason is not None:
            self._skipped.append(SkippedInput(path, None, reason))
            return
        known = {text: each.document for text, each in before.items()}
        for entry in parse(source, self._options.limits, known):
            self._options.check_deadline()
            self._count += 1
            if self._count > self._options.max_documents:
                raise LimitExceeded(
                    "documents",
                    f"more than {self._options.max_documents} documents: send fewer at once",
                )
            if isinstance(entry, Rejected):
                self._reject(path, entry.index, entry.offset, InputError(entry.code, entry.message))
            # Each is taken over once: the same text at two places is two objects.
            elif held := before.pop(entry.text, None):
                self._held.append(held)
            else:
                self._objects(path, entry)

    def _objects(self, path: str, document: Document) -> None:
        try:
            resources = [_with_kind(each) for each in objects_of(document)]
        except InputError as error:
            self._reject(path, document.index, document.span.start + (error.offset or 0), error)
            return
        kept: list[Resource] = []
        workloads: list[Workload] = []
        for resource in resources:
            if not resource.kind or not resource.api_version:
                self._skipped.append(
                    SkippedInput(
                        path,
                        document.index,
                        "not a Kubernetes object: apiVersion or kind is missing",
                    )
                )
                continue
            try:
                _refuse_template(resource)
                found = list(workloads_of(resource))
                _refuse_crowd(found)
            except InputError as error:
                self._reject(path, document.index, document.span.start + (error.offset or 0), error)
                continue
            kept.append(resource)
            workloads += found
        if kept:
            self._held.append(Held(document, tuple(kept), tuple(workloads)))

    def _reject(self, path: str, document: int, offset: int, error: InputError) -> None:
        self._rejected.append(
            RejectedInput(error.code, error.message, Location(path, document, Span(offset, offset)))
        )


def _with_kind(resource: Resource) -> Resource:
    """A kustomization may leave out what it is: the file's name says so."""
    name = resource.path.rpartition("/")[2]
    if name in kustomize.FILE_NAMES and not resource.kind:
        return replace(
            resource,
            data={
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                **resource.data,
            },
        )
    return resource


def _refuse_crowd(workloads: list[Workload]) -> None:
    """Every container is held against every other one, which nobody waits for where there are
    thousands.

    Raises:
        LimitExceeded: `containers`.
    """
    for workload in workloads:
        if (
            sum(
                len(as_list(workload.pod.get(field)))
                for field in ("containers", "initContainers", "ephemeralContainers")
            )
            > _MOST_CONTAINERS
        ):
            raise LimitExceeded("containers", f"a Pod of more than {_MOST_CONTAINERS} containers")


def _refuse_template(resource: Resource) -> None:
    """Text that is still to be filled in can't be judged.

    Raises:
        InputError: `template`.
    """
    if "{{" in resource.name or "{{" in (resource.namespace or "") or "{{" in resource.kind:
        found = resource.document.find((*resource.route, "metadata"))
        message = "this is a template that has not been rendered; render it first: helm template"
        raise InputError("template", message, found.node.start if found else 0)


def _skip_reason(path: str) -> str | None:
    *folders, name = path.split("/")
    if any(part in _CI_FOLDERS for part in folders):
        return "a CI file"
    return _NOT_MANIFESTS.get(name.lower())
