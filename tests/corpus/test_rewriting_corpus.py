"""Every real manifest, rewritten: valid where it was valid, settled after one run, and nothing
lost.
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
from tests.support.real import CORPUS, needs_corpus

pytestmark = needs_corpus
KINDS = {
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


def rewritten() -> Iterator[tuple[Path, str, str]]:
    """Each file that is changed, before and after."""
    for path in sorted((CORPUS / "pods").glob("*.yaml")):
        report = run([(path.name, path.read_bytes())], Options(), rewrite=True)
        assert report.rewrite is not None
        assert not [
            each
            for each in report.rewrite.held_back
            if each.reason in ("verification", "internal", "cannot-edit", "overlapping-edits")
        ], path.name
        (file,) = report.rewrite.files
        if file.status is FileStatus.MODIFIED:
            yield path, path.read_text(), file.content


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of a stream that PyYAML reads."""
    try:
        found = [
            each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if isinstance(each, dict)
        ]
    except yaml.YAMLError:
        return []
    return [
        item
        for each in found
        for item in (each.get("items") or [] if each.get("kind") == "List" else [each])
    ]


def is_valid(data: dict[str, Any]) -> bool:
    """Whether Kubernetes' own schema accepts an object; kinds outside of it aren't judged."""
    try:
        kubernetes_validate.validate(data, VERSION, strict=True)
    except kubernetes_validate.ValidationError:
        return False
    except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
        return True
    return True


def running(manifests: list[dict[str, Any]]) -> Counter[str]:
    """The names and images of the containers that some objects make, as often as they do."""
    found: Counter[str] = Counter()
    for each in manifests:
        spec = each.get("spec")
        replicas = spec.get("replicas", 1) if isinstance(spec, dict) else 1
        for name in containers(each):
            found[name] += replicas if isinstance(replicas, int) else 1
    return found


def containers(data: Any) -> Iterator[str]:
    """The names and images of all regular containers below some data."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "containers" and isinstance(value, list):
                yield from (
                    f"{each.get('name')} {each.get('image')}"
                    for each in value
                    if isinstance(each, dict)
                )
            else:
                yield from containers(value)
    elif isinstance(data, list):
        for each in data:
            yield from containers(each)


def test_what_was_valid_is_valid_afterwards_and_nothing_is_lost() -> None:
    """Kubernetes' schemas accept the output wherever they accepted the input; every container is
    still there.
    """
    judged = 0
    for path, before, after in rewritten():
        old, new = objects(before), objects(after)
        if not old:
            continue
        assert set(containers(old)) == set(containers(new)), path.name
        assert all(count <= running(new)[name] for name, count in running(old).items()), path.name
        if all(is_valid(each) for each in old if each.get("kind") in KINDS):
            judged += 1
            assert [
                each for each in new if each.get("kind") in KINDS and not is_valid(each)
            ] == [], path.name
    assert judged > 100


def test_a_second_run_changes_nothing() -> None:
    """The rewrite of a rewrite is itself, byte for byte."""
    for path, _, after in rewritten():
        report = run([(path.name, after.encode())], Options(), rewrite=True)
        assert report.rewrite is not None
        assert report.rewrite.files[0].content == after, path.name
