"""The stages of rewrites, applied to a real API server: `PODSPLIT_TEST_KUBECONFIG=<file>` names the
cluster.

The containers of the sets do nothing, so that what is seen is the cluster's own doing: controllers,
EndpointSlices, rollouts.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import Kubectl, walk
from tests.support.rewritten import rewrite

KUBECONFIG = os.environ.get("PODSPLIT_TEST_KUBECONFIG")
SETS = sorted((Path(__file__).parent / "sets").glob("*.yaml"))
live = pytest.mark.skipif(
    not KUBECONFIG, reason="no cluster to test on: PODSPLIT_TEST_KUBECONFIG names none"
)


@pytest.fixture
def cluster(kubectl: Path) -> Iterator[Kubectl]:
    """A cluster with a fresh namespace, which is deleted afterwards."""
    client = Kubectl(kubectl, str(KUBECONFIG), f"podsplit-{uuid.uuid4().hex[:8]}")
    client.run("create", "namespace", client.namespace)
    yield client
    client.run("delete", "namespace", client.namespace, "--wait=false")


@live
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_port_keeps_its_endpoints(cluster: Kubectl, path: Path) -> None:
    """Stage by stage, no Service port is ever without a ready endpoint, and each leads to the
    container that it led to.
    """
    rewritten = rewrite({path.name: path.read_text()})
    assert "split" in rewritten.changes
    assert list(walk(cluster, rewritten.stages)) == []


@live
def test_all_at_once_is_seen_to_have_the_gap(cluster: Kubectl) -> None:
    """The last stage straight away leaves a port without endpoints while the new Pods start: the
    watch would see a gap.
    """
    stages = rewrite({"set.yaml": SETS[-1].read_text()}).stages
    assert any("no ready endpoint" in each for each in walk(cluster, [stages[0], stages[-1]]))
