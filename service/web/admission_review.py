"""What the API server asks an admission webhook (AdmissionReview of admission.k8s.io/v1), and
whether there is anything to say about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from service.web.problems import Problem

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"

_OPERATIONS = frozenset({"CREATE", "UPDATE"})
_SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_SYSTEM_USERS = ("system:node:", "system:kube-", "system:serviceaccount:kube-system:")
"""Components of the cluster: nobody reads what they are told."""


class AdmissionRequestSchema(Schema):
    """The request of a review; of its further fields those that are used are looked at where they
    are, as an API server of any version may send others.
    """

    class Meta:
        """Further fields are let through."""

        unknown = EXCLUDE

    uid = fields.String(
        required=True,
        validate=validate.Length(min=1, max=256),
        metadata={"description": "It comes back in the response."},
    )
    object = fields.Dict(
        allow_none=True,
        keys=fields.String(),
        metadata={"description": "The object that is applied; null for a deletion."},
    )


class AdmissionReviewSchema(Schema):
    """A review, as the API server sends it."""

    class Meta:
        """Further fields are let through."""

        unknown = EXCLUDE

    apiVersion = fields.String(required=True, validate=validate.Equal(API_VERSION))  # noqa: N815 - Kubernetes' own
    kind = fields.String(required=True, validate=validate.Equal(KIND))
    request = fields.Nested(AdmissionRequestSchema, required=True)


_SCHEMA = AdmissionReviewSchema()


@dataclass(frozen=True, slots=True)
class Review:
    """A question of the API server."""

    uid: str
    """What the response has to repeat."""
    object_text: bytes | None
    """The object as JSON; None where nothing is to be said about it."""
    is_dry_run: bool
    """Whether nothing may come of it but the response."""


def read_review(raw: bytes) -> Review:
    """Read a review.

    Raises:
        Problem: 400 if it is not JSON, 422 `not-a-review` if it is something else.
    """
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        detail = f"the body is not valid JSON: line {error.lineno}, column {error.colno}"
        raise Problem(400, detail, code="json-unreadable") from None
    try:
        loaded = _SCHEMA.load(data)
    except ValidationError as error:
        error.__traceback__ = None  # it holds the body in a cycle
        detail = f"the body is no {KIND} of {API_VERSION} with a request and its uid"
        raise Problem(422, detail, code="not-a-review") from None
    request = data["request"]
    return Review(
        uid=loaded["request"]["uid"],
        object_text=_object_text(request) if _is_asked(request) else None,
        is_dry_run=request.get("dryRun") is True,
    )


def _is_asked(request: Mapping[str, Any]) -> bool:
    """Whether somebody applies an object of their own: not a controller's, not the system's, and
    not one whose Pods stay as they are.
    """
    applied, old = request.get("object"), request.get("oldObject")
    # Compared as text, as whoever reaches the service may send lists where words belong.
    if not isinstance(applied, dict) or str(request.get("operation")) not in _OPERATIONS:
        return False
    # Ephemeral containers, scale, status and bindings come as subresources.
    if request.get("subResource") or str(request.get("namespace")) in _SYSTEM_NAMESPACES:
        return False
    user = request.get("userInfo")
    name = user.get("username") if isinstance(user, dict) else None
    if isinstance(name, str) and name.startswith(_SYSTEM_USERS):
        return False
    if isinstance(old, dict) and old.get("spec") == applied.get("spec"):
        return False
    metadata = applied.get("metadata")
    owners = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    return not owners


def _object_text(request: Mapping[str, Any]) -> bytes:
    """The object, in its namespace: one that is made has it in the request only."""
    applied: dict[str, Any] = request["object"]
    metadata, namespace = applied.get("metadata"), request.get("namespace")
    if isinstance(metadata, dict) and isinstance(namespace, str) and namespace:
        applied = {**applied, "metadata": {"namespace": namespace, **metadata}}
    return orjson.dumps(applied)
