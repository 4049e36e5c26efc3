"""What container engines wrote."""

from __future__ import annotations

import pytest

from service.kube.container_engines import is_engine_annotation, is_made_by_podman
from tests.support.manifests import resource_of

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POD, False),
        ("# Save the output of this file and use podman kube play\n" + POD, True),
        ("# Created with podman-5.2.0\n" + POD, True),
        ("# Written by hand\n" + POD, False),
        (POD.replace("web}", "web, annotations: {io.podman.annotations.tty: 'true'}}"), True),
        (POD.replace("web}", "podman}"), False),
        ("#" * 1000 + "\n# podman\n" + POD, False),
    ],
)
def test_podman_says_so_in_the_header_or_in_annotations(text: str, expected: bool) -> None:
    """The name alone is anybody's."""
    assert is_made_by_podman(resource_of(text)) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("io.podman.annotations.autoremove/web", True),
        ("io.kubernetes.cri-o.TTY/web", True),
        ("io.buildah.version", True),
        ("io.kubernetes.cri-o", False),
        ("prometheus.io/scrape", False),
    ],
)
def test_engines_have_prefixes_of_their_own(key: str, expected: bool) -> None:
    """All else may mean something to somebody."""
    assert is_engine_annotation(key) is expected
