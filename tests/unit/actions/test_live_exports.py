"""What a live export carries and a manifest must not."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.live_exports import clean_export
from service.change import Step
from service.findings import Stage
from tests.support.candidates import bare_pod, candidate_of, data_after


def cleaned(
    container: str = "", *, status: bool = True, metadata: str = "", pod: str = ""
) -> dict[str, Any]:
    """A Pod as it is written after cleaning, which is done before anything else."""
    text = bare_pod(container, metadata=f"labels: {{app: web}}, {metadata}", pod=pod)
    text += "status: {phase: Running}\n" if status else ""
    candidate = candidate_of(text)
    steps = [
        Step(candidate.resource, operation)
        for operation in clean_export(candidate, releases_node=True)
    ]
    return data_after(candidate.resource, steps, Stage.EXPAND)


def test_a_manifest_that_somebody_wrote_is_clean() -> None:
    """Nothing is done to it."""
    candidate = candidate_of(bare_pod(pod="nodeName: a, tolerations: [{operator: Exists}]"))
    assert clean_export(candidate, releases_node=True) == []


def test_the_status_goes() -> None:
    """It is the API server's."""
    assert "status" not in cleaned()


@pytest.mark.parametrize(
    "field",
    [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "selfLink",
        "managedFields",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ],
)
@pytest.mark.parametrize("status", [True, False])
def test_metadata_that_a_machine_wrote_goes(field: str, *, status: bool) -> None:
    """Also where somebody left one in by mistake."""
    metadata = cleaned(metadata=f"{field}: '1'", status=status)["metadata"]
    assert metadata == {"name": "web", "labels": {"app": "web"}}


def test_metadata_that_people_write_stays() -> None:
    """Finalizers among it."""
    assert "finalizers" in cleaned(metadata="finalizers: [a]")["metadata"]


@pytest.mark.parametrize(
    ("pod", "kept_when_written"),
    [
        ("nodeName: a", True),
        ("priority: 5", True),
        ("ephemeralContainers: [{name: a}]", False),
    ],
)
def test_fields_that_the_cluster_fills_in_go_from_an_export(
    pod: str, kept_when_written: bool
) -> None:
    """Somebody may have written a node's name; nobody writes an ephemeral container."""
    field = pod.partition(":")[0]
    assert field not in cleaned(pod=pod)["spec"]
    assert (field in cleaned(pod=pod, status=False)["spec"]) is kept_when_written


TOKEN = "{name: kube-api-access-x7, mountPath: /var/run/secrets}"
VOLUME = "{name: kube-api-access-x7, projected: {sources: []}}"


@pytest.mark.parametrize(
    ("mounts", "volumes", "expected"),
    [
        (TOKEN, VOLUME, (None, None)),
        (
            f"{{name: a, mountPath: /a}}, {TOKEN}",
            f"{{name: a, emptyDir: {{}}}}, {VOLUME}",
            (["a"], ["a"]),
        ),
        ("{name: a, mountPath: /a}", "{name: a, emptyDir: {}}", (["a"], ["a"])),
    ],
)
def test_the_token_of_the_service_account_goes(
    mounts: str, volumes: str, expected: tuple[object, object]
) -> None:
    """The API server adds it to every Pod; lists go where nothing is left in them."""
    spec = cleaned(f"volumeMounts: [{mounts}]", pod=f"volumes: [{volumes}]")["spec"]
    found = tuple(
        listed and [entry["name"] for entry in listed]
        for listed in (spec["containers"][0].get("volumeMounts"), spec.get("volumes"))
    )
    assert found == expected
    written = cleaned(f"volumeMounts: [{mounts}]", pod=f"volumes: [{volumes}]", status=False)
    assert len(written["spec"]["volumes"]) == volumes.count("name:")


DEFAULTED = "{key: node.kubernetes.io/not-ready, operator: Exists, tolerationSeconds: 300}"


@pytest.mark.parametrize(
    ("tolerations", "expected"),
    [
        (DEFAULTED, None),
        (f"{DEFAULTED}, {{key: a, operator: Exists}}", 1),
        (DEFAULTED.replace("300", "299"), 1),
        (DEFAULTED.replace("300", "301"), 1),
        (DEFAULTED.replace("node.kubernetes.io", "acme.com"), 1),
    ],
)
def test_tolerations_that_admission_adds_go(tolerations: str, expected: int | None) -> None:
    """Five minutes of an absent node; all others are wanted."""
    kept = cleaned(pod=f"tolerations: [{tolerations}]")["spec"].get("tolerations")
    assert (kept and len(kept)) == expected
    written = cleaned(pod=f"tolerations: [{tolerations}]", status=False)["spec"]["tolerations"]
    assert len(written) == tolerations.count("key:")


def test_a_uid_tells_an_export_too() -> None:
    """Without a status, as some tools write it."""
    assert "nodeName" not in cleaned(metadata="uid: a", pod="nodeName: a", status=False)["spec"]
