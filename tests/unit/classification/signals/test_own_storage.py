"""The signal that sees containers with a claim of their own."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.own_storage import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(mounts: str, *, image: str = "shop/db", web: str = "[]", more: str = "") -> str:
    """A workload with `web` beside `db`, each with some mounts."""
    return workload(f"""
    containers:
    - {{name: web, image: shop/web, volumeMounts: {web}}}
    - {{name: db, image: {image}, volumeMounts: {mounts}}}
    volumes:
    - {{name: data, persistentVolumeClaim: {{claimName: db}}}}
    - {{name: scratch, emptyDir: {{}}}}
    {more}
    """)


def test_a_claim_that_one_container_alone_writes_to_is_its_own() -> None:
    """Told once, with the first such mount."""
    mounts = "[{name: scratch, mountPath: /s}, {name: data, mountPath: /a}, {name: data}]"
    context = context_of(pod(mounts))
    assert seen(observe, context) == [("own-storage.claim", Claim.APPLICATION, "db", None)]
    [observation] = observe(context)
    assert observation.message == "what is behind its volume 'data' is its own"
    assert text_at(observation.place) == "{name: data, mountPath: /a}"


def test_the_claim_template_of_a_stateful_set_is_one_too() -> None:
    """Each Pod has a claim from it."""
    text = workload(
        "containers: [{name: db, image: shop/db, volumeMounts: [{name: data, mountPath: /d}]}]",
        kind="StatefulSet",
    )
    context = context_of(text + "  volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]\n")
    assert seen(observe, context) == [("own-storage.claim", Claim.APPLICATION, "db", None)]


@pytest.mark.parametrize(
    "mounts",
    [
        "[]",
        "[{name: scratch, mountPath: /s}]",
        "[{name: data, mountPath: /d, readOnly: true}]",
        "[{name: gone, mountPath: /d}]",
    ],
)
def test_what_ends_with_the_pod_or_is_only_read_says_nothing(mounts: str) -> None:
    """Nor does a volume that isn't there."""
    assert seen(observe, context_of(pod(mounts))) == []


@pytest.mark.parametrize(
    "web", ["[{name: data, mountPath: /d}]", "[{name: scratch}, {name: data, readOnly: true}]"]
)
def test_a_claim_that_another_container_mounts_says_nothing(web: str) -> None:
    """Even one that only reads."""
    assert seen(observe, context_of(pod("[{name: data, mountPath: /d}]", web=web))) == []


def test_a_claim_that_an_init_container_prepares_is_its_own() -> None:
    """Who prepares it is gone when the others run."""
    init = "initContainers: [{name: i, image: i, volumeMounts: [{name: data, mountPath: /i}]}]"
    context = context_of(pod("[{name: data, mountPath: /d}]", more=init))
    assert seen(observe, context) == [("own-storage.claim", Claim.APPLICATION, "db", None)]


@pytest.mark.parametrize("image", ["restic", "busybox"])
def test_the_claim_of_a_helper_or_tool_says_nothing(image: str) -> None:
    """A backup's repository is part of what it backs up."""
    assert seen(observe, context_of(pod("[{name: data, mountPath: /d}]", image=image))) == []


def test_those_behind_a_helper_are_looked_at_too() -> None:
    """A helper is skipped, and not the rest of the Pod."""
    context = context_of(
        workload("""
        containers:
        - {name: log, image: fluent-bit}
        - {name: db, image: shop/db, volumeMounts: [{name: data, mountPath: /d}]}
        volumes: [{name: data, persistentVolumeClaim: {claimName: db}}]
        """)
    )
    assert seen(observe, context) == [("own-storage.claim", Claim.APPLICATION, "db", None)]
