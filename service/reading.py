"""From files to objects: what is read, what is rejected, and what is skipped."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from service.errors import InputError, LimitExceeded
from service.findings import Location, RejectedInput, SkippedInput
from service.kube import kustomize
from service.kube.objects import ManifestSet, Resource, as_list, objects_of
from service.kube.owners import owned_objects
from service.kube.workloads import Workload, register_workloads, workloads_of
from service.lazy import cached_property
from service.options import Options
from service.text import SourceFile, Span, decode
from service.yamldoc.compose import DuplicateKey
from service.yamldoc.nodes import Data
from service.yamldoc.stream import Document, Rejected, parse_each


@dataclass(frozen=True, slots=True, eq=False)
class DocumentObjects:
    """A document with its objects."""

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
    """The files, by path. Of a file that can't be decoded, the text up to the error."""
    contents: tuple[DocumentObjects, ...]
    """The documents that have objects, with these."""
    manifests: ManifestSet
    """The objects."""
    workloads: tuple[Workload, ...]
    """The workloads among them."""
    rejected: tuple[RejectedInput, ...]
    """What can't be read."""
    skipped: tuple[SkippedInput, ...]
    """What isn't a manifest."""
    document_count: int
    """How many documents were read, the rejected ones included."""

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """The documents that have objects."""
        return tuple(content.document for content in self.contents)

    @cached_property
    def repeated_keys(self) -> tuple[DuplicateKey, ...]:
        """The keys of all documents that stand in their mapping twice."""
        return tuple(
            duplicate for content in self.contents for duplicate in content.document.duplicates
        )


