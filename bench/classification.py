"""`python -m bench.classification`: how right the classification is on the labelled corpus.

It prints the F1 with an interval, also without teaching fixtures, and the share of right verdicts
by confidence.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
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


Label = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """Pairs of containers of a case, by what was found."""

    right: int
    """Rightly in different groups."""
    wrong: int
    """Wrongly in different groups."""
    missed: int
    """Wrongly in one group."""


def classify_case(label: Label) -> Classification | None:
    """The classification of the labelled workload; None if it is not found."""
    inputs = read_inputs(
        [(label["source"]["path"], (CORPUS / label["file"]).read_bytes())], Options()
    )
    names = {name for group in label["groups"] for name in group}
    for workload in inputs.workloads:
        if (workload.resource.kind, workload.name) == (label["kind"], label["name"]) and {
            container.name for container in workload.classified_containers
        } == names:
            return classify(
                PodContext(workload, inputs.manifests, load_catalogue()), load_weights()
            )
    return None


def group_numbers(groups: list[list[str]]) -> dict[str, int]:
    """The number of each container's group."""
    return {name: number for number, group in enumerate(groups) for name in group}


def divided_pairs(groups: list[list[str]]) -> dict[tuple[str, str], bool]:
    """For each pair of containers, whether they are in different groups."""
    number = group_numbers(groups)
    return {
        (first, second): number[first] != number[second]
        for first, second in combinations(sorted(number), 2)
    }


def count_pairs(wanted: list[list[str]], got: list[list[str]]) -> Counts:
    """Compare groups with those that they should be."""
    found = divided_pairs(got)
    pairs = [
        (should_be, found.get(pair, False)) for pair, should_be in divided_pairs(wanted).items()
    ]
    return Counts(
        right=sum(should_be and is_divided for should_be, is_divided in pairs),
        wrong=sum(is_divided and not should_be for should_be, is_divided in pairs),
        missed=sum(should_be and not is_divided for should_be, is_divided in pairs),
    )


def f1(cases: list[Counts]) -> float:
    """The F1 of the pairs in different groups."""
    right = sum(case.right for case in cases)
    wrong = sum(case.wrong for case in cases)
    missed = sum(case.missed for case in cases)
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


def is_teaching_fixture(classification: Classification) -> bool:
    """Whether every container has an official image and nothing that says what it is for.

    Such Pods, of nginx and redis for example, are common in lessons.
    """
    bare = {"name", "image", "ports", "imagePullPolicy", "resources"}
    return all(
        "/" not in repository(container.image) and set(container.data) <= bare
        for container in classification.context.classified_containers
    )


def group_names(classification: Classification | None) -> list[list[str]]:
    """The names of the containers of each group."""
    if classification is None:
        return []
    return [[container.name for container in group] for group in classification.groups]


def print_f1(title: str, cases: list[Counts]) -> None:
    """Print the F1 with a bootstrap interval over cases."""
    generator = random.Random(1)
    samples = sorted(f1(generator.choices(cases, k=len(cases))) for _ in range(RESAMPLES))
    low, high = samples[int(RESAMPLES * 0.025)], samples[int(RESAMPLES * 0.975)]
    print(
        f"{title}: {len(cases)} cases, F1 of pairs {f1(cases):.3f} (95% bootstrap interval"
        f" {low:.3f} to {high:.3f})"
    )


def print_confidence(classifications: list[tuple[Label, Classification]]) -> None:
    """Print how many verdicts there are and how many are right, by confidence."""
    total: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for label, classification in classifications:
        number = group_numbers(label["groups"])
        head = classification.groups[0][0].name
        for verdict in classification.verdicts:
            if verdict.name in number and verdict.name != head:
                tenth = min(int(verdict.confidence * 10), 9)
                total[tenth] += 1
                right[tenth] += (number[verdict.name] != number[head]) == (verdict.group != 0)
    print("confidence of verdicts other than main: how many, how many right")
    for tenth in sorted(total):
        print(f"  {tenth / 10:.1f} to {tenth / 10 + 0.1:.1f}: {total[tenth]}, {right[tenth]}")


def main() -> None:
    """Print the figures."""
    labels = [
        label
        for line in (CORPUS / "labels.jsonl").read_text().splitlines()
        if (label := json.loads(line))["sure"] >= 1
    ]
    cases = [(label, classify_case(label)) for label in labels]
    counts = [
        count_pairs(label["groups"], group_names(classification)) for label, classification in cases
    ]
    cohesive = [
        len(group_names(classification)) > 1
        for label, classification in cases
        if len(label["groups"]) == 1
    ]
    print(f"cohesive Pods wrongly split: {sum(cohesive)} of {len(cohesive)}")
    print_f1("all cases", counts)
    print_f1(
        "without teaching fixtures",
        [
            counted
            for counted, (_, classification) in zip(counts, cases, strict=True)
            if classification is None or not is_teaching_fixture(classification)
        ],
    )
    print_confidence(
        [(label, classification) for label, classification in cases if classification is not None]
    )
    print("cases with wrong pairs:")
    for label, counted in zip(labels, counts, strict=True):
        if counted.wrong or counted.missed:
            print(f"  {label['id']}: labelled {label['groups']} ({label['note']})")


if __name__ == "__main__":
    main()
