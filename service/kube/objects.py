"""Objects, their places in the input, and which of them refer to each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple, TypeVar

from service.errors import InputError
from service.findings import Location
from service.kube.kinds import LIST_KINDS
from service.lazy import cached_property
from service.yamldoc.nodes import Data, Route
from service.yamldoc.reading import data_at
from service.yamldoc.stream import Document

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Resource:
    """One object of the set. Two are equal only if they are the same object."""

    document: Document
    """The document that it is in."""
    route: Route
    """From the document's root: empty, or `("items", n)` in a List."""
    data: dict[str, Data]
    """The object as Kubernetes reads it."""

    @cached_property
    def path(self) -> str:
        """The path of its file."""
        return self.document.source.path

    @property
    def folder(self) -> str:
        """The folder of its file; `.` for the root of the set."""
        return _folder(self.path)

    @cached_property
    def api_version(self) -> str:
        """As written; empty if missing."""
        return as_text(self.data.get("apiVersion"))

    @cached_property
    def group(self) -> str:
        """The API group; empty for core."""
        return self.api_version.rpartition("/")[0]

    @cached_property
    def kind(self) -> str:
        """As written; empty if missing."""
        return as_text(self.data.get("kind"))

    @cached_property
    def metadata(self) -> dict[str, Data]:
        """The metadata; empty if missing."""
        return as_mapping(self.data.get("metadata"))

    @cached_property
    def name(self) -> str:
        """The name, or `generateName` with `*` appended; empty if both are missing."""
        name = self.metadata.get("name")
        if name is None and "generateName" in self.metadata:
            return as_text(self.metadata["generateName"]) + "*"
        return as_text(name)

    @cached_property
    def namespace(self) -> str | None:
        """As written; None if missing: the namespace is then chosen when it is applied."""
        namespace = self.metadata.get("namespace")
        return as_text(namespace) if namespace is not None else None

    @cached_property
    def labels(self) -> dict[str, str]:
        """The object's own labels."""
        return as_strings(self.metadata.get("labels"))

    @cached_property
    def annotations(self) -> dict[str, str]:
        """The object's own annotations."""
        return as_strings(self.metadata.get("annotations"))

    @cached_property
    def spec(self) -> dict[str, Data]:
        """The spec; empty if missing."""
        return as_mapping(self.data.get("spec"))

    @property
    def title(self) -> str:
        """Kind and name, as in `Pod/web`."""
        return f"{self.kind}/{self.name}"

    def location(self, *steps: str | int, key: bool = False) -> Location:
        """The place of what is at a route within the object.

        Args:
            steps: the route; where it leads to nothing, its longest part that leads to something.
            key: whether the place of the key is asked for, where there is one.
        """
        return Location(
            self.path, self.document.index, self.document.span_of((*self.route, *steps), key=key)
        )

    def get(self, *steps: str | int) -> Data:
        """The data at a route within the object; None if there is none."""
        return value_at(self.data, *steps)


@lru_cache(maxsize=10_000)
def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


class LazyLocation(NamedTuple):
    """A place in an object that is looked up only when it is shown."""

    resource: Resource
    """The object."""
    route: Route
    """From the object."""

    def location(self) -> Location:
        """The place in the input."""
        return self.resource.location(*self.route)


def value_at(data: Data, *steps: str | int) -> Data:
    """What is at a route in plain data; None if nothing is."""
    return data_at(data, steps)


def as_text(value: Any) -> str:
    """A value where a string is expected: numbers and booleans as they are written in JSON; an
    empty string for anything else.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_mapping(value: Any) -> dict[str, Any]:
    """A value where a mapping is expected; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A value where a sequence is expected; an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_mappings(value: Any) -> list[dict[str, Any]]:
    """The items of a sequence of mappings; an empty mapping for any other item, so that indices
    stay the same.
    """
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, dict) else {} for item in value]


def as_strings(value: Any) -> dict[str, str]:
    """A value where a map of strings is expected, its values as `as_text` reads them."""
    if not isinstance(value, dict):
        return {}
    return {key: item if isinstance(item, str) else as_text(item) for key, item in value.items()}


