"""The labelled corpus: figures that may only rise, and groups that don't depend on what doesn't
matter.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.options import Options
from service.reading import read_inputs
from tests.support.real_manifests import CORPUS, needs_corpus

pytestmark = needs_corpus

FLOORS = {"pair_f1": 0.95, "pair_precision": 0.98, "exact": 306}
"""What the corpus's scorer has to reach."""
MAX_FALSE_SPLITS = 0
HIGH_CONFIDENCE = 0.9
STRUCTURAL_SIGNALS = {
    "shared-data",
    "shared-socket",
    "localhost-reference",
    "crossing-hook",
    "process-namespace",
    "native-sidecar",
    "known-image",
}


Label = dict[str, Any]


@cache
def labels() -> tuple[Label, ...]:
    """The labels that their author is sure of."""
    return tuple(
        label
        for line in (CORPUS / "labels.jsonl").read_text().splitlines()
        if (label := json.loads(line))["sure"] >= 1
    )


def classify_case(label: Label, text: str | None = None) -> Classification | None:
    """The classification of the labelled workload; None if it is not found.

    Args:
        label: of a case.
        text: the manifest, if not the case's own.
    """
    raw = (CORPUS / label["file"]).read_bytes() if text is None else text.encode()
    inputs = read_inputs([(label["source"]["path"], raw)], Options())
    names = {name for group in label["groups"] for name in group}
    for workload in inputs.workloads:
        if (
            workload.resource.kind == label["kind"]
            and {container.name for container in workload.classified_containers} == names
            and workload.name == label["name"]
        ):
            return classify(
                PodContext(workload, inputs.manifests, load_catalogue()), load_weights()
            )
    return None


def group_names(classification: Classification | None) -> list[list[str]]:
    """The names of the containers of each group."""
    if classification is None:
        return []
    return [[container.name for container in group] for group in classification.groups]


@cache
def all_classifications() -> dict[str, Classification | None]:
    """The classification of each case, by the label's id."""
    return {label["id"]: classify_case(label) for label in labels()}


def classification_of(label: Label) -> Classification:
    """The classification of a case that is known to be found."""
    classification = all_classifications()[label["id"]]
    assert classification is not None
    return classification


