"""Writes service/kube/api_types.json: the types and required fields of what a rewrite reads or
makes, from Kubernetes' own JSON schemas (the package kubernetes-validate carries them).

Run by `make docs`; the table is data, committed, so that the service needs no schemas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kubernetes_validate

VERSION = "1.37.0"
TARGET = Path(__file__).resolve().parent.parent / "service" / "kube" / "api_types.json"
KINDS = {
    "v1/Pod": "pod-v1",
    "v1/Service": "service-v1",
    "v1/ReplicationController": "replicationcontroller-v1",
    "apps/v1/Deployment": "deployment-apps-v1",
    "apps/v1/StatefulSet": "statefulset-apps-v1",
    "apps/v1/DaemonSet": "daemonset-apps-v1",
    "apps/v1/ReplicaSet": "replicaset-apps-v1",
    "batch/v1/Job": "job-batch-v1",
    "batch/v1/CronJob": "cronjob-batch-v1",
    "policy/v1/PodDisruptionBudget": "poddisruptionbudget-policy-v1",
    "networking.k8s.io/v1/NetworkPolicy": "networkpolicy-networking-v1",
    "autoscaling/v2/HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2",
}
"""What is covered: API version and kind, with the name of its schema."""
_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}


def table() -> dict[str, Any]:
    """The table: kinds to types, types to fields, each field a type.

    A type is `s`, `i`, `n` or `b` for scalars, `q` for what may be a number or a string, `*` for
    anything, `[T]` for a list, `{T}` for a map, else the name of a type. `!` holds the fields that
    a type has to have.
    """
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    schemas = folder / f"v{VERSION}-local"
    definitions: dict[str, Any] = json.loads((schemas / "_definitions.json").read_text())["$defs"]
    types: dict[str, dict[str, Any]] = {}

    def name_of(reference: str) -> str:
        return reference.rpartition("/")[2]

    def type_of(schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            return reference_type(name_of(schema["$ref"]))
        if schema.get("oneOf") or schema.get("format") == "int-or-string":
            return "q"
        kinds = schema.get("type")
        kind = (
            next((one for one in kinds if one != "null"), None)
            if isinstance(kinds, list)
            else kinds
        )
        if kind == "array":
            return f"[{type_of(schema.get('items', {}))}]"
        if kind == "object" and "additionalProperties" in schema:
            return f"{{{type_of(schema['additionalProperties'])}}}"
        return _SCALARS.get(str(kind), "*")

    def reference_type(name: str) -> str:
        schema = definitions[name]
        if "properties" not in schema:
            return type_of(schema)
        short = name.rpartition(".")[2]
        if short not in types:
            types[short] = {}
            add(short, schema)
        return short

    def add(short: str, schema: dict[str, Any]) -> None:
        fields = {
            field: type_of(own)
            for field, own in schema["properties"].items()
            if field not in ("status", "managedFields")
        }
        required = [field for field in schema.get("required", []) if field in fields]
        types[short] = fields | ({"!": required} if required else {})

    kinds = {}
    for kind, file in KINDS.items():
        schema = json.loads((schemas / f"{file}.json").read_text())
        short = kind.rpartition("/")[2]
        types[short] = {}
        add(short, schema)
        types[short].pop("!", None)
        kinds[kind] = short
    return {
        "source": f"Kubernetes {VERSION}, OpenAPI, by way of kubernetes-validate",
        "kinds": kinds,
        "types": dict(sorted(types.items())),
    }


def text() -> str:
    """The file: a type a line."""
    made = table()
    lines = [
        "{",
        f'"source": {json.dumps(made["source"])},',
        f'"kinds": {json.dumps(made["kinds"])},',
    ]
    lines.append('"types": {')
    entries = [
        f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in made["types"].items()
    ]
    return "\n".join(lines) + "\n" + ",\n".join(entries) + "\n}\n}\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print("wrote service/kube/api_types.json")