def objects_of(document: Document) -> Iterator[Resource]:
    """The objects of a document: the document itself, or the items of a List.

    Raises:
        InputError: `not-an-object`, or a value that kubectl refuses.
    """
    data = document.read()
    if not isinstance(data, dict):
        raise InputError(
            "not-an-object", "not an object: a manifest is a mapping with apiVersion and kind", 0
        )
    if as_text(data.get("kind")) in LIST_KINDS and isinstance(data.get("items"), list):
        for index, item in enumerate(data["items"]):
            if isinstance(item, dict):
                yield Resource(document, ("items", index), item)
    else:
        yield Resource(document, (), data)


def in_same_namespace(one: Resource, other: Resource, *, strictly: bool = False) -> bool:
    """Whether two objects are in one namespace.

    Args:
        one: an object.
        other: another one.
        strictly: whether the answer is no if only one of them names its namespace; otherwise a
            namespace that is not named may be any.
    """
    if one.namespace == other.namespace:
        return True
    return not strictly and (one.namespace is None or other.namespace is None)


class _Namesakes:
    """Several objects of one kind and name, by where they are: overlays repeat a name in hundreds
    of folders, and what is exported from a cluster repeats it in as many namespaces.
    """

    def __init__(self, objects: Sequence[Resource]) -> None:
        self._in_namespace: dict[str | None, list[Resource]] = {}
        self._at: dict[tuple[str, str | None], list[Resource]] = {}
        self._in_folder: dict[str, dict[str | None, list[Resource]]] = {}
        # Each with its number, of which the last counts.
        self._last: dict[tuple[str, str], tuple[int, Resource]] = {}
        self._last_in: dict[tuple[str, str, str | None], tuple[int, Resource]] = {}
        for number, resource in enumerate(objects):
            namespace = resource.namespace
            self._in_namespace.setdefault(namespace, []).append(resource)
            self._at.setdefault((resource.path, namespace), []).append(resource)
            in_folder = self._in_folder.setdefault(resource.folder, {})
            in_folder.setdefault(namespace, []).append(resource)
            for place in (("file", resource.path), ("folder", resource.folder)):
                self._last[place] = self._last_in[*place, namespace] = (number, resource)

    def at(self, path: str, namespace: str | None) -> list[Resource]:
        """See `ManifestSet.find_at`."""
        return self._at.get((path, namespace), [])

    def beside(self, one: Resource) -> list[Resource]:
        """See `ManifestSet.find_beside`."""
        there = self._in_folder.get(one.folder, {})
        namespaces = there if one.namespace is None else (one.namespace, None)
        return [other for namespace in namespaces for other in there.get(namespace, ())]

    def nearest(self, seen_from: Resource) -> Resource | None:
        """See `ManifestSet.find`."""
        namespace = seen_from.namespace
        for place in (("file", seen_from.path), ("folder", seen_from.folder)):
            if namespace is None:
                found = self._last.get(place)
            else:
                own = self._last_in.get((*place, namespace))
                unnamed = self._last_in.get((*place, None))
                found = max(own, unnamed) if own and unnamed else own or unnamed
            if found is not None:
                return found[1]
        if namespace is None:
            return None
        alone = [*self._in_namespace.get(namespace, ())[:2], *self._in_namespace.get(None, ())[:2]]
        return alone[0] if len(alone) == 1 else None


