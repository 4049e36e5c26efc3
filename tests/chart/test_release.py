"""The chart as it is released: its README, its versions, its archive, and as a part of another
chart.
"""

from __future__ import annotations

import os
import subprocess
import tarfile

import pytest
import yaml

from service.web.version import __version__
from tests.support.chart import CHART, objects, only, rendered
from tools.chart_readme import readme, values


def test_the_readme_is_what_the_comments_say():
    """`make docs` has nothing to write."""
    text = (CHART / "README.md").read_text()
    assert text == readme(text, (CHART / "values.yaml").read_text())


def test_each_value_has_a_row_with_its_default():
    """The table follows values.yaml: sections first, then what is in them."""
    rows = {value.path: value for value in values((CHART / "values.yaml").read_text())}
    assert rows["image"].default is None
    assert rows["image.pullPolicy"].default == '"IfNotPresent"'
    assert rows["settings.maxBodyBytes"].default == "16777216"
    assert rows["podSecurityContext"].default is not None
    assert "podSecurityContext.runAsUser" not in rows


def test_a_value_without_a_comment_is_an_error():
    """Nobody can add one silently."""
    with pytest.raises(ValueError, match="b has no comment"):
        list(values("# What it is.\na: 1\nb: 2\n"))


def test_a_comment_may_run_over_lines_and_a_pipe_stays_in_its_cell():
    """As a person writes it."""
    text = readme(
        (CHART / "README.md").read_text(),
        "# Not a comment of a key.\n\n# One of\n# a | b.\na:\n  # Inner.\n  c: [1]\n",
    )
    assert "| `a` |  | One of a &#124; b. |\n| `a.c` | `[1]` | Inner. |\n" in text


def test_chart_and_image_are_of_the_same_release():
    """appVersion is the image's tag; the chart rises with it."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_the_archive_holds_what_an_installation_needs_and_nothing_else(helm, tmp_path):
    """No values of tests, no files of editors."""
    subprocess.run(
        [helm, "package", CHART, "--destination", tmp_path],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (path,) = tmp_path.glob("*.tgz")
    with tarfile.open(path) as archive:
        names = {name.removeprefix("podsplit/") for name in archive.getnames()}
    templates = {
        str(each.relative_to(CHART)) for each in (CHART / "templates").rglob("*") if each.is_file()
    }
    assert path.name == f"podsplit-{__version__}.tgz"
    assert names == {"Chart.yaml", "README.md", "values.yaml", "values.schema.json", *templates}


def test_it_works_inside_of_another_chart(helm, tmp_path):
    """With what Helm hands down: `global`, and the flag that the parent's condition asks for."""
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

    found = objects(rendered(helm, chart=parent))
    assert only(found, "Deployment")["spec"]["replicas"] == 5
    assert objects(rendered(helm, "--set", "podsplit.enabled=false", chart=parent)) == []
