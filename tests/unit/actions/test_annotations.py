"""Who reads an annotation."""

from __future__ import annotations

import pytest

from service.actions.annotations import is_excluded_from_new_pods, is_for_pods
from tests.support.candidates import candidate_of, shop


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("prometheus.io/scrape", True),
        ("sidecar.istio.io/inject", True),
        ("podsplit.dev/roles", True),
        ("acme.com/description", True),
        ("kubectl.kubernetes.io/default-container", True),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
        ("argocd.argoproj.io/sync-wave", False),
        ("meta.helm.sh/release-name", False),
        ("podsplit.dev/ignore", False),
        ("description", False),
    ],
)
def test_tools_and_people_read_some_on_the_object(annotation: str, expected: bool) -> None:
    """All else is read on the Pod."""
    assert is_for_pods(annotation) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("acme.com/owner", "team-a", False),
        ("kubectl.kubernetes.io/default-container", "front", True),
        ("acme.com/container", "api", True),
        ("acme.com/container", "api-gateway", False),
        ("container.apparmor.security.beta.kubernetes.io/api", "unconfined", True),
        ("api", "whatever", True),
        ("podsplit.dev/roles", "a=main", True),
        ("kubectl.kubernetes.io/restartedAt", "today", True),
        ("prometheus.io/scrape", "true", False),
    ],
)
def test_what_names_a_container_is_not_for_all_groups(key: str, value: str, expected: bool) -> None:
    """Nor is what tools note on one object."""
    assert is_excluded_from_new_pods(candidate_of(shop()).workload, key, value) is expected


@pytest.mark.parametrize(
    ("key", "expected"), [("prometheus.io/path", True), ("acme.com/path", False)]
)
def test_all_that_prometheus_reads_goes_with_its_port(key: str, expected: bool) -> None:
    """A port names one container, and so do the settings beside it."""
    text = shop().replace("annotations: {", "annotations: {prometheus.io/port: '80', ")
    assert is_excluded_from_new_pods(candidate_of(text).workload, key, "/") is expected
