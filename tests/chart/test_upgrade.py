"""An upgrade from a release before: what can't be changed isn't, and its values are taken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.chart import CHART, Object, objects, rendered

RELEASES = Path(__file__).parent / "releases"
VERSIONS = sorted(path.name.removesuffix("-values.yaml") for path in RELEASES.glob("*-values.yaml"))


def fixed(resources: list[Object]) -> dict[tuple[str, str], object]:
    """What an API server refuses to change, by kind and name: a selector, and who an account is."""
    return {
        (item["kind"], item["metadata"]["name"]): item["spec"]["selector"]
        if item["kind"] in ("Deployment", "StatefulSet", "Service", "PodDisruptionBudget")
        else None
        for item in resources
        # `helm test` makes its objects anew each time.
        if "helm.sh/hook" not in item["metadata"].get("annotations", {})
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_changes_nothing_that_can_not_change(helm: Path, version: str) -> None:
    """Every object of the older release is there under its name, and selects what it selected."""
    before = fixed(objects((RELEASES / f"{version}.yaml").read_text()))
    after = fixed(objects(rendered(helm)))

    assert before
    assert before.items() <= after.items()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_may_reuse_the_values(helm: Path, version: str, tmp_path: Path) -> None:
    """`helm upgrade --reuse-values` gives a chart the values of the older one, and none of its own
    defaults.
    """
    chart = tmp_path / "podsplit"
    shutil.copytree(CHART, chart)
    shutil.copy(RELEASES / f"{version}-values.yaml", chart / "values.yaml")

    assert fixed(objects(rendered(helm, chart=chart))) == fixed(objects(rendered(helm)))


def test_the_releases_are_kept_as_they_were() -> None:
    """Both what was rendered and the values, of the same version."""
    assert VERSIONS
    for version in VERSIONS:
        labels = {
            item["metadata"]["labels"]["app.kubernetes.io/version"]
            for item in objects((RELEASES / f"{version}.yaml").read_text())
        }
        assert labels == {version}
        assert "image" in yaml.safe_load((RELEASES / f"{version}-values.yaml").read_text())
