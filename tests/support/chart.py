"""The Helm chart, rendered by the real helm."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
"""One file of values for each variant."""

Object = dict[str, Any]
ValuesFile = Callable[[dict[str, Any]], tuple[str, str]]
"""What the fixture `values_file` is: it writes values, and returns the arguments for helm."""


def variant(path: Path) -> str:
    """The name of a variant, by its file of values."""
    return path.name.removesuffix("-values.yaml")


every_variant = pytest.mark.parametrize("values", CI, ids=variant)
"""Runs a test with the file of each variant as `values`."""


def helm_template(
    helm: Path, *arguments: str, chart: Path = CHART
) -> subprocess.CompletedProcess[str]:
    """Run `helm template` as for an installation into the namespace `tools`."""
    command = [str(helm), "template", "podsplit", str(chart), "--namespace", "tools", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@functools.cache
def rendered(helm: Path, *arguments: str, chart: Path = CHART) -> str:
    """The text that helm would install; rendered once in each test process."""
    done = helm_template(helm, *arguments, chart=chart)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(helm: Path, *arguments: str) -> str:
    """The message of helm for values that can't be used."""
    done = helm_template(helm, *arguments)
    assert done.returncode != 0, "these values are accepted"
    assert done.stdout == ""
    return done.stderr


def objects(text: str) -> list[Object]:
    """The objects of a YAML stream."""
    return [data for data in yaml.safe_load_all(text) if data]


def part_of(resource: Object) -> str:
    """Which part of the chart an object is of: empty for the service itself."""
    part: str = resource["metadata"]["labels"].get("app.kubernetes.io/component", "")
    return part


def only(resources: list[Object], kind: str, part: str = "") -> Object:
    """The one object of a kind in a part of the chart."""
    (match,) = [
        candidate
        for candidate in resources
        if candidate["kind"] == kind and part_of(candidate) == part
    ]
    return match


def without_certificates(text: str) -> str:
    """A rendering without the certificate that helm makes anew each time."""
    return re.sub(r"((?:ca\.crt|tls\.crt|tls\.key|caBundle): )[\w+/=]{100,}", r"\1MADE", text)


def pod_of(resources: list[Object]) -> Object:
    """The Deployment's pod template."""
    template: Object = only(resources, "Deployment")["spec"]["template"]
    return template


def container_of(resources: list[Object]) -> Object:
    """The one container of the service."""
    (container,) = pod_of(resources)["spec"]["containers"]
    return dict(container)


def environment_of(container: Object) -> dict[str, str]:
    """The variables with plain values."""
    return {
        variable["name"]: variable["value"] for variable in container["env"] if "value" in variable
    }


def leaves(values: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys of some values, those of inner mappings too: `image.tag`."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield f"{path}{key}"
            yield from leaves(value, f"{path}{key}.")
