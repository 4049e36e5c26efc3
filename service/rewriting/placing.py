"""Where new objects go: behind the document that they came from, or, on request, into files of
their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from posixpath import join, relpath

from service.change import NewObject, Proposal, Step
from service.kube.kustomize import KINDS, lists_file
from service.kube.objects import ManifestSet
from service.yamldoc.operations import AddItem


def place_in_new_files(
    proposals: Sequence[Proposal], manifests: ManifestSet, paths: Collection[str]
) -> tuple[Proposal, ...]:
    """Proposals whose new objects get files of their own, beside the files that they came from.

    Kustomizations that list such a file list the new one too.

    Args:
        proposals: what was planned.
        manifests: the set.
        paths: the files of the set.
    """
    taken = frozenset(paths)
    placed = []
    for proposal in proposals:
        own = _place(proposal, manifests, taken)
        taken |= {new.file for new in own.objects}
        placed.append(own)
    return tuple(placed)


def _place(proposal: Proposal, manifests: ManifestSet, taken: frozenset[str]) -> Proposal:
    objects: list[NewObject] = []
    steps: list[Step] = []
    for new in proposal.objects:
        path = _free_path(new, taken)
        taken |= {path}
        objects.append(replace(new, path=path))
        for kustomization in manifests.of_kind(*KINDS):
            if lists_file(kustomization, new.after.path):
                route = (*kustomization.route, "resources")
                entry = relpath(path, kustomization.folder)
                steps.append(Step(kustomization, AddItem(route, entry, int(new.stage))))
    return replace(proposal, objects=tuple(objects), steps=(*proposal.steps, *steps))


def _free_path(new: NewObject, taken: Collection[str]) -> str:
    """`<name>-<kind>.yaml` in the folder of the file that the object came from."""
    stem = join(new.after.folder, f"{new.name}-{new.kind.lower()}").removeprefix("./")
    suffix = ".json" if new.after.path.endswith(".json") else ".yaml"
    numbers = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    paths = (f"{stem}{number}{suffix}" for number in numbers)
    return next(path for path in paths if path not in taken)
