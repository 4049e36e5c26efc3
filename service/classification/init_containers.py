"""Which groups an init container prepares."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.classification.signals.container_name import words_of
from service.kube.containers import Container, repository
from service.kube.objects import as_mapping
from service.kube.workloads import READ_ONLY_SOURCES, Workload

_GENERIC_WORDS = frozenset(
    {"init", "wait", "for", "setup", "prepare", "migrate", "migration", "container"}
)
"""Words in the names of init containers that don't say for whom they are."""


def prepared_groups(
    workload: Workload, container: Container, groups: tuple[tuple[Container, ...], ...]
) -> tuple[int, ...]:
    """The groups that an init container prepares: those that mount a volume that it writes, else
    those that run its image, else those that share a word with its name, else the primary one.

    Args:
        workload: the workload.
        container: the init container.
        groups: the groups, the primary one first.

    Returns:
        Their numbers, at least one; none if there are no groups.
    """
    if not groups:
        return ()
    written = {
        mount.volume
        for mount in container.mounts
        if not mount.read_only and _holds_data(workload, mount.volume)
    }
    image = repository(container.image)
    words = set(words_of(container.name)) - _GENERIC_WORDS

    def mounts_what_it_writes(other: Container) -> bool:
        return any(mount.volume in written for mount in other.mounts)

    def runs_its_image(other: Container) -> bool:
        return bool(image) and repository(other.image) == image

    def shares_a_word(other: Container) -> bool:
        return bool(words & set(words_of(other.name)))

    return (
        _groups_with(groups, mounts_what_it_writes)
        or _groups_with(groups, runs_its_image)
        or _groups_with(groups, shares_a_word)
        or (0,)
    )


def _groups_with(
    groups: Iterable[tuple[Container, ...]], has_it: Callable[[Container], bool]
) -> tuple[int, ...]:
    """The numbers of the groups in which a container has something."""
    return tuple(number for number, group in enumerate(groups) if any(map(has_it, group)))


def _holds_data(workload: Workload, volume: str) -> bool:
    """Whether containers may write to a volume."""
    return not READ_ONLY_SOURCES & as_mapping(workload.volumes_by_name.get(volume)).keys()
