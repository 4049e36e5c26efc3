"""Manifests as plain objects, read the way kubectl reads them.

Nothing of `service` is used here on purpose: this is part of the model of a cluster that rewrites
are compared with. A namespace that is not written is the one that `kubectl` works in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import yaml

Data = dict[str, Any]
CURRENT_NAMESPACE = "(current)"
"""The namespace of objects that name none."""


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: dates and base-60 numbers are text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_construct_integer = _Loader.yaml_constructors["tag:yaml.org,2002:int"]
_Loader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda self, node: (
        node.value if _BASE_60.fullmatch(node.value) else _construct_integer(self, node)
    ),
)


def split_documents(text: str) -> list[str]:
    """The documents of a stream, cut at lines that start with three dashes, as kubectl does."""
    return re.split(r"(?m)^---.*(?:\n|\Z)", text.removeprefix("\ufeff"))


class Key(NamedTuple):
    """What names an object in a cluster."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Object:
    """An object and where it is written."""

    path: str
    index: int
    """The number of its document in the file, from 0."""
    data: Data
    current_namespace: str = CURRENT_NAMESPACE
    """The namespace that it is in if it names none."""

    @cached_property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return str(self.data.get("apiVersion", "")).rpartition("/")[0]

    @property
    def kind(self) -> str:
        return str(self.data.get("kind", ""))

    @property
    def metadata(self) -> Data:
        return self.data.get("metadata") or {}

    @property
    def spec(self) -> Data:
        return self.data.get("spec") or {}

    @property
    def key(self) -> Key:
        name = (
            self.metadata.get("name")
            or f"{self.metadata.get('generateName')}*{self.path}*{self.index}"
        )
        namespace = self.metadata.get("namespace") or self.current_namespace
        return Key(self.kind, str(namespace), str(name))

    @property
    def title(self) -> str:
        """Kind and name, as reports write them."""
        return f"{self.kind}/{self.key.name}"


def read_objects(
    files: Mapping[str, str], current_namespace: str = CURRENT_NAMESPACE
) -> tuple[Object, ...]:
    """The objects of some files; Lists are unpacked.

    Documents that don't parse or are no object are left out.
    """
    found = []
    for path, text in files.items():
        for index, document in enumerate(split_documents(text)):
            try:
                data = yaml.load(document, Loader=_Loader)
            except yaml.YAMLError:
                continue
            if not isinstance(data, dict) or "kind" not in data:
                continue
            items = (
                data["items"]
                if str(data["kind"]).endswith("List") and isinstance(data.get("items"), list)
                else [data]
            )
            found += [
                Object(path=path, index=index, data=item, current_namespace=current_namespace)
                for item in items
                if isinstance(item, dict)
            ]
    return tuple(found)


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches all, a missing one none."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(
        _meets_expression(expression, labels)
        for expression in selector.get("matchExpressions") or ()
    )


def _meets_expression(expression: Data, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None
