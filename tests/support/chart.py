"""The Helm chart, rendered by the real helm."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
"""One file of values for each variant."""

Object = dict[str, Any]


def variant(path: Path) -> str:
    """The name of a variant."""
    return path.name.removesuffix("-values.yaml")


def helm_template(
    helm: Path, *arguments: str, chart: Path = CHART
) -> subprocess.CompletedProcess[str]:
    """`helm template` as a person would run it for an installation into the namespace `tools`."""
    command = [str(helm), "template", "podsplit", str(chart), "--namespace", "tools", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@functools.cache
def rendered(helm: Path, *arguments: str, chart: Path = CHART) -> str:
    """The text that helm would install; rendered once in each test process."""
    done = helm_template(helm, *arguments, chart=chart)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(helm: Path, *arguments: str) -> str:
    """What helm says about values that can't be used."""
    done = helm_template(helm, *arguments)
    assert done.returncode != 0, "these values are accepted"
    assert done.stdout == ""
    return done.stderr


def objects(text: str) -> list[Object]:
    """The objects of a stream."""
    return [each for each in yaml.safe_load_all(text) if each]


def only(found: list[Object], kind: str) -> Object:
    """The one object of a kind, the tests' Pod aside."""
    (one,) = [each for each in found if each["kind"] == kind]
    return one


def pod_of(found: list[Object]) -> Object:
    """The Deployment's pod template."""
    template: Object = only(found, "Deployment")["spec"]["template"]
    return template


def container_of(found: list[Object]) -> Object:
    """The one container of the service."""
    (container,) = pod_of(found)["spec"]["containers"]
    return dict(container)


def environment_of(container: Object) -> dict[str, str]:
    """The variables with plain values."""
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def leaves(values: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys below some values, mappings' own among them."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield f"{path}{key}"
            yield from leaves(value, f"{path}{key}.")
