"""The figures of the labelled corpus, with an interval, without teaching fixtures, and by
confidence: `python -m bench.classification`.
"""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.kube.containers import repository
from service.options import Options
from service.reading import read_inputs

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
RESAMPLES = 2000


def judged(label: dict[str, Any]) -> Classification | None:
    """The classification of a case's workload."""
    inputs = read_inputs(
        [(label["source"]["path"], (CORPUS / label["file"]).read_bytes())], Options()
    )
    names = {name for group in label["groups"] for name in group}
    for workload in inputs.workloads:
        if (workload.resource.kind, workload.name) == (label["kind"], label["name"]) and {
            each.name for each in workload.classified_containers
        } == names:
            return classify(
                PodContext(workload, inputs.manifests, load_catalogue()), load_weights()
            )
    return None


def apart(groups: list[list[str]]) -> dict[tuple[str, str], bool]:
    """For each pair of containers, whether they are in different groups."""
    where = {name: number for number, group in enumerate(groups) for name in group}
    return {pair: where[pair[0]] != where[pair[1]] for pair in combinations(sorted(where), 2)}


def counts(wanted: list[list[str]], got: list[list[str]]) -> tuple[int, int, int]:
    """Pairs rightly apart, wrongly apart, wrongly together."""
    said = apart(got)
    pairs = [(is_apart, said.get(pair, False)) for pair, is_apart in apart(wanted).items()]
    return (
        sum(a and b for a, b in pairs),
        sum(b and not a for a, b in pairs),
        sum(a and not b for a, b in pairs),
    )


def f1(cases: list[tuple[int, int, int]]) -> float:
    """The F1 of pairs told apart."""
    right, wrong, missed = (sum(each[place] for each in cases) for place in range(3))
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


def is_teaching_fixture(classification: Classification) -> bool:
    """Whether every container runs a bare official image and nothing else is said of it: nginx +
    redis.
    """
    bare = {"name", "image", "ports", "imagePullPolicy", "resources"}
    return all(
        "/" not in repository(each.image) and set(each.data) <= bare
        for each in classification.context.classified_containers
    )


def report(title: str, cases: dict[str, tuple[int, int, int]]) -> None:
    """One line with a bootstrap interval over cases."""
    values = list(cases.values())
    chance = random.Random(1)
    samples = sorted(f1(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    low, high = samples[int(RESAMPLES * 0.025)], samples[int(RESAMPLES * 0.975)]
    print(
        f"{title}: {len(values)} cases, F1 of pairs {f1(values):.3f} (95% bootstrap interval"
        f" {low:.3f} to {high:.3f})"
    )


def main() -> None:
    """Print the figures."""
    labels = [
        label
        for line in (CORPUS / "labels.jsonl").read_text().splitlines()
        if (label := json.loads(line))["sure"] >= 1
    ]
    cases: dict[str, tuple[int, int, int]] = {}
    fixtures: set[str] = set()
    false_splits = cohesive = 0
    bands: dict[int, list[int]] = {}
    for label in labels:
        classification = judged(label)
        groups = (
            [[each.name for each in group] for group in classification.groups]
            if classification
            else []
        )
        cases[label["id"]] = counts(label["groups"], groups)
        if len(label["groups"]) == 1:
            cohesive, false_splits = cohesive + 1, false_splits + (len(groups) > 1)
        if classification is None:
            continue
        if is_teaching_fixture(classification):
            fixtures.add(label["id"])
        where = {name: number for number, group in enumerate(label["groups"]) for name in group}
        head = groups[0][0]
        for verdict in classification.verdicts:
            if verdict.name in where and verdict.name != head:
                band = bands.setdefault(min(int(verdict.confidence * 10), 9), [0, 0])
                band[0] += 1
                band[1] += (where[verdict.name] != where[head]) == (verdict.group != 0)
    print(f"cohesive Pods wrongly split: {false_splits} of {cohesive}")
    report("all cases", cases)
    report(
        "without teaching fixtures",
        {case: each for case, each in cases.items() if case not in fixtures},
    )
    print("confidence of verdicts other than main: said, right")
    for band, (said, right) in sorted(bands.items()):
        print(f"  {band / 10:.1f} to {band / 10 + 0.1:.1f}: {said}, {right}")
    print("confusions:")
    for label in labels:
        if cases[label["id"]][1] or cases[label["id"]][2]:
            print(f"  {label['id']}: labelled {label['groups']} ({label['note']})")


if __name__ == "__main__":
    main()
