"""What the API server refuses as it stands: values of the wrong type, and required fields that are
missing.

The table is made from Kubernetes' own OpenAPI document by `tools/api_types.py`; fields that it
doesn't know are passed over, as they may be newer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, Protocol

from service.kube.objects import Resource
from service.kube.workloads import Workload
from service.lazy import kept
from service.yamldoc.nodes import Data, Route

_NAMES = {"s": "a string", "i": "a whole number", "n": "a number", "b": "true or false"}
_PYTHON_TYPES = {"s": str, "i": int, "b": bool}
_MOST_VIOLATIONS = 50
"""In one object; more are for nobody to read."""


class Fix(StrEnum):
    """How a value that is refused can be mended where its meaning is plain."""

    QUOTE = "quote"
    """A number or boolean where a string is expected."""
    CONTAINER_PORT = "container-port"
    """A port with `hostPort` and without `containerPort`."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A place that the API server refuses."""

    route: Route
    """Where in the object; for a missing field what lacks it."""
    message: str
    """What is wrong and what to do; no values."""
    fix: Fix | None
    """How it can be mended; None if only a person can."""


class _Type(Protocol):
    """What a value has to be."""

    def check(self, data: Data, route: Route, found: list[Violation]) -> None:
        """Add to `found` what is wrong with a value that isn't null."""


@dataclass(frozen=True, slots=True)
class _Scalar:
    """A scalar."""

    name: str
    """`s`, `i`, `n` or `b`; anything else is a number or a string."""

    def check(self, data: Data, route: Route, found: list[Violation]) -> None:
        """See `_Type`."""
        if not _fits(data, self.name):
            is_scalar = isinstance(data, bool | int | float)
            fix = Fix.QUOTE if self.name == "s" and is_scalar else None
            advice = ": quote it" if fix else ""
            expected = _NAMES.get(self.name, "a number or a string")
            found.append(Violation(route, f"{_path(route)} has to be {expected}{advice}", fix))


class _Anything:
    """Whatever it is."""

    def check(self, data: Data, route: Route, found: list[Violation]) -> None:
        """See `_Type`."""


class _Part(NamedTuple):
    """What stands in a list, a map or a field."""

    kind: _Type
    """What it has to be."""
    right: type | None
    """The type in Python that a value surely is right with: nearly every value of every set comes
    by here, and has it.
    """


@dataclass(frozen=True, slots=True)
class _Many:
    """A list, or a mapping with any keys."""

    collection: type[list[Data] | dict[str, Data]]
    """Which of the two."""
    part: _Part
    """What each item or value has to be."""

    def check(self, data: Data, route: Route, found: list[Violation]) -> None:
        """See `_Type`."""
        if not isinstance(data, self.collection):
            word = "list" if self.collection is list else "mapping"
            found.append(Violation(route, f"{_path(route)} has to be a {word}", None))
            return
        kind, right = self.part
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            if type(value) is not right and value is not None:
                kind.check(value, (*route, step), found)


@dataclass(frozen=True, slots=True)
class _Object:
    """A mapping with known fields."""

    required: Sequence[str]
    """The fields that it has to have."""
    fields: dict[str, _Part]
    """What the fields have to be. Filled once all types are there."""

    def check(self, data: Data, route: Route, found: list[Violation]) -> None:
        """See `_Type`."""
        if not isinstance(data, dict):
            found.append(Violation(route, f"{_path(route)} has to be a mapping", None))
            return
        found += [
            _missing(data, field, route) for field in self.required if data.get(field) is None
        ]
        fields = self.fields
        for key, value in data.items():
            if key in fields:
                kind, right = fields[key]
                if type(value) is not right and value is not None:
                    kind.check(value, (*route, key), found)


@dataclass(frozen=True, slots=True)
class _ApiTypes:
    kinds: Mapping[str, str]
    """The type of each `apiVersion/kind`."""
    types: Mapping[str, _Object]


@lru_cache(maxsize=1)
def _load() -> _ApiTypes:
    file = resources.files(__package__) / "api_types.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    types = {name: _Object(fields.get("!", ()), {}) for name, fields in data["types"].items()}
    for name, fields in data["types"].items():
        for key, written in fields.items():
            if key != "!":
                types[name].fields[key] = _part(written, types)
    return _ApiTypes(data["kinds"], types)


def _part(written: str, types: Mapping[str, _Object]) -> _Part:
    """What a type means that is written as `s`, `i`, `n`, `b`, `*`, a type's name, `[type]` or
    `{type}`.
    """
    if written == "*":
        return _Part(_Anything(), None)
    if written.startswith("["):
        return _Part(_Many(list, _part(written[1:-1], types)), None)
    if written.startswith("{"):
        return _Part(_Many(dict, _part(written[1:-1], types)), None)
    if written in types:
        return _Part(types[written], None)
    return _Part(_Scalar(written), _PYTHON_TYPES.get(written))


def violations_of(resource: Resource) -> tuple[Violation, ...]:
    """What the API server refuses in an object; empty for kinds that the table doesn't have."""
    kind = _load().kinds.get(f"{resource.api_version}/{resource.kind}")
    return _violations(resource.data, kind, ()) if kind else ()


def violations_by_object(
    resources: Iterable[Resource], workloads: Iterable[Workload]
) -> Iterator[tuple[Resource, tuple[Violation, ...]]]:
    """What the API server refuses in each object of a set.

    Args:
        resources: the objects.
        workloads: those of them that have Pods.
    """
    by_resource = {workload.resource: workload for workload in workloads}
    for resource in resources:
        workload = by_resource.get(resource)
        found = violations_of(resource) if workload is None else violations_in_pods(workload)
        yield resource, found


@kept
def violations_in_pods(workload: Workload) -> tuple[Violation, ...]:
    """What the API server refuses in a workload's object, or in its pod spec where its kind isn't
    known.
    """
    kind = _load().kinds.get(f"{workload.resource.api_version}/{workload.resource.kind}")
    if kind:
        return violations_of(workload.resource)
    return _violations(workload.pod, "PodSpec", workload.pod_route)


def _violations(data: Data, type_name: str, route: Route) -> tuple[Violation, ...]:
    found: list[Violation] = []
    if data is not None:
        _load().types[type_name].check(data, route, found)
    return tuple(found[:_MOST_VIOLATIONS])


def _missing(data: Mapping[str, Any], field: str, route: Route) -> Violation:
    is_port = field == "containerPort" and isinstance(data.get("hostPort"), int)
    advice = " (the number of hostPort, if that is meant)" if is_port else ""
    message = f"{_path(route)} has no {field}: write it{advice}"
    return Violation(route, message, Fix.CONTAINER_PORT if is_port else None)


def _fits(data: Data, type_name: str) -> bool:
    match type_name:
        case "s":
            return isinstance(data, str)
        case "b":
            return isinstance(data, bool)
        case "i":
            return (isinstance(data, int) and not isinstance(data, bool)) or (
                isinstance(data, float) and data.is_integer()
            )
        case _:
            return isinstance(data, int | float | str) and not isinstance(data, bool)


def _path(route: Route) -> str:
    """A route as people write it: `spec.containers[0].env[1].value`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in route)
    return text.removeprefix(".") or "the object"
