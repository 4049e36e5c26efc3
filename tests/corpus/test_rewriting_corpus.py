"""Rewrites of every manifest of the corpus: valid where the input was valid, settled after one run,
and without losses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from service.findings import FileStatus
from service.options import Options
from service.pipeline import run
from tests.support.real_manifests import CORPUS, needs_corpus
from tests.support.rewritten import OWN_FAULTS

pytestmark = needs_corpus
VALIDATED_KINDS = {
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "ReplicaSet",
    "ReplicationController",
}
VERSION = kubernetes_validate.latest_version()


def changed_files() -> Iterator[tuple[Path, str, str]]:
    """Each file that is changed: its path, and its text before and after."""
    for path in sorted((CORPUS / "pods").glob("*.yaml")):
        report = run([(path.name, path.read_bytes())], Options(), rewrite=True)
        assert report.rewrite is not None
        assert not [
            refusal for refusal in report.rewrite.held_back if refusal.reason in OWN_FAULTS
        ], path.name
        (file,) = report.rewrite.files
        if file.status is FileStatus.MODIFIED:
            yield path, path.read_text(), file.content


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of a stream, those in Lists too; none if PyYAML can't read it."""
    try:
        documents = [
            data for data in yaml.load_all(text, Loader=yaml.CSafeLoader) if isinstance(data, dict)
        ]
    except yaml.YAMLError:
        return []
    return [
        item
        for data in documents
        for item in (data.get("items") or [] if data.get("kind") == "List" else [data])
    ]


def is_valid(data: dict[str, Any]) -> bool:
    """Whether Kubernetes' own schema accepts an object; kinds without a schema count as valid."""
    try:
        kubernetes_validate.validate(data, VERSION, strict=True)
    except kubernetes_validate.ValidationError:
        return False
    except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
        return True
    return True


def count_containers(manifests: list[dict[str, Any]]) -> Counter[str]:
    """How often the containers of some objects run, by name and image."""
    counts: Counter[str] = Counter()
    for manifest in manifests:
        spec = manifest.get("spec")
        replicas = spec.get("replicas", 1) if isinstance(spec, dict) else 1
        for name in containers(manifest):
            counts[name] += replicas if isinstance(replicas, int) else 1
    return counts


def containers(data: Any) -> Iterator[str]:
    """The names and images of all regular containers below some data."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "containers" and isinstance(value, list):
                yield from (
                    f"{container.get('name')} {container.get('image')}"
                    for container in value
                    if isinstance(container, dict)
                )
            else:
                yield from containers(value)
    elif isinstance(data, list):
        for item in data:
            yield from containers(item)


def test_what_was_valid_is_valid_afterwards_and_nothing_is_lost() -> None:
    """Kubernetes' schemas accept the output wherever they accepted the input, and every container
    is still there.
    """
    validated = 0
    for path, before, after in changed_files():
        old, new = objects(before), objects(after)
        if not old:
            continue
        assert set(containers(old)) == set(containers(new)), path.name
        assert count_containers(old) <= count_containers(new), path.name
        if all(map(is_valid, validated_objects(old))):
            validated += 1
            invalid = [manifest for manifest in validated_objects(new) if not is_valid(manifest)]
            assert invalid == [], path.name
    assert validated > 100


def validated_objects(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects of kinds that have a schema."""
    return [manifest for manifest in manifests if manifest.get("kind") in VALIDATED_KINDS]


def test_a_second_run_changes_nothing() -> None:
    """The rewrite of a rewrite is the same, byte for byte."""
    for path, _, after in changed_files():
        report = run([(path.name, after.encode())], Options(), rewrite=True)
        assert report.rewrite is not None
        assert report.rewrite.files[0].content == after, path.name
