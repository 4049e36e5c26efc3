"""Schemas of the custom resources that the chart can render, as far as it uses them.

They follow the API references of the Gateway API (HTTPRoute, v1), of the Prometheus operator
(ServiceMonitor and PrometheusRule, v1), of cert-manager (Certificate and Issuer, v1), of
OpenReports (Report, v1alpha1) and of the Policy working group (PolicyReport, v1alpha2, in its first
form, which has the fewest severities). The real definitions come with those projects, not with
Kubernetes. These schemas are small, and accept no other fields.
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
                    "scheme": {"enum": ["http", "https"]},
                    "tlsConfig": _closed({"insecureSkipVerify": {"type": "boolean"}}),
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

_PROMETHEUS_RULE = _closed(
    {
        "groups": _list(
            _closed(
                {
                    "name": {"type": "string", "minLength": 1},
                    "rules": _list(
                        _closed(
                            {
                                "alert": {"type": "string", "minLength": 1},
                                "expr": {"type": "string", "minLength": 1},
                                "for": _DURATION,
                                "labels": _STRINGS,
                                "annotations": _STRINGS,
                            },
                            "alert",
                            "expr",
                        ),
                        64,
                    ),
                },
                "name",
            ),
            16,
        )
    }
)
_ISSUER_REF = _closed(
    {"name": _NAME, "kind": {"type": "string"}, "group": {"type": "string"}}, "name"
)
_CERTIFICATE = _closed(
    {"secretName": _NAME, "dnsNames": _list(_HOST, 16), "issuerRef": _ISSUER_REF},
    "secretName",
    "issuerRef",
)
_ISSUER = _closed({"selfSigned": _closed({})}, "selfSigned")

_OBJECT_REFERENCE = _closed(
    {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "uid": {"type": "string"},
        "resourceVersion": {"type": "string"},
        "fieldPath": {"type": "string"},
    }
)
_RESULTS = ("pass", "fail", "warn", "error", "skip")


def _report(severities: tuple[str, ...], **more: Schema) -> Schema:
    """A report: of results, in a scope, with their counts; a result has a policy at least."""
    result = _closed(
        {
            "source": {"type": "string"},
            "policy": {"type": "string"},
            "rule": {"type": "string"},
            "category": {"type": "string"},
            "severity": {"enum": list(severities)},
            "result": {"enum": list(_RESULTS)},
            "message": {"type": "string"},
            "scored": {"type": "boolean"},
            "properties": _STRINGS,
            "resources": {"type": "array", "items": _OBJECT_REFERENCE},
            "timestamp": _closed(
                {"seconds": {"type": "integer"}, "nanos": {"type": "integer"}}, "seconds", "nanos"
            ),
        },
        "policy",
    )
    owner = {key: {"type": "string"} for key in ("apiVersion", "kind", "name", "uid")}
    metadata = {
        "name": _NAME,
        "namespace": _NAME,
        "labels": _STRINGS,
        "ownerReferences": {"type": "array", "items": _closed(owner, *owner)},
    }
    return _closed(
        {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": _closed(metadata, "name"),
            "scope": _OBJECT_REFERENCE,
            "summary": _closed({word: {"type": "integer"} for word in _RESULTS}),
            "results": {"type": "array", "items": result},
            **more,
        },
        "apiVersion",
        "kind",
        "metadata",
    )


REPORTS = {
    ("openreports.io/v1alpha1", "Report"): _report(
        ("critical", "high", "medium", "low", "info"), source={"type": "string"}
    ),
    ("wgpolicyk8s.io/v1alpha2", "PolicyReport"): _report(("high", "medium", "low")),
}
"""Schemas of reports, by API version and kind."""

CUSTOM_RESOURCES = {
    ("cert-manager.io/v1", "Certificate"): _object(_CERTIFICATE),
    ("cert-manager.io/v1", "Issuer"): _object(_ISSUER),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _object(_PROMETHEUS_RULE),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _object(_HTTP_ROUTE),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _object(_SERVICE_MONITOR),
}
"""Schemas by API version and kind."""
