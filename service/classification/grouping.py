"""From pairs of containers to groups of containers.

Every container starts alone. First those are joined that something ties together which is said of
just these two, the most surely tied first, as long as the heads of the two groups belong together
more likely than not: whether a cache and a cron job belong together says nothing, if both belong to
the application beside them. What only helps whatever it is beside comes last, so that a shell that
would fit either of two databases doesn't join them.
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
    for is_generic in (False, True):
        while (closest := _closest_groups(groups, pairs, is_generic=is_generic)) is not None:
            one, other = closest
            joined = groups.pop(other)
            groups[one] = (*groups[one], *joined)
    prominence = {index: score + (index == first) for index, score in head_scores.items()}
    return _ordered(groups, prominence)


def _closest_groups(
    groups: Sequence[Group], pairs: Mapping[tuple[int, int], Pair], *, is_generic: bool
) -> tuple[int, int] | None:
    """The two groups to join next, by their places, the lower one first; None if no two belong
    together.

    Args:
        groups: the groups, in each the container first that looks most like an application.
        pairs: each pair of containers, by `pair_key`.
        is_generic: whether what helps whatever it is beside counts.
    """
    candidates = []
    for (i, one), (j, other) in combinations(enumerate(groups), 2):
        between_heads = pairs[pair_key(one[0], other[0])].score
        ties = [
            pair.score
            for a in one
            for b in other
            if (pair := pairs[pair_key(a, b)]).score > 0 and pair.fits_anywhere is is_generic
        ]
        if between_heads > 0 and ties:
            candidates.append((max(ties), between_heads, -i, -j))
    if not candidates:
        return None
    _, _, i, j = max(candidates)
    return -i, -j


def order_groups(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Groups in their order, given that the primary one is first and each has its head first: the
    others, and in each the others, are in the order of the manifest.
    """

    def index_of(container: Container) -> int:
        return container.index

    primary, *others = groups
    others.sort(key=lambda group: min(map(index_of, group)))
    return tuple((group[0], *sorted(group[1:], key=index_of)) for group in (primary, *others))


def _ordered(groups: Sequence[Group], prominence: Mapping[int, float]) -> tuple[Group, ...]:
    """The groups in their order: the one with the most prominent head first; in each the head
    first.
    """

    def rank(container: Container) -> tuple[float, int]:
        return -prominence[container.index], container.index

    ranked = [tuple(sorted(group, key=rank)) for group in groups]
    return order_groups(sorted(ranked, key=lambda group: rank(group[0]))) if ranked else ()
