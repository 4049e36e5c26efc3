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
"""So many are looked at one by one."""
_Group: TypeAlias = dict[Resource, list[tuple[int, T]]]
"""What namesakes have, each with its number."""
Label: TypeAlias = tuple[str, str]
"""Key and value."""
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

    @classmethod
    def of(cls, objects: Iterable[Resource]) -> Sight[Resource]:
        """Objects themselves."""
        return Sight((resource, resource) for resource in objects)

    def seen_from(self, resource: Resource, manifests: ManifestSet) -> list[T]:
        """What is of the objects that one can see (see `ManifestSet.can_see`).

        Args:
            resource: who looks.
            manifests: the set.
        """
        if len(self._things) <= _FEW:
            return [thing for other, thing in self._things if manifests.can_see(resource, other)]
        found: list[tuple[int, T]] = []
        for kind, name, group in self.namesakes_for(resource):
            found += group.get(manifests.find(kind, name, resource), ())  # type: ignore[arg-type]
        found.sort(key=_number)
        return [thing for _, thing in found]

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


class ByLabel(Generic[T]):
    """What matches by labels, each thing under one label that it asks for, or under all that it
    has.

    Args:
        things: by label; under None what asks for none.
        owner: the object of a thing.
    """

    def __init__(
        self, things: Mapping[Label | None, Sequence[T]], owner: Callable[[T], Resource]
    ) -> None:
        self._things = things
        self._owner = owner
        self._sights: dict[Label | None, Sight[T]] = {}

    def count(self, label: Label) -> int:
        """How many things are under a label."""
        return len(self._things.get(label, ()))

    def under(self, labels: Iterable[Label | None]) -> Iterator[T]:
        """The things under some labels, whoever sees them."""
        for label in labels:
            yield from self._things.get(label, ())

    def seen_from(
        self, resource: Resource | None, manifests: ManifestSet, labels: Iterable[Label | None]
    ) -> Iterator[T]:
        """Those of the things under some labels that an object sees, as `Sight` has them; if None
        is given for the object, all of them.
        """
        if resource is None:
            yield from self.under(labels)
            return
        for label in labels:
            things = self._things.get(label)
            if things is None:
                continue
            if len(things) > _FEW:
                yield from self._sight(label).seen_from(resource, manifests)
            else:
                owner = self._owner
                yield from (thing for thing in things if manifests.can_see(resource, owner(thing)))

    def namesakes_for(
        self, resource: Resource, labels: Iterable[Label | None]
    ) -> Iterator[tuple[str, str, Iterator[T]]]:
        """The things under some labels that may be in the namespace of an object, by kind and
        name.
        """
        for label in labels:
            if label in self._things:
                for kind, name, group in self._sight(label).namesakes_for(resource):
                    yield kind, name, (thing for own in group.values() for _, thing in own)

    def _sight(self, label: Label | None) -> Sight[T]:
        found = self._sights.get(label)
        if found is None:
            pairs = ((self._owner(thing), thing) for thing in self._things[label])
            found = self._sights[label] = Sight(pairs)
        return found


def itself(resource: Resource) -> Resource:
    """The owner of what is an object itself."""
    return resource


def _number(entry: tuple[int, object]) -> int:
    return entry[0]
