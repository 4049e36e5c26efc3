"""The released chart: its README, its versions, its archive, and its use in another chart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from service.web.version import __version__
from tests.support.chart import CHART, container_of, objects, only, rendered
from tools.chart_readme import readme, values
from tools.package_chart import values_for


def test_the_readme_is_what_the_comments_say() -> None:
    """The committed README is what `make docs` writes."""
    text = (CHART / "README.md").read_text()
    assert text == readme(text, (CHART / "values.yaml").read_text())


def test_each_value_has_a_row_with_its_default() -> None:
    """The table has the sections of values.yaml and the values in them, with their defaults."""
    rows = {value.path: value for value in values((CHART / "values.yaml").read_text())}
    assert rows["image"].default is None
    assert rows["image.pullPolicy"].default == '"IfNotPresent"'
    assert rows["settings.maxBodyBytes"].default == "16777216"
    assert rows["podSecurityContext"].default is not None
    assert "podSecurityContext.runAsUser" not in rows


def test_a_value_without_a_comment_is_an_error() -> None:
    """A value can't be added without a description."""
    with pytest.raises(ValueError, match="b has no comment"):
        list(values("# What it is.\na: 1\nb: 2\n"))


def test_a_comment_may_run_over_lines_and_a_pipe_stays_in_its_cell() -> None:
    """Lines of a comment are joined, and a pipe is escaped."""
    text = readme(
        (CHART / "README.md").read_text(),
        "# Not a comment of a key.\n\n# One of\n# a | b.\na:\n  # Inner.\n  c: [1]\n",
    )
    assert "| `a` |  | One of a &#124; b. |\n| `a.c` | `[1]` | Inner. |\n" in text


def test_chart_and_image_are_of_the_same_release() -> None:
    """The chart's version and its appVersion, the image's tag, are the version of the service."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_the_archive_holds_what_an_installation_needs_and_nothing_else(
    helm: Path, tmp_path: Path
) -> None:
    """The archive holds the templates and the files beside them, and nothing else."""
    subprocess.run(
        [helm, "package", CHART, "--destination", tmp_path],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (archive_path,) = tmp_path.glob("*.tgz")
    with tarfile.open(archive_path) as archive:
        names = {name.removeprefix("podsplit/") for name in archive.getnames()}
    templates = {
        str(path.relative_to(CHART)) for path in (CHART / "templates").rglob("*") if path.is_file()
    }
    assert archive_path.name == f"podsplit-{__version__}.tgz"
    described = {"Chart.yaml", "README.md", "values.yaml", "values.schema.json"}
    assert names == {*described, "alerts.yaml", "dashboard.json", *templates}


def test_a_published_chart_needs_no_values(helm: Path, tmp_path: Path) -> None:
    """It names the image that was published with it, by its digest; everything else is as it is."""
    digest = f"sha256:{'ab' * 32}"
    environ = os.environ | {"PATH": f"{helm.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "tools.package_chart", "registry.example.com/team", digest]
    subprocess.run([*command, tmp_path], check=True, env=environ, capture_output=True, timeout=120)
    (archive,) = tmp_path.glob("*.tgz")
    published, own = objects(rendered(helm, chart=archive)), objects(rendered(helm))

    image = f"registry.example.com/team/podsplit@{digest}"
    assert container_of(published)["image"] == image
    plain = json.dumps(published).replace(image, container_of(own)["image"])
    assert json.loads(plain) == own


@pytest.mark.parametrize("digest", ["latest", "sha256:ab", f"sha256:{'AB' * 32}"])
def test_a_chart_is_published_with_a_digest_only(digest: str) -> None:
    """And only for values whose text is the one that is replaced."""
    text = (CHART / "values.yaml").read_text()
    with pytest.raises(ValueError, match="a digest is"):
        values_for(text, "registry.example.com", digest)
    with pytest.raises(ValueError, match="doesn't have this once"):
        values_for(text.replace("  repository: podsplit", ""), "r", f"sha256:{'ab' * 32}")


def test_it_works_inside_of_another_chart(helm: Path, tmp_path: Path) -> None:
    """As a subchart it gets its values, `global`, and the flag of the parent's condition."""
    parent = tmp_path / "platform"
    parent.mkdir()
    dependency = {
        "name": "podsplit",
        "version": __version__,
        "repository": f"file://{CHART}",
        "condition": "podsplit.enabled",
    }
    (parent / "Chart.yaml").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v2",
                "name": "platform",
                "version": "1.0.0",
                "dependencies": [dependency],
            }
        )
    )
    (parent / "values.yaml").write_text(
        "global: {region: here}\npodsplit: {enabled: true, replicaCount: 5}\n"
    )
    homes = {
        f"HELM_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")
    }
    subprocess.run(
        [helm, "dependency", "update", parent],
        env=os.environ | homes,
        check=True,
        capture_output=True,
        timeout=120,
    )

    resources = objects(rendered(helm, chart=parent))
    assert only(resources, "Deployment")["spec"]["replicas"] == 5
    assert objects(rendered(helm, "--set", "podsplit.enabled=false", chart=parent)) == []
