"""Schemas of the custom resources that the chart can render, as far as it uses them.

They follow the API references of the Gateway API (HTTPRoute, v1) and of the Prometheus operator
(ServiceMonitor, v1). The real definitions come with those projects, not with Kubernetes. These
schemas are small, and accept no other fields.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _closed(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


def _list(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


_NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": 253,
    "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
}
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {
    "type": "string",
    "pattern": (
        "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    ),
    "minLength": 1,
}
_HOST = {
    "type": "string",
    "minLength": 1,
    "maxLength": 253,
    "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
}


def _object(spec: Schema) -> Schema:
    metadata = _closed(
        {"name": _NAME, "namespace": _NAME, "labels": _STRINGS, "annotations": _STRINGS}, "name"
    )
    return _closed(
        {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": metadata,
            "spec": spec,
        },
        "metadata",
        "spec",
    )


_HTTP_ROUTE = _closed(
    {
        "parentRefs": _list(
            _closed(
                {
                    "group": {"type": "string"},
                    "kind": {"type": "string"},
                    "name": _NAME,
                    "namespace": _NAME,
                    "sectionName": _NAME,
                    "port": _PORT,
                },
                "name",
            ),
            32,
        ),
        "hostnames": _list(_HOST, 16),
        "rules": _list(
            _closed(
                {
                    "matches": _list(
                        _closed(
                            {
                                "path": _closed(
                                    {
                                        "type": {
                                            "enum": ["Exact", "PathPrefix", "RegularExpression"]
                                        },
                                        "value": {
                                            "type": "string",
                                            "maxLength": 1024,
                                            "pattern": "^/",
                                        },
                                    }
                                )
                            }
                        ),
                        64,
                    ),
                    "backendRefs": _list(
                        _closed({"name": _NAME, "port": _PORT}, "name", "port"), 16
                    ),
                }
            ),
            16,
        ),
    }
)

_SERVICE_MONITOR = _closed(
    {
        "jobLabel": {"type": "string"},
        "selector": _closed({"matchLabels": _STRINGS}),
        "endpoints": _list(
            _closed(
                {
                    "port": {"type": "string"},
                    "path": {"type": "string"},
                    "interval": _DURATION,
                    "scrapeTimeout": _DURATION,
                }
            ),
            1,
        ),
    },
    "selector",
    "endpoints",
)

CUSTOM_RESOURCES = {
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _object(_HTTP_ROUTE),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _object(_SERVICE_MONITOR),
}
"""Schemas by API version and kind."""
