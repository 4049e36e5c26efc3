"""Which of many things that match by labels an object can see, where namesakes have the same
labels, in as many folders or namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from service.kube.objects import ManifestSet, Resource
from service.lazy import cached_property

T = TypeVar("T")
_FEW = 8
"""So many are looked at one by one, whoever asks; more of them by those who ask first: an index
takes as long as three looks.
"""
_LOOKS_WITHOUT_INDEX = 2
_Group: TypeAlias = dict[Resource, list[tuple[int, T]]]
"""What namesakes have, each with its number."""
_Groups: TypeAlias = dict[tuple[str, str], _Group[T]]
"""By kind and name."""


class Sight(Generic[T]):
    """Things that objects of a set have, for others to see.

    It doesn't hold the set, as the set holds it.

    Args:
        things: each with its object, in the order in which they are to be seen.
    """

    def __init__(self, things: Iterable[tuple[Resource, T]]) -> None:
        self._things = list(things)
        self._looks = 0

    @classmethod
    def of(cls, objects: Iterable[Resource]) -> Sight[Resource]:
        """Objects themselves."""
        return Sight((resource, resource) for resource in objects)

    @property
    def is_large(self) -> bool:
        """Whether there are so many that nobody should go through them for each object."""
        return len(self._things) > _FEW

    @property
    def all(self) -> list[T]:
        """All things, whoever sees them."""
        return [thing for _, thing in self._things]

    def seen_from(self, resource: Resource, manifests: ManifestSet) -> list[T]:
        """What is of the objects that one can see (see `ManifestSet.can_see`).

        Args:
            resource: who looks.
            manifests: the set.
        """
        self._looks += 1
        if not self.is_large or self._looks <= _LOOKS_WITHOUT_INDEX:
            return [thing for other, thing in self._things if manifests.can_see(resource, other)]
        found: list[tuple[int, T]] = []
        for kind, name, group in self.namesakes_for(resource):
            found += group.get(manifests.find(kind, name, resource), ())  # type: ignore[arg-type]
        found.sort(key=_number)
        return [thing for _, thing in found]

    def unclear_from(self, resource: Resource, manifests: ManifestSet) -> Iterator[Resource]:
        """Objects of the namespace of one, that it can't see as it can't tell which one is meant;
        one of each kind and name.

        Args:
            resource: who looks.
            manifests: the set.
        """
        for kind, name, group in self.namesakes_for(resource):
            if manifests.find(kind, name, resource) is None:
                yield next(iter(group))

    def namesakes_for(self, resource: Resource) -> Iterator[tuple[str, str, _Group[T]]]:
        """The objects that may be in the namespace of one, by kind and name, each with what it
        has.

        Args:
            resource: who looks.
        """
        namespace = resource.namespace
        if namespace is None:
            within = [self._everywhere]
        else:
            within = [self._by_namespace.get(own, {}) for own in (namespace, None)]
        for groups in within:
            for (kind, name), group in groups.items():
                yield kind, name, group

    @cached_property
    def _everywhere(self) -> _Groups[T]:
        groups: _Groups[T] = {}
        for number, (resource, thing) in enumerate(self._things):
            group = groups.setdefault((resource.kind, resource.name), {})
            group.setdefault(resource, []).append((number, thing))
        return groups

    @cached_property
    def _by_namespace(self) -> dict[str | None, _Groups[T]]:
        found: dict[str | None, _Groups[T]] = {}
        for title, group in self._everywhere.items():
            for resource, own in group.items():
                groups = found.setdefault(resource.namespace, {})
                groups.setdefault(title, {})[resource] = own
        return found


def find_matching(
    what: str,
    labels: Mapping[str, str],
    manifests: ManifestSet,
    candidates: Sequence[Sequence[T]],
    *,
    matches: Callable[[T], bool],
    owner: Callable[[T], Resource],
) -> Sight[T]:
    """Those of some candidates that match by labels. Where they are many it is looked once for all
    that have the same labels, as namesakes do.

    Args:
        what: tells apart for what else it is looked.
        labels: the labels.
        manifests: the set.
        candidates: all that may match, as an index by label has them.
        matches: whether one does.
        owner: its object.
    """

    def find() -> Sight[T]:
        return Sight(
            (owner(thing), thing) for group in candidates for thing in group if matches(thing)
        )

    if sum(map(len, candidates)) <= _FEW:
        return find()
    return manifests.compute_for(what, frozenset(labels.items()), find)


def itself(resource: Resource) -> Resource:
    """The owner of what is an object itself."""
    return resource


def _number(entry: tuple[int, object]) -> int:
    return entry[0]
