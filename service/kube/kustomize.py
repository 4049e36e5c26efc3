"""Kustomizations: which files they build, and what they patch.

Facts: the reference of kustomization.yaml (kustomize.config.k8s.io/v1beta1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "bases", "components")


@dataclass(frozen=True, slots=True)
class Patch:
    """A change that a kustomization makes to other objects."""

    kustomization: Resource
    """Where it is listed."""
    target: dict[str, Data]
    """Whom it is for, where that is said beside it; empty if the patch says it itself."""
    content: Data
    """A partial object, a list of JSON patch operations, or None where it can't be seen."""

    def is_for(self, kind: str, name: str) -> bool:
        """Whether it may change an object."""
        if self.target:
            wanted = self.target
        elif isinstance(self.content, dict):
            name_of = as_text(as_mapping(self.content.get("metadata")).get("name"))
            wanted = {
                "kind": re.escape(as_text(self.content.get("kind"))),
                "name": re.escape(name_of),
            }
        else:
            return True
        # Both are regular expressions that have to match as a whole; what Python can't read may
        # match.
        try:
            return all(
                re.fullmatch(as_text(wanted.get(field)) or ".*", value)
                for field, value in (("kind", kind), ("name", name))
            )
        except re.error:
            return True


def patch_paths(kustomizations: Iterable[Resource]) -> set[str]:
    """The files that hold patches, as paths of the set: they are no objects of their own."""
    return {_path(each, path) for each in kustomizations for path, _, _ in _entries(each) if path}


def patches_of(kustomization: Resource, manifests: ManifestSet) -> Iterator[Patch]:
    """The patches of a kustomization of a set."""
    for path, inline, target in _entries(kustomization):
        contents = (
            read_patch(inline)
            if inline is not None
            else manifests.patches.get(_path(kustomization, path), [None])
        )
        for content in contents:
            yield Patch(kustomization, target, content)


def kustomizations_building(resource: Resource, manifests: ManifestSet) -> list[Resource]:
    """The kustomizations of a set that an object's file goes through."""
    reached = manifests.compute_once("kustomizations-by-file", _by_file)
    return reached.get(resource.path, [])


def lists_file(kustomization: Resource, path: str) -> bool:
    """Whether a kustomization names a file itself."""
    return path in _listed(kustomization)


def _by_file(manifests: ManifestSet) -> dict[str, list[Resource]]:
    kustomizations = manifests.of_kind(*KINDS)
    by_folder = {normpath(each.folder): each for each in kustomizations}
    found: dict[str, list[Resource]] = {}
    for kustomization in kustomizations:
        seen: set[str] = set()
        waiting = [kustomization]
        while waiting:
            current = waiting.pop()
            for path in _listed(current):
                if path in seen:
                    continue
                seen.add(path)
                if path in by_folder:
                    waiting.append(by_folder[path])
                else:
                    found.setdefault(path, []).append(kustomization)
    return found


def _listed(kustomization: Resource) -> list[str]:
    return [
        _path(kustomization, as_text(each))
        for field in _LISTS
        for each in as_list(kustomization.data.get(field))
    ]


def _path(kustomization: Resource, entry: str) -> str:
    return normpath(f"{kustomization.folder}/{entry}")


def _entries(kustomization: Resource) -> Iterator[tuple[str, str | None, dict[str, Data]]]:
    """The path or the text of each patch, and its target."""
    for each in as_list(kustomization.data.get("patchesStrategicMerge")):
        entry = as_text(each)
        yield ("", entry, {}) if "\n" in entry else (entry, None, {})
    for field in ("patches", "patchesJson6902"):
        for patch in as_mappings(kustomization.data.get(field)):
            inline = as_text(patch["patch"]) if "patch" in patch else None
            yield as_text(patch.get("path")), inline, as_mapping(patch.get("target"))


def read_patch(content: str) -> list[Data]:
    """What the text of a patch says: partial objects, or a list of JSON patch operations; None
    for what can't be read.
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