def score(wanted: dict[str, Any], got: dict[str, Any]) -> dict[str, Any]:
    """The figures of the corpus's own scorer."""
    spec = importlib.util.spec_from_file_location("score", CORPUS / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    figures: dict[str, Any] = module.score(wanted, got)[0]
    return figures


def test_the_figures_hold() -> None:
    """Every case gets an answer, no cohesive Pod is split, and the figures reach their floors."""
    got = {
        case: group_names(classification) for case, classification in all_classifications().items()
    }
    assert [case for case, answer in got.items() if not answer] == []
    figures = score({label["id"]: label["groups"] for label in labels()}, got)
    assert figures["false_splits"] <= MAX_FALSE_SPLITS
    assert {name: figures[name] for name, floor in FLOORS.items() if figures[name] < floor} == {}


def test_sure_verdicts_are_right() -> None:
    """Of the verdicts with confidence 0.9 and above, at least 95 in 100 are right."""
    right = total = 0
    for label in labels():
        classification = classification_of(label)
        where = {name: number for number, group in enumerate(label["groups"]) for name in group}
        head = classification.groups[0][0].name
        for verdict in classification.verdicts:
            if (
                verdict.name in where
                and verdict.confidence >= HIGH_CONFIDENCE
                and verdict.name != head
            ):
                total += 1
                right += (where[verdict.name] != where[head]) == (verdict.group != 0)
    assert total > 300
    assert right / total >= 0.95


def test_evidence_adds_up_to_the_confidence() -> None:
    """The weights of a verdict, with their signs, are the log-odds of its confidence."""
    for label in labels():
        for verdict in classification_of(label).verdicts:
            if not verdict.evidence or not 0.001 < verdict.confidence < 0.999:
                continue
            total = sum(
                evidence.weight if evidence.leans == "together" else -evidence.weight
                for evidence in verdict.evidence
            )
            logit = math.log(verdict.confidence / (1 - verdict.confidence))
            assert abs(abs(total) - abs(logit)) < 0.05, verdict


CHANGES: dict[str, Callable[[str], str]] = {
    "tags": lambda text: re.sub(
        r"(?m)^(\s*(?:- )?image:\s*[\"']?[a-z0-9][\w./-]*):([\w.-]+)([\"']?[ ]*(?:#.*)?)$",
        r"\1:v9.9.9\3",
        text,
    ),
    "namespaces": lambda text: re.sub(
        r"(?m)^(metadata:)[ ]*\n(\s+)(name:)", r"\1\n\2namespace: blue\n\2\3", text
    ),
    "comments": lambda text: "# a comment\n" + text,
    "registry": lambda text: re.sub(
        r"(?m)^(\s*(?:- )?image:\s*)([\"']?)(?!\S*[.:]\S*/)([a-z0-9][\w./-]*(?::[\w.-]+)?)",
        r"\1\2mirror.example.org/hub/\3",
        text,
    ),
    "irrelevant label": lambda text: re.sub(
        r"(?m)^(metadata:)[ ]*\n(\s+)(name:)",
        r"\1\n\2annotations: {team: blue}\n\2\3",
        text,
        count=1,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_doesnt_matter_changes_no_groups(change: str) -> None:
    """Comments, registries, tags, namespaces and irrelevant annotations change no groups."""
    changed = 0
    for label in labels():
        text = (CORPUS / label["file"]).read_text()
        changed_classification = classify_case(label, CHANGES[change](text))
        if changed_classification is None:
            continue  # the change made the text unreadable, for example by a key twice
        changed += 1
        assert group_names(changed_classification) == group_names(classification_of(label)), label[
            "id"
        ]
    assert changed > 250


def test_the_order_of_containers_changes_no_groups() -> None:
    """Containers in reverse order fall into the same groups; another one may be main."""
    for label in labels():
        classification = classification_of(label)
        workload = classification.workload
        pod = json.loads(json.dumps(workload.resource.data, default=str))
        holder = pod
        for step in workload.pod_route:
            holder = holder[step]
        if len(holder.get("containers") or ()) != len(workload.classified_containers):
            continue
        holder["containers"].reverse()
        others = [
            resource.data
            for resource in classification.context.manifests.resources
            if resource is not workload.resource
        ]
        text = "\n---\n".join(json.dumps(data, default=str) for data in [pod, *others])
        reversed_classification = classify_case(label, text)
        if reversed_classification is None:
            continue
        as_sets = {frozenset(group) for group in group_names(classification)}
        assert {frozenset(group) for group in group_names(reversed_classification)} == as_sets, (
            label["id"]
        )


def test_a_meaningless_name_splits_no_structural_sidecar() -> None:
    """A helper that shares data or is known by its image stays with its application under any
    name.
    """
    for label in labels():
        has_structural_evidence = [
            any(
                evidence.signal in STRUCTURAL_SIGNALS and evidence.leans == "together"
                for evidence in verdict.evidence
            )
            for verdict in classification_of(label).verdicts
            if verdict.evidence
        ]
        if (
            len(label["groups"]) > 1
            or not has_structural_evidence
            or not all(has_structural_evidence)
        ):
            continue
        text = (CORPUS / label["file"]).read_text()
        names = {name for group in label["groups"] for name in group}
        renamed = {name: f"c{number}" for number, name in enumerate(sorted(names))}
        for old, new in renamed.items():
            text = re.sub(
                rf"(?m)^(\s*- name:\s*|\s+name:\s*)[\"']?{re.escape(old)}[\"']?[ ]*$",
                rf"\g<1>{new}",
                text,
            )
        renamed_classification = classify_case({**label, "groups": [list(renamed.values())]}, text)
        if renamed_classification is not None:
            assert len(renamed_classification.groups) == 1, label["id"]
