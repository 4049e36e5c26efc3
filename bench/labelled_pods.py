"""The labelled Pods of `dataset/pods.jsonl`, as the classification sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.options import Options
from service.reading import read_inputs

DATASET = Path(__file__).resolve().parents[1] / "dataset" / "pods.jsonl"
PARTS = ("published", "home-made", "charts")
"""Where the Pods of the data set come from."""

NamePair: TypeAlias = tuple[str, str]
"""The names of two containers, sorted."""


@dataclass(frozen=True)
class LabelledPod:
    """A Pod and what is right of it."""

    record: dict[str, Any]
    """As it stands in the data set."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.record["id"])

    @property
    def part(self) -> str:
        """One of `PARTS`."""
        return str(self.record["part"])

    @property
    def owner(self) -> str:
        """The owner of the repository that it is from."""
        return str(self.record["source"]["repo"]).partition("/")[0].lower()

    @property
    def groups(self) -> list[list[str]]:
        """The names of the containers of each application."""
        return list(self.record["groups"])

    @property
    def roles(self) -> dict[str, str]:
        """The roles of the containers of which the labellers agreed."""
        return dict(self.record["roles"])

    @property
    def is_sure(self) -> bool:
        """Whether most reviewers would agree."""
        return bool(self.record["sure"])

    @cached_property
    def text(self) -> str:
        """The objects as a stream of JSON documents."""
        return "\n---\n".join(json.dumps(data) for data in self.record["objects"])

    @cached_property
    def context(self) -> PodContext:
        """The Pod, and what its set says about it."""
        inputs = read_inputs([("pod.yaml", self.text.encode())], Options())
        names = {name for group in self.groups for name in group}
        workload = next(
            workload
            for workload in inputs.workloads
            if {container.name for container in workload.classified_containers} == names
        )
        return PodContext(workload, inputs.manifests, load_catalogue())

    @cached_property
    def pairs(self) -> dict[NamePair, bool]:
        """Whether each two containers are apart."""
        return pairs_of(self.groups)


def labelled_pods(path: Path = DATASET) -> Iterator[LabelledPod]:
    """The Pods of the data set of which the labels are sure, in its order."""
    for line in path.read_text(encoding="utf-8").splitlines():
        pod = LabelledPod(json.loads(line))
        if pod.is_sure:
            yield pod


def pairs_of(groups: list[list[str]]) -> dict[NamePair, bool]:
    """Whether each two containers are in different groups."""
    where = {name: number for number, group in enumerate(groups) for name in group}
    return {(a, b): where[a] != where[b] for a, b in combinations(sorted(where), 2)}
