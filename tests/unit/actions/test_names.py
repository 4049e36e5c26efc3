"""Names of new workloads."""

from __future__ import annotations

import pytest

from service.actions.names import join_names


@pytest.mark.parametrize(
    ("workload", "container", "name"),
    [
        ("shop", "queue", "shop-queue"),
        ("shop", "shop-queue", "shop-queue"),
        ("shop-pod", "shop-queue", "shop-pod-queue"),
        ("shop-web", "shop", "shop-web-shop"),
        ("shop", "shop", "shop-shop"),
        ("shop", "shopping", "shop-shopping"),
    ],
)
def test_words_that_both_begin_with_stand_once(workload: str, container: str, name: str) -> None:
    """A container is often named for its workload already."""
    assert join_names(workload, container) == name
