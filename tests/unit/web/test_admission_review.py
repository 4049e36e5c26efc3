"""Reviews of the API server: which of them something may be said about."""

from __future__ import annotations

import json

import pytest

from service.web.admission_review import read_review
from service.web.problems import Problem

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}}


def review(**changes):
    request = {"uid": "1", "operation": "CREATE", "namespace": "shop", "object": POD} | changes
    data = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(data).encode()


def test_an_object_that_somebody_applies():
    """In the namespace of the request, which a new object doesn't say itself."""
    read = read_review(review(dryRun=True))

    assert (read.uid, read.is_dry_run) == ("1", True)
    assert json.loads(read.object_text)["metadata"] == {"namespace": "shop", "name": "web"}
    own = POD | {"metadata": {"name": "web", "namespace": "own"}}
    assert b'"namespace":"own"' in read_review(review(object=own)).object_text
    changed = POD | {"spec": {"containers": [{"name": "a"}]}}
    assert read_review(review(operation="UPDATE", oldObject=changed)).object_text
    assert not read_review(review(dryRun=None)).is_dry_run


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "DELETE", "object": None},
        {"operation": "CONNECT"},
        {"object": None},
        {"subResource": "ephemeralcontainers", "operation": "UPDATE"},
        {"subResource": "scale"},
        {"namespace": "kube-system"},
        {"namespace": "kube-node-lease"},
        {"userInfo": {"username": "system:node:worker-1"}},
        {"userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"}},
        {"operation": "UPDATE", "oldObject": POD | {"metadata": {"name": "web", "labels": {}}}},
        {"object": POD | {"metadata": {"ownerReferences": [{"kind": "ReplicaSet"}]}}},
    ],
)
def test_what_nothing_is_said_about(changes):
    """What controllers and the system own, subresources, and updates that leave the spec alone."""
    assert read_review(review(**changes)).object_text is None


@pytest.mark.parametrize(
    "changes",
    [
        {"object": {}},
        {"object": {"metadata": []}},
        {"object": {"metadata": None}, "namespace": 3},
        {"userInfo": "x"},
        {"userInfo": {"username": 3}},
        {"oldObject": [], "operation": "UPDATE"},
        {"dryRun": "yes"},
        {"operation": []},
        {"operation": {"a": 1}},
        {"namespace": []},
        {"kind": None, "options": 3},
    ],
)
def test_odd_requests_are_read(changes):
    """An API server of another version may send what nobody expects."""
    assert read_review(review(**changes)).uid == "1"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "json-unreadable"),
        (b"{", 400, "json-unreadable"),
        (b"[]", 422, "not-a-review"),
        (b"null", 422, "not-a-review"),
        (json.dumps(POD).encode(), 422, "not-a-review"),
        (
            review().replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
            422,
            "not-a-review",
        ),
        (review(uid=""), 422, "not-a-review"),
        (review(uid=None), 422, "not-a-review"),
        (review(object="x"), 422, "not-a-review"),
        (review().replace(b'"request"', b'"response"'), 422, "not-a-review"),
    ],
)
def test_what_is_no_review(raw, status, code):
    """A problem that quotes nothing of it."""
    with pytest.raises(Problem) as caught:
        read_review(raw)

    assert (caught.value.status, caught.value.code) == (status, code)
    assert "Pod" not in caught.value.detail
