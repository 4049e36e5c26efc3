"""Objects, where they stand, and which of them can see each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any, TypeVar

from service.errors import InputError
from service.findings import Location
from service.kube.kinds import LIST_KINDS
from service.yamldoc.nodes import Data, Route
from service.yamldoc.stream import Document

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Resource:
    """One object of the set. Two are the same only if they are the same place in the input."""

    document: Document
    """The document that it is in."""
    route: Route
    """Where in the document: empty, or ("items", n) in a List."""
    data: dict[str, Data]
    """What it says, as Kubernetes reads it."""

    @property
    def path(self) -> str:
        """The file."""
        return self.document.source.path

    @property
    def folder(self) -> str:
        """The file's folder."""
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
        """The name; with `generateName` that and a star; empty if neither is there."""
        name = self.metadata.get("name")
        if name is None and "generateName" in self.metadata:
            return as_text(self.metadata["generateName"]) + "*"
        return as_text(name)

    @cached_property
    def namespace(self) -> str | None:
        """As written; None if missing, which may then be any."""
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
        """Kind and name."""
        return f"{self.kind}/{self.name}"

    def location(self, *steps: str | int, key: bool = False) -> Location:
        """The place of what is at a route within the object, or of the nearest thing above it
        that is written.
        """
        return Location(
            self.path, self.document.index, self.document.span_of((*self.route, *steps), key=key)
        )

    def get(self, *steps: str | int) -> Data:
        """What stands at a route within the object; None if nothing does."""
        return value_at(self.data, *steps)


@lru_cache(maxsize=10_000)
def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


@dataclass(frozen=True, slots=True)
class LazyLocation:
    """A place in an object, whose text is looked for only when somebody wants to be shown it."""

    resource: Resource
    """The object."""
    route: Route
    """Where in the object."""

    def location(self) -> Location:
        """The place in the input."""
        return self.resource.location(*self.route)


def value_at(data: Data, *steps: str | int) -> Data:
    """What stands at a route in plain data; None if nothing does."""
    for step in steps:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def as_text(value: Any) -> str:
    """A value where a string is expected; numbers and booleans as they would be written, others
    as nothing.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_mapping(value: Any) -> dict[str, Any]:
    """A value where a mapping is expected; anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A value where a sequence is expected; anything else as an empty one."""
    return value if isinstance(value, list) else []


def as_mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a sequence; what else is in it keeps its place as an empty one, so that
    indices hold.
    """
    return [as_mapping(item) for item in as_list(value)]


def as_strings(value: Any) -> dict[str, str]:
    """A value where a map of strings is expected."""
    return {key: as_text(each) for key, each in as_mapping(value).items()}


def objects_of(document: Document) -> Iterator[Resource]:
    """The objects of a document: itself, or the items of a List.

    Raises:
        InputError: a value that kubectl refuses.
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
    """Whether two objects are in one namespace; a missing one may be any, unless it has to be
    sure.
    """
    if one.namespace == other.namespace:
        return True
    return not strictly and (one.namespace is None or other.namespace is None)


@dataclass(frozen=True)
class ManifestSet:
    """All objects of a run, and what each can see of the others."""

    resources: tuple[Resource, ...]
    """In the order of the input."""
    patches: dict[str, list[Data]] = field(default_factory=dict)
    """What the files say, by path, that kustomizations patch other objects with; these are no
    objects of their own.
    """
    _by_kind: dict[str, list[Resource]] = field(
        init=False, repr=False, default_factory=lambda: defaultdict(list)
    )
    _by_name: dict[tuple[str, str], list[Resource]] = field(
        init=False, repr=False, default_factory=lambda: defaultdict(list)
    )
    _places: dict[tuple[str, str], dict[tuple[str, str], list[Resource]]] = field(
        init=False, repr=False, default_factory=dict
    )
    _derived: dict[str, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.resources:
            self._by_kind[resource.kind].append(resource)
            self._by_name[resource.kind, resource.name].append(resource)

    def compute_once(self, name: str, make: Callable[[ManifestSet], T]) -> T:
        """Something made from the whole set, once: indices that would otherwise be built for
        every workload.
        """
        if name not in self._derived:
            self._derived[name] = make(self)
        return self._derived[name]  # type: ignore[no-any-return]

    def position_of(self, resource: Resource) -> int:
        """Where in the order of the input an object of the set stands."""
        return self.compute_once(
            "order", lambda made: {id(each): number for number, each in enumerate(made.resources)}
        )[id(resource)]

    def of_kind(self, *kinds: str) -> list[Resource]:
        """All objects of some kinds, wherever they are."""
        return [resource for kind in kinds for resource in self._by_kind.get(kind, ())]

    def find_all(self, kind: str, name: str) -> list[Resource]:
        """All objects of a kind and name, wherever they are."""
        return self._by_name.get((kind, name), [])

    def find(self, kind: str, name: str, seen_from: Resource) -> Resource | None:
        """The object of a kind and name that another one refers to: the nearest in file, folder,
        then set when unique.

        Within one file or folder the last one wins, as `kubectl apply` would have it.
        """
        everywhere = self._by_name.get((kind, name), ())
        if len(everywhere) > 1:
            # Overlays repeat a name in hundreds of folders, so each name with several objects has
            # an index of its own.
            places = self._places.get((kind, name)) or self._placed(kind, name)
            for near in (
                places.get(("file", seen_from.path), ()),
                places.get(("folder", seen_from.folder), ()),
            ):
                for each in reversed(near):
                    if in_same_namespace(each, seen_from):
                        return each
        found = None
        for each in everywhere:
            if in_same_namespace(each, seen_from):
                if found is not None:
                    return None
                found = each
        return found

    def _placed(self, kind: str, name: str) -> dict[tuple[str, str], list[Resource]]:
        """The objects of a kind and name by `file` and path, and by `folder` and path."""
        places: dict[tuple[str, str], list[Resource]] = {}
        for each in self._by_name[kind, name]:
            places.setdefault(("file", each.path), []).append(each)
            places.setdefault(("folder", each.folder), []).append(each)
        self._places[kind, name] = places
        return places

    def can_see(self, seen_from: Resource, other: Resource) -> bool:
        """Whether two objects may meet in one cluster: not where the other one's name means a
        nearer object.
        """
        return self.find(other.kind, other.name, seen_from) is other

    def visible_objects(self, kinds: Iterable[str], seen_from: Resource) -> list[Resource]:
        """The objects of some kinds that share a scope with another one, each name once."""
        result = []
        for kind in kinds:
            names = dict.fromkeys(each.name for each in self._by_kind.get(kind, ()))
            for name in names:
                found = self.find(kind, name, seen_from)
                if found is not None:
                    result.append(found)
        return result
