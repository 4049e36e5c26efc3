"""From pairs of containers to groups of containers.

Every container starts alone. The two groups that belong together most surely are joined, as long as
every pair across the two is more likely together than apart. That settles inconsistent triples: two
databases are not joined by a shell that would fit either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from service.classification.evidence import Pair, pair_key
from service.kube.containers import Container

Group: TypeAlias = tuple[Container, ...]
"""The containers of one application, its head first."""


def group_containers(
    containers: Sequence[Container],
    pairs: Mapping[tuple[int, int], Pair],
    head_scores: Mapping[int, float],
    first: int | None,
) -> tuple[Group, ...]:
    """The groups, the primary one first, their heads first.

    Args:
        containers: the containers, in the order of the manifest.
        pairs: each pair of them, by `pair_key`.
        head_scores: how much each looks like what the workload is for, by index.
        first: the index of the container that gains by its place; None if none does. People put
            the main container first, more often than not.
    """
    # Of two groups that a container fits equally well it stays in the one that looks more like what
    # the workload is for; after that the name decides, so that the order of the containers makes no
    # difference.
    alone = sorted(
        containers, key=lambda container: (-head_scores[container.index], container.name)
    )
    groups: list[Group] = [(container,) for container in alone]
    while (closest := _closest_groups(groups, pairs)) is not None:
        one, other = closest
        joined = groups.pop(other)
        groups[one] = (*groups[one], *joined)
    prominence = {index: score + (index == first) for index, score in head_scores.items()}
    return _ordered(groups, prominence)


def _closest_groups(
    groups: Sequence[Group], pairs: Mapping[tuple[int, int], Pair]
) -> tuple[int, int] | None:
    """The two groups to join next, by their places, the lower one first; None if no two belong
    together.
    """
    candidates = []
    for (i, one), (j, other) in combinations(enumerate(groups), 2):
        scores = [pairs[pair_key(a, b)].score for a in one for b in other]
        if min(scores) > 0:
            candidates.append((max(scores), min(scores), -i, -j))
    if not candidates:
        return None
    _, _, i, j = max(candidates)
    return -i, -j


def _ordered(groups: Sequence[Group], prominence: Mapping[int, float]) -> tuple[Group, ...]:
    """The groups in their order: the one with the most prominent head first, the others in the
    order of the manifest; in each the head first, the others in the order of the manifest.
    """

    def rank(container: Container) -> tuple[float, int]:
        return -prominence[container.index], container.index

    def index_of(container: Container) -> int:
        return container.index

    primary, *others = sorted(groups, key=lambda group: min(map(rank, group))) or [()]
    others.sort(key=lambda group: min(map(index_of, group)))
    return tuple(
        (head, *sorted(set(group) - {head}, key=index_of))
        for group in (primary, *others)
        for head in sorted(group, key=rank)[:1]
    )
