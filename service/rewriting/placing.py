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


def in_new_files(
    proposals: Sequence[Proposal], manifests: ManifestSet, paths: Collection[str]
) -> list[Proposal]:
    """Proposals whose new objects get files of their own, beside the files that they came from.

    Kustomizations that list such a file list the new one too.

    Args:
        proposals: what was planned.
        manifests: the set.
        paths: the files of the set.
    """
    taken = set(paths)
    return [_placed(each, manifests, taken) for each in proposals]


def _placed(proposal: Proposal, manifests: ManifestSet, taken: set[str]) -> Proposal:
    objects: list[NewObject] = []
    steps: list[Step] = []
    for made in proposal.objects:
        path = _free(made, taken)
        taken.add(path)
        objects.append(replace(made, path=path))
        for kustomization in manifests.of_kind(*KINDS):
            if lists_file(kustomization, made.after.path):
                entry = relpath(path, kustomization.folder)
                steps.append(
                    Step(
                        kustomization,
                        AddItem((*kustomization.route, "resources"), entry, int(made.stage)),
                    )
                )
    return replace(proposal, objects=tuple(objects), steps=(*proposal.steps, *steps))


def _free(made: NewObject, taken: Collection[str]) -> str:
    """`<name>-<kind>.yaml` in the folder of the file that the object came from."""
    stem = join(made.after.folder, f"{made.name}-{made.kind.lower()}").removeprefix("./")
    suffix = ".json" if made.after.path.endswith(".json") else ".yaml"
    numbers = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    return next(path for number in numbers if (path := f"{stem}{number}{suffix}") not in taken)