@dataclass(frozen=True)
class ManifestSet:
    """All objects of a run, and which of the others each of them refers to by a name."""

    resources: tuple[Resource, ...]
    """In the order of the input."""
    patches: dict[str, list[Data]] = field(default_factory=dict)
    """By path, the contents of the files with which kustomizations patch objects, and which are no
    objects of their own.
    """
    _by_kind: dict[str, list[Resource]] = field(init=False, repr=False, default_factory=dict)
    _by_name: dict[tuple[str, str], list[Resource]] = field(
        init=False, repr=False, default_factory=dict
    )
    _namesakes: dict[tuple[str, str], _Namesakes] = field(
        init=False, repr=False, default_factory=dict
    )
    _derived: dict[Hashable, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.resources:
            self._by_kind.setdefault(resource.kind, []).append(resource)
            self._by_name.setdefault((resource.kind, resource.name), []).append(resource)

    def compute_once(self, name: str, make: Callable[[ManifestSet], T]) -> T:
        """Compute something from the whole set once, such as an index that every workload needs.

        Args:
            name: the name under which the result is kept.
            make: computes it; not called if there is a result under this name.
        """
        if name not in self._derived:
            self._derived[name] = make(self)
        return self._derived[name]  # type: ignore[no-any-return]

    def compute_for(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """Compute something from the whole set once for each key, such as what copies of a Pod
        have in common.

        Args:
            name: as in `compute_once`.
            key: what it is for.
            make: computes it; what it returns must not hold the set.
        """
        full = (name, key)
        if full not in self._derived:
            self._derived[full] = make()
        return self._derived[full]  # type: ignore[no-any-return]

    def position_of(self, resource: Resource) -> int:
        """The index of an object in the order of the input."""
        return self.compute_once("positions", _positions)[resource]

    def of_kind(self, *kinds: str) -> list[Resource]:
        """All objects of some kinds, in whatever file and namespace; kind by kind."""
        return [resource for kind in kinds for resource in self._by_kind.get(kind, ())]

    @property
    def names(self) -> AbstractSet[tuple[str, str]]:
        """Kind and name of each object."""
        return self._by_name.keys()

    def find_all(self, kind: str, name: str) -> list[Resource]:
        """All objects of a kind and name, in whatever file and namespace."""
        return self._by_name.get((kind, name), [])

    def find_at(self, kind: str, name: str, path: str, namespace: str | None) -> list[Resource]:
        """The objects of a kind and name that a file has in a namespace; one where all is well.

        Args:
            kind: the kind.
            name: the name.
            path: of the file.
            namespace: the namespace; None for objects that name none.
        """
        everywhere = self._by_name.get((kind, name), [])
        if len(everywhere) > 1:
            return self._namesakes_of(kind, name).at(path, namespace)
        return [one for one in everywhere if one.path == path and one.namespace == namespace]

    def find_same(self, resource: Resource) -> Resource | None:
        """The object that has the kind, name, file and namespace of one of another set."""
        same = self.find_at(resource.kind, resource.name, resource.path, resource.namespace)
        return same[0] if same else None

    def find_beside(self, one: Resource) -> list[Resource]:
        """The objects of the kind, name and folder of one that may be in its namespace, itself
        among them.
        """
        everywhere = self._by_name.get((one.kind, one.name), [])
        if len(everywhere) > 1:
            return self._namesakes_of(one.kind, one.name).beside(one)
        return [other for other in everywhere if other is one]

    def find(self, kind: str, name: str, seen_from: Resource) -> Resource | None:
        """The object that another one refers to by a kind and a name, in its namespace.

        It is the nearest: one in the same file, else one in the same folder, else the only one in
        the set. Of several in the file or folder it is the last, which `kubectl apply` would leave.

        Returns:
            None if there is none, or if there are several and none of them is near.
        """
        everywhere = self._by_name.get((kind, name))
        if everywhere is None:
            return None
        if len(everywhere) > 1:
            return self._namesakes_of(kind, name).nearest(seen_from)
        (only,) = everywhere
        return only if in_same_namespace(only, seen_from) else None

    def _namesakes_of(self, kind: str, name: str) -> _Namesakes:
        found = self._namesakes.get((kind, name))
        if found is None:
            found = self._namesakes[kind, name] = _Namesakes(self._by_name[kind, name])
        return found

    def can_see(self, seen_from: Resource, other: Resource) -> bool:
        """Whether an object means another one by its kind and name: it is in its namespace, and no
        other one is nearer (see `find`).
        """
        return self.find(other.kind, other.name, seen_from) is other

    def visible_objects(self, kinds: Iterable[str], seen_from: Resource) -> list[Resource]:
        """The objects of some kinds that another one can see, one for each kind and name."""
        result = []
        for kind in kinds:
            names = dict.fromkeys(resource.name for resource in self._by_kind.get(kind, ()))
            for name in names:
                found = self.find(kind, name, seen_from)
                if found is not None:
                    result.append(found)
        return result


def _positions(manifests: ManifestSet) -> dict[Resource, int]:
    return {resource: index for index, resource in enumerate(manifests.resources)}