MAX_CONTAINERS = 100
"""Containers of one Pod, of all types. Every container is compared with every other one, which
takes too long for thousands.
"""

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
"""Files that are skipped, by their names in lower case, with the reason."""
_HTML = re.compile(r"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_EXCLUDED = "excluded by the option exclude"
_CI_FOLDERS = (".github", ".circleci", ".gitlab")


def read_inputs(files: Iterable[tuple[str, bytes]], options: Options) -> Inputs:
    """Read files.

    Args:
        files: path, relative and with forward slashes, and content of each file.
        options: for the limits.

    Raises:
        LimitExceeded: `documents`: there are more than the limit.
        DeadlineExceeded: it took too long.
    """
    reader = _Reader(options, max_documents=options.max_documents)
    for path, raw in files:
        reader.read(path, raw)
    return reader.result()


def read_again(inputs: Inputs, texts: Mapping[str, str], options: Options) -> Inputs:
    """Read the set again, with the texts of some files replaced or added.

    A document whose text did not change is not parsed again: its objects are reused, with the
    places in the text that they had. Of the others nothing but the data is held, as nobody edits
    them.

    Args:
        inputs: the set as it was.
        texts: the new texts, by path; other files are reused as they were read.
        options: the run's options.

    Raises:
        DeadlineExceeded: it took too long.
    """
    # Documents that a rewrite adds don't count towards the sender's limit.
    reader = _Reader(options, max_documents=sys.maxsize, keeps_places=False)
    by_path: dict[str, list[DocumentObjects]] = {}
    for content in inputs.contents:
        by_path.setdefault(content.document.source.path, []).append(content)
    for path in (*inputs.sources, *(path for path in texts if path not in inputs.sources)):
        known = by_path.get(path, [])
        if path in texts:
            # Such as it will be sent: what can't be encoded is no text.
            texts[path].encode()
            reader.read_source(SourceFile(path, texts[path]), known)
        else:
            reader.reuse(inputs.sources[path], known)
    return reader.result()


class _Reader:
    """Reads files one after another, and keeps what comes of them."""

    def __init__(self, options: Options, *, max_documents: int, keeps_places: bool = True) -> None:
        self._options = options
        self._max_documents = max_documents
        self._keeps_places = keeps_places
        self._sources: dict[str, SourceFile] = {}
        self._contents: list[DocumentObjects] = []
        self._rejected: list[RejectedInput] = []
        self._skipped: list[SkippedInput] = []
        self._document_count = 0

    def result(self) -> Inputs:
        """Everything that was read. Files that kustomizations patch with, or take as data, are no
        manifests.
        """
        kustomizations = [
            resource
            for content in self._contents
            for resource in content.resources
            if resource.kind in kustomize.KINDS
        ]
        patches = self._patches(kustomizations)
        reasons = {
            **dict.fromkeys(
                sorted(kustomize.data_paths(kustomizations) & self._sources.keys()),
                "data of a kustomization: it gets into a ConfigMap or Secret, or into a build",
            ),
            **dict.fromkeys(patches, "a kustomize patch: it is read along with what it patches"),
        }
        contents = tuple(self._contents)
        if reasons:
            contents = tuple(
                content for content in contents if content.document.source.path not in reasons
            )
        owned = owned_objects(workload for content in contents for workload in content.workloads)
        if owned:
            contents = tuple(_without(owned, contents))
        workloads = tuple(workload for content in contents for workload in content.workloads)
        manifests = ManifestSet(
            tuple(resource for content in contents for resource in content.resources), patches
        )
        register_workloads(manifests, workloads)
        return Inputs(
            sources=self._sources,
            contents=contents,
            manifests=manifests,
            workloads=workloads,
            rejected=tuple(item for item in self._rejected if item.location.path not in reasons),
            skipped=(
                *(item for item in self._skipped if item.path not in reasons),
                *(SkippedInput(path, None, reason) for path, reason in reasons.items()),
                *(
                    SkippedInput(
                        resource.path,
                        resource.document.index,
                        f"{resource.title} is made from {owner.title}, and looked at there",
                    )
                    for resource, owner in owned.items()
                ),
            ),
            document_count=self._document_count,
        )

    def _patches(self, kustomizations: Iterable[Resource]) -> dict[str, list[Data]]:
        """The contents of the files that kustomizations patch with, by path."""
        return {
            path: kustomize.read_patch(self._sources[path].text)
            for path in sorted(kustomize.patch_paths(kustomizations))
            if path in self._sources
        }

    def reuse(self, source: SourceFile, contents: Iterable[DocumentObjects]) -> None:
        """Take over a file that was read before."""
        self._sources[source.path] = source
        self._contents += contents

    def read(self, path: str, raw: bytes) -> None:
        """Read a file.

        Args:
            path: its path.
            raw: its content.
        """
        try:
            source = decode(path, raw)
        except InputError as error:
            if self._options.excludes(path):
                self._skipped.append(SkippedInput(path, None, _EXCLUDED))
                return
            # The place is known in bytes only, so keep the text that leads up to it.
            text = raw[: error.offset or 0].decode("utf-8", "replace")
            self._sources[path] = SourceFile(path, text)
            self._reject(path, 0, len(text), error)
            return
        self.read_source(source)

    def read_source(self, source: SourceFile, known: Iterable[DocumentObjects] = ()) -> None:
        """Read a file that is text.

        Args:
            source: the file.
            known: documents of the file that were read before; where they occur unchanged, they are
                not read again.
        """
        path = source.path
        self._sources[path] = source
        reason = _EXCLUDED if self._options.excludes(path) else _skip_reason(source)
        if reason is not None:
            self._skipped.append(SkippedInput(path, None, reason))
            return
        if _HTML.match(source.text):
            message = "this is HTML, such as the page of a login or of an error: look at its origin"
            self._reject(path, 0, 0, InputError("html", message))
            return
        unchanged = {content.document.text: content for content in known}
        documents = {text: content.document for text, content in unchanged.items()}
        for entry in parse_each(source, self._options.limits, documents):
            self._count_document()
            if isinstance(entry, Rejected):
                self._read_rejected(path, entry)
            # Each is reused once, as the same text at two places is two objects.
            elif content := unchanged.pop(entry.text, None):
                self._contents.append(content)
            else:
                self._read_objects(path, entry)
                if not self._keeps_places:
                    entry.release_tree()

    def _read_rejected(self, path: str, entry: Rejected) -> None:
        text = entry.source.text[entry.span.start : entry.span.end]
        if entry.code == "not-an-object" and kustomize.is_json_patch(text):
            reason = "a JSON patch: it changes an object, and is none"
            self._skipped.append(SkippedInput(path, entry.index, reason))
            return
        self._reject(path, entry.index, entry.offset, InputError(entry.code, entry.message))

    def _count_document(self) -> None:
        """Count one more document, and check the limits.

        Raises:
            LimitExceeded: `documents`.
            DeadlineExceeded: the run took too long.
        """
        self._options.check_deadline()
        self._document_count += 1
        if self._document_count > self._max_documents:
            raise LimitExceeded(
                "documents",
                f"more than {self._max_documents} documents: send fewer at once",
            )

    def _read_objects(self, path: str, document: Document) -> None:
        try:
            resources = [_with_kind(resource) for resource in objects_of(document)]
        except InputError as error:
            self._reject(path, document.index, document.span.start + (error.offset or 0), error)
            return
        accepted: list[Resource] = []
        workloads: list[Workload] = []
        for resource in resources:
            if not resource.kind or not resource.api_version:
                reason = _not_an_object(resource)
                self._skipped.append(SkippedInput(path, document.index, reason))
                continue
            try:
                _check_no_template(resource)
                own_workloads = list(workloads_of(resource))
                _check_container_count(own_workloads)
            except InputError as error:
                self._reject(path, document.index, document.span.start + (error.offset or 0), error)
                continue
            accepted.append(resource)
            workloads += own_workloads
        if accepted:
            self._contents.append(DocumentObjects(document, tuple(accepted), tuple(workloads)))

    def _reject(self, path: str, document: int, offset: int, error: InputError) -> None:
        location = Location(path, document, Span(offset, offset))
        self._rejected.append(RejectedInput(error.code, error.message, location))


def _without(
    owned: Mapping[Resource, Resource], contents: Iterable[DocumentObjects]
) -> Iterator[DocumentObjects]:
    """The documents without some of their objects; those that have no other ones are left out."""
    for content in contents:
        kept = tuple(resource for resource in content.resources if resource not in owned)
        if len(kept) == len(content.resources):
            yield content
        elif kept:
            workloads = tuple(
                workload for workload in content.workloads if workload.resource not in owned
            )
            yield DocumentObjects(content.document, kept, workloads)


def _with_kind(resource: Resource) -> Resource:
    """The object; a kustomization without `kind` gets it by its file's name, as kustomize does."""
    if not resource.kind and resource.path.rpartition("/")[2] in kustomize.FILE_NAMES:
        return replace(
            resource,
            data={
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                **resource.data,
            },
        )
    return resource


def _check_container_count(workloads: Iterable[Workload]) -> None:
    """Check that no Pod has too many containers.

    Raises:
        LimitExceeded: `containers`.
    """
    for workload in workloads:
        count = sum(
            len(as_list(workload.pod.get(field)))
            for field in ("containers", "initContainers", "ephemeralContainers")
        )
        if count > MAX_CONTAINERS:
            message = f"the Pod has more than {MAX_CONTAINERS} containers, which is the limit"
            raise LimitExceeded("containers", message)


def _check_no_template(resource: Resource) -> None:
    """Check that the object is no template, whose text is still to be filled in.

    Raises:
        InputError: `template`.
    """
    if "{{" in resource.name or "{{" in (resource.namespace or "") or "{{" in resource.kind:
        metadata = resource.document.find((*resource.route, "metadata"))
        message = "this is a template that has not been rendered; render it first: helm template"
        raise InputError("template", message, metadata.node.start if metadata else 0)


def _skip_reason(source: SourceFile) -> str | None:
    """Why a file is no manifest, by its path; None for a manifest."""
    *folders, name = source.path.split("/")
    if any(folder in _CI_FOLDERS for folder in folders):
        return "a CI file"
    reason = _NOT_MANIFESTS.get(name.lower())
    # Manifests are called so, too.
    return None if reason is not None and _looks_like_object(source.text) else reason


def _not_an_object(resource: Resource) -> str:
    """Why something without apiVersion or kind is no object, and what it may be."""
    if not resource.kind and isinstance(resource.data.get("services"), dict):
        return "a Compose file: convert it first"
    if not resource.kind and not resource.api_version:
        return (
            "not a Kubernetes object: apiVersion and kind are missing; if these are the values of a"
            " Helm chart, send what `helm template` prints"
        )
    return "not a Kubernetes object: apiVersion or kind is missing"


def _looks_like_object(text: str) -> bool:
    """Whether a text has the keys of a Kubernetes object at the start of its lines."""
    keys = ("apiVersion", "kind", "metadata")
    return all(re.search(rf"^{key}:", text, re.MULTILINE) for key in keys)
