"""Kustomizations: which files they build and what they patch.

Facts: the reference of kustomization.yaml (kustomize.config.k8s.io/v1beta1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import normpath
from textwrap import indent

from service.errors import InputError
from service.kube.objects import ManifestSet, Resource, as_list, as_mapping, as_mappings, as_text
from service.text import SourceFile
from service.yamldoc.compose import Limits
from service.yamldoc.nodes import Data
from service.yamldoc.stream import Document, parse

KINDS = ("Kustomization", "Component")
API_GROUP = "kustomize.config.k8s.io"
"""That of kustomizations, which are read by kustomize alone; Flux has objects of the same kind."""
FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_RESOURCE_FIELDS = ("resources", "bases", "components")
"""Fields that list files and folders whose objects are built."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A change that a kustomization makes to other objects."""

    kustomization: Resource
    """The kustomization that lists it."""
    target: dict[str, Data]
    """The `target` beside it, which says which objects it is for; empty if its content does."""
    content: Data
    """A partial object, or a list of JSON patch operations; None if it is not in the set or can't
    be read.
    """

    def is_for(self, kind: str, name: str) -> bool:
        """Whether it may change the object of a kind and name."""
        if self.target:
            wanted = self.target
        elif isinstance(self.content, dict):
            wanted_name = as_text(as_mapping(self.content.get("metadata")).get("name"))
            wanted = {
                "kind": re.escape(as_text(self.content.get("kind"))),
                "name": re.escape(wanted_name),
            }
        else:
            return True
        # Both are regular expressions that have to match as a whole. One that Python can't compile
        # may match.
        try:
            return all(
                re.fullmatch(as_text(wanted.get(field)) or ".*", value)
                for field, value in (("kind", kind), ("name", name))
            )
        except re.error:
            return True


def patch_paths(kustomizations: Iterable[Resource]) -> set[str]:
    """The paths in the set of the files that hold patches, which are no objects of their own."""
    return {
        _path_in_set(kustomization, entry.path)
        for kustomization in kustomizations
        for entry in _patch_entries(kustomization)
        if entry.path
    }


def data_paths(kustomizations: Sequence[Resource]) -> set[str]:
    """The paths in the set of the files that kustomizations take as data, and none of them builds:
    contents of generated ConfigMaps and Secrets, replacements, values of charts, and rules for
    transformers.
    """
    found: set[str] = set()
    for kustomization in kustomizations:
        data = kustomization.data
        generators = [
            *as_mappings(data.get("configMapGenerator")),
            *as_mappings(data.get("secretGenerator")),
        ]
        listed = [
            # A file may be given another name: `config.yaml=settings/prod.yaml`.
            *(as_text(entry).rpartition("=")[2] for one in generators for entry in _files_of(one)),
            *(as_text(entry) for entry in as_list(data.get("configurations"))),
            *(as_text(entry.get("path")) for entry in as_mappings(data.get("replacements"))),
            *(as_text(chart.get("valuesFile")) for chart in as_mappings(data.get("helmCharts"))),
        ]
        found |= {_path_in_set(kustomization, path) for path in listed if path}
    built = {path for kustomization in kustomizations for path in _listed_paths(kustomization)}
    return found - built


def _files_of(generator: dict[str, Data]) -> Iterator[Data]:
    """The files that a generator of ConfigMaps or Secrets lists."""
    yield from as_list(generator.get("files"))
    yield from as_list(generator.get("envs"))
    yield generator.get("env")


def is_json_patch(text: str) -> bool:
    """Whether a text is a list of operations as in RFC 6902."""
    contents = read_patch(text)
    operations = [item for content in contents for item in as_mappings(content)]
    return bool(operations) and all("op" in item and "path" in item for item in operations)


def patches_of(kustomization: Resource, manifests: ManifestSet) -> Iterator[Patch]:
    """The patches of a kustomization of a set."""
    for entry in _patch_entries(kustomization):
        if entry.inline is not None:
            contents = read_patch(entry.inline)
        else:
            contents = manifests.patches.get(_path_in_set(kustomization, entry.path), [None])
        for content in contents:
            yield Patch(kustomization, entry.target, content)


def kustomizations_building(resource: Resource, manifests: ManifestSet) -> list[Resource]:
    """The kustomizations of a set that build an object's file, directly or through others."""
    listing = manifests.compute_once("kustomizations-by-listed-path", _by_listed_path)
    found: dict[Resource, None] = {}
    waiting = list(listing.get(resource.path, ()))
    while waiting:
        kustomization = waiting.pop()
        if kustomization not in found:
            found[kustomization] = None
            waiting += listing.get(normpath(kustomization.folder), ())
    order = manifests.compute_once("kustomizations-in-order", _order)
    return sorted(found, key=order.__getitem__)


def lists_file(kustomization: Resource, path: str) -> bool:
    """Whether a kustomization names a file itself, rather than a folder that has it.

    Args:
        kustomization: the kustomization.
        path: the file's path in the set.
    """
    return path in _listed_paths(kustomization)


def _by_listed_path(manifests: ManifestSet) -> dict[str, list[Resource]]:
    """The kustomizations of a set, by each path that they list themselves."""
    found: dict[str, list[Resource]] = {}
    for kustomization in manifests.of_kind(*KINDS):
        for path in dict.fromkeys(_listed_paths(kustomization)):
            found.setdefault(path, []).append(kustomization)
    return found


def _order(manifests: ManifestSet) -> dict[Resource, int]:
    return {resource: place for place, resource in enumerate(manifests.of_kind(*KINDS))}


def _listed_paths(kustomization: Resource) -> list[str]:
    """The paths in the set of the files and folders that a kustomization lists."""
    return [
        _path_in_set(kustomization, as_text(entry))
        for field in _RESOURCE_FIELDS
        for entry in as_list(kustomization.data.get(field))
    ]


def _path_in_set(kustomization: Resource, path: str) -> str:
    """A path that a kustomization names, relative to the root of the set."""
    return normpath(f"{kustomization.folder}/{path}")


@dataclass(frozen=True, slots=True)
class _PatchEntry:
    """A patch as it is listed."""

    path: str
    """The path of its file, from the kustomization's folder; empty if it is inline."""
    inline: str | None
    """Its text; None if it is in a file."""
    target: dict[str, Data]
    """Its `target`; empty if missing."""


def _patch_entries(kustomization: Resource) -> Iterator[_PatchEntry]:
    for item in as_list(kustomization.data.get("patchesStrategicMerge")):
        text = as_text(item)
        is_inline = "\n" in text
        yield _PatchEntry("" if is_inline else text, text if is_inline else None, {})
    for field in ("patches", "patchesJson6902"):
        for patch in as_mappings(kustomization.data.get(field)):
            yield _PatchEntry(
                path=as_text(patch.get("path")),
                inline=as_text(patch["patch"]) if "patch" in patch else None,
                target=as_mapping(patch.get("target")),
            )


def read_patch(content: str) -> list[Data]:
    """Read the text of a patch.

    Args:
        content: the text.

    Returns:
        Partial objects, or lists of JSON patch operations; None for a document that can't be read.
    """
    # A list of operations isn't a manifest: below a key it can be read like one, and indented in
    # flow style too, as JSON is written.
    listed = bool(re.match(r"(?:\s|#.*\n)*(?:-\s|\[)", content))
    source = SourceFile("patch", "patch:\n" + indent(content, " ") if listed else content)
    found: list[Data] = []
    for entry in parse(source, Limits()):
        try:
            data = entry.read() if isinstance(entry, Document) else None
        except InputError:
            data = None
        found.append(data.get("patch") if listed and isinstance(data, dict) else data)
    return found
