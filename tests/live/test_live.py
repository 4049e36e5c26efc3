"""The stages of rewrites, applied to a real cluster: the one of `PODSPLIT_TEST_KUBECONFIG=<file>`.

The containers of the sets do nothing: the test is about controllers, EndpointSlices and rollouts.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import Kubectl, check_stages
from tests.support.rewritten import rewrite

KUBECONFIG = os.environ.get("PODSPLIT_TEST_KUBECONFIG")
SETS = sorted((Path(__file__).parent / "sets").glob("*.yaml"))
live = pytest.mark.skipif(
    not KUBECONFIG, reason="no cluster to test on: PODSPLIT_TEST_KUBECONFIG names none"
)


@pytest.fixture
def cluster(kubectl: Path) -> Iterator[Kubectl]:
    """A cluster with a new namespace, which is deleted afterwards."""
    client = Kubectl(kubectl, str(KUBECONFIG), f"podsplit-{uuid.uuid4().hex[:8]}")
    client.run("create", "namespace", client.namespace)
    yield client
    client.run("delete", "namespace", client.namespace, "--wait=false")


@live
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_port_keeps_its_endpoints(cluster: Kubectl, path: Path) -> None:
    """In every stage each Service port has a ready endpoint at every moment, and leads to the
    container that it led to.
    """
    rewritten = rewrite({path.name: path.read_text()})
    assert "split" in rewritten.actions
    assert list(check_stages(cluster, rewritten.stages)) == []


@live
def test_all_at_once_is_seen_to_have_the_gap(cluster: Kubectl) -> None:
    """To apply the last stage at once leaves a port without endpoints while the new Pods start. The
    watch sees that gap.
    """
    stages = rewrite({"set.yaml": SETS[-1].read_text()}).stages
    faults = check_stages(cluster, [stages[0], stages[-1]])
    assert any("no ready endpoint" in fault for fault in faults)
