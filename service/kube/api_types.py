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
from typing import Any

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


@dataclass(frozen=True, slots=True)
class _ObjectType:
    fields: Mapping[str, tuple[str, type | None]]
    """The type of each field: `s`, `i`, `n`, `b`, a type's name, `*`, `[type]` or `{type}`; and the
    type in Python that a value of it surely is right with.
    """
    required: Sequence[str]


@dataclass(frozen=True, slots=True)
class _ApiTypes:
    kinds: Mapping[str, str]
    """The type of each `apiVersion/kind`."""
    types: Mapping[str, _ObjectType]


@lru_cache(maxsize=1)
def _load() -> _ApiTypes:
    file = resources.files(__package__) / "api_types.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    types = {
        name: _ObjectType(
            {key: (field, _PYTHON_TYPES.get(field)) for key, field in fields.items() if key != "!"},
            fields.get("!", ()),
        )
        for name, fields in data["types"].items()
    }
    return _ApiTypes(data["kinds"], types)


@kept
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
    _check(data, type_name, route, found)
    return tuple(found[:_MOST_VIOLATIONS])


def _check(data: Data, type_name: str, route: Route, found: list[Violation]) -> None:
    """Add to `found` what is wrong with a value."""
    if data is None or type_name == "*":
        return
    if type_name.startswith("["):
        _check_list(data, type_name[1:-1], route, found)
    elif type_name.startswith("{"):
        _check_map(data, type_name[1:-1], route, found)
    elif type_name in _load().types:
        _check_object(data, _load().types[type_name], route, found)
    elif not _fits(data, type_name):
        is_scalar = isinstance(data, bool | int | float)
        fix = Fix.QUOTE if type_name == "s" and is_scalar else None
        advice = ": quote it" if fix else ""
        expected = _NAMES.get(type_name, "a number or a string")
        found.append(Violation(route, f"{_path(route)} has to be {expected}{advice}", fix))


def _check_list(data: Data, item_type: str, route: Route, found: list[Violation]) -> None:
    if not isinstance(data, list):
        found.append(Violation(route, f"{_path(route)} has to be a list", None))
        return
    for index, item in enumerate(data):
        _check(item, item_type, (*route, index), found)


def _check_map(data: Data, value_type: str, route: Route, found: list[Violation]) -> None:
    if not isinstance(data, dict):
        found.append(Violation(route, f"{_path(route)} has to be a mapping", None))
        return
    for key, value in data.items():
        _check(value, value_type, (*route, key), found)


def _check_object(data: Data, expected: _ObjectType, route: Route, found: list[Violation]) -> None:
    if not isinstance(data, dict):
        found.append(Violation(route, f"{_path(route)} has to be a mapping", None))
        return
    found += [
        _missing(data, field, route) for field in expected.required if data.get(field) is None
    ]
    for key, value in data.items():
        field = expected.fields.get(key)
        # Nearly every value of every set comes by here, and is right.
        if field is not None and type(value) is not field[1]:
            _check(value, field[0], (*route, key), found)


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
