"""`python -m bench.classification [ANSWERS]`: how right a tool is on the labelled Pods.

ANSWERS is a file of JSON Lines, a Pod a line: `{"id": ..., "groups": [["web", "log"], ["db"]]}`,
as in `dataset/pods.jsonl`; where a tool would cut less than it says, `cut` has the groups that it
would make, and `roles` the role of each container by its name. Without it, this service is scored.
Naive rules are scored beside it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.labelled_pods import PARTS, LabelledPod, labelled_pods, pairs_of
from service.classification.classify import Classification, classify
from service.classification.knowledge.weights import load_weights
from service.classification.name_words import helper_words
from service.kube.containers import base_name
from service.options import Options

RESAMPLES = 1000
_INTERVAL = (0.025, 0.975)
ALL = "all"
"""The name of all parts together."""


@dataclass(frozen=True)
class Answer:
    """What a tool says of a Pod."""

    pod: LabelledPod
    """The Pod."""
    groups: list[list[str]]
    """The names of the containers of each application."""
    cut: list[list[str]]
    """Those that it would take apart."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """The role of each container, where the tool gives roles."""

    @cached_property
    def counts(self) -> tuple[int, int, int]:
        """Pairs that are rightly apart, wrongly apart, and wrongly together."""
        said = pairs_of(self.groups)
        pairs = [(apart, said.get(names, False)) for names, apart in self.pod.pairs.items()]
        return (
            sum(apart and found for apart, found in pairs),
            sum(found and not apart for apart, found in pairs),
            sum(apart and not found for apart, found in pairs),
        )

    @property
    def is_exact(self) -> bool:
        """Whether every pair is right."""
        return self.counts[1:] == (0, 0)

    @property
    def cuts_wrongly(self) -> bool:
        """Whether it would take apart what belongs together."""
        said = pairs_of(self.cut)
        return any(said.get(names, False) and not apart for names, apart in self.pod.pairs.items())


@dataclass(frozen=True)
class PartFigures:
    """The figures of some Pods."""

    answers: Sequence[Answer]
    """What is said of each."""

    @property
    def pods(self) -> int:
        """How many there are."""
        return len(self.answers)

    @property
    def exact(self) -> int:
        """How many are exactly right."""
        return sum(answer.is_exact for answer in self.answers)

    @property
    def f1(self) -> float:
        """The F1 of pairs that are apart, in [0, 1]."""
        return _f1(answer.counts for answer in self.answers)

    @property
    def f1_per_pod(self) -> float:
        """The mean of the F1 of each Pod that holds several applications, in [0, 1]."""
        own = [_f1([answer.counts]) for answer in self._smelly]
        return sum(own) / len(own) if own else 0.0

    @property
    def f1_interval(self) -> tuple[float, float]:
        """The interval that holds the F1 of 95 in 100 such sets (bootstrap over Pods)."""
        generator = random.Random(1)
        counts = [answer.counts for answer in self.answers]
        found = sorted(_f1(generator.choices(counts, k=len(counts))) for _ in range(RESAMPLES))
        low, high = (found[int(RESAMPLES * part)] for part in _INTERVAL)
        return low, high

    @property
    def _cohesive(self) -> list[Answer]:
        return [answer for answer in self.answers if len(answer.pod.groups) == 1]

    @property
    def _smelly(self) -> list[Answer]:
        return [answer for answer in self.answers if len(answer.pod.groups) > 1]

    @property
    def cohesive(self) -> int:
        """How many are one application."""
        return len(self._cohesive)

    @property
    def false_splits(self) -> int:
        """How many of these are called several."""
        return sum(len(answer.groups) > 1 for answer in self._cohesive)

    @property
    def wrongly_cut(self) -> int:
        """How many of these would be taken apart."""
        return sum(len(answer.cut) > 1 for answer in self._cohesive)

    @property
    def smelly(self) -> int:
        """How many hold several applications."""
        return len(self._smelly)

    @property
    def rightly_cut(self) -> int:
        """How many of these would be taken apart, and nowhere wrongly."""
        return sum(len(answer.cut) > 1 and not answer.cuts_wrongly for answer in self._smelly)

    @property
    def smelly_wrongly_cut(self) -> int:
        """How many of these would be taken apart where they belong together."""
        return sum(answer.cuts_wrongly for answer in self._smelly)


@dataclass(frozen=True)
class Figures:
    """The figures of all Pods."""

    answers: Sequence[Answer]
    """What is said of each."""

    def of_part(self, part: str) -> PartFigures:
        """The figures of one of `PARTS`, or of all."""
        own = [answer for answer in self.answers if part in (ALL, answer.pod.part)]
        return PartFigures(own)


def _f1(counts: Iterable[tuple[int, int, int]]) -> float:
    right = wrong = missed = 0
    for own in counts:
        right, wrong, missed = right + own[0], wrong + own[1], missed + own[2]
    return 2 * right / (2 * right + wrong + missed) if right else float(not wrong and not missed)


def answer_of(pod: LabelledPod, classification: Classification) -> Answer:
    """What this service says of a Pod."""
    sure = classification.joined(Options().min_confidence)
    roles = {verdict.name: verdict.role.value for verdict in classification.verdicts}
    return Answer(pod, _names(classification), _names(sure), roles)


def _names(classification: Classification) -> list[list[str]]:
    return [[container.name for container in group] for group in classification.groups]


def figures_of(classified: Iterable[tuple[LabelledPod, Classification]]) -> Figures:
    """The figures of Pods that this service classified."""
    return Figures([answer_of(pod, classification) for pod, classification in classified])


# Naive rules


def _all_but_named_helpers(pod: LabelledPod) -> list[list[str]]:
    """The first container is main, later ones are unrelated unless they are named sidecar,
    ambassador or adapter: KubeFreshener's rule.
    """
    names = [container.name for container in pod.context.classified_containers]
    helpers = [
        name
        for name in names[1:]
        if any(word in name for word in ("sidecar", "ambassador", "adapter"))
    ]
    return [[names[0], *helpers], *([name] for name in names[1:] if name not in helpers)]


def _by_names(pod: LabelledPod) -> list[list[str]]:
    """Whatever has no helper's word in its name is an application."""
    names = [container.name for container in pod.context.classified_containers]
    helpers = [name for name in names if helper_words(name)]
    applications = [name for name in names if name not in helpers] or names[:1]
    rest = [name for name in helpers if name not in applications]
    return [[applications[0], *rest], *([name] for name in applications[1:])]


def _by_images(pod: LabelledPod) -> list[list[str]]:
    """Whatever runs an image of another name is an application."""
    groups: dict[str, list[str]] = {}
    for container in pod.context.classified_containers:
        groups.setdefault(base_name(container.image), []).append(container.name)
    return list(groups.values())


BASELINES: dict[str, Callable[[LabelledPod], list[list[str]]]] = {
    "first is main": _all_but_named_helpers,
    "names only": _by_names,
    "images only": _by_images,
}


# The command


def _own_answers(pods: Sequence[LabelledPod]) -> Iterator[Answer]:
    weights = load_weights()
    for pod in pods:
        yield answer_of(pod, classify(pod.context, weights))


def _answers_in(path: Path, pods: Sequence[LabelledPod]) -> Iterator[Answer]:
    """The answers in a file; a Pod without one counts as one application."""
    lines = path.read_text(encoding="utf-8").splitlines()
    by_id = {answer["id"]: answer for answer in map(json.loads, lines)}
    for pod in pods:
        together = [sorted(name for group in pod.groups for name in group)]
        answer = by_id.get(pod.id, {})
        groups = answer.get("groups", together)
        yield Answer(pod, groups, answer.get("cut", groups), answer.get("roles", {}))


def rows(name: str, figures: Figures) -> Iterator[str]:
    """A line of figures for each part."""
    for part in (*PARTS, ALL):
        own = figures.of_part(part)
        low, high = own.f1_interval
        yield (
            f"{name:16} {part:10} {own.exact:4} of {own.pods:4} exact  F1 {own.f1:.3f}"
            f" ({low:.2f} to {high:.2f})  per Pod {own.f1_per_pod:.3f}  called apart"
            f" {own.false_splits:3}, cut {own.wrongly_cut:3} of {own.cohesive:3} cohesive  cut"
            f" {own.rightly_cut:3} rightly, {own.smelly_wrongly_cut:2} wrongly of {own.smelly:3}"
        )


def confusion(answers: Iterable[Answer]) -> Iterator[str]:
    """A line for each labelled role, with what is said of its containers. Labellers gave roles to
    the containers on which they agreed.
    """
    counts = Counter(
        (labelled, answer.roles[name])
        for answer in answers
        for name, labelled in answer.pod.roles.items()
        if name in answer.roles
    )
    for labelled in dict.fromkeys(labelled for labelled, _ in sorted(counts)):
        said = (
            f"{word} {number}" for (own, word), number in sorted(counts.items()) if own == labelled
        )
        yield f"labelled {labelled:10} said " + ", ".join(said)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path, nargs="?", help="a tool's answers")
    path = parser.parse_args().answers
    pods = list(labelled_pods())
    answers = list(_answers_in(path, pods) if path else _own_answers(pods))
    table = {path.name if path else "this service": Figures(answers)}
    for name, rule in BASELINES.items():
        table[name] = Figures([Answer(pod, rule(pod), rule(pod)) for pod in pods])
    for name, figures in table.items():
        print("\n".join(rows(name, figures)))
    print("\n".join(confusion(answers)))
    print("not exactly right:")
    for answer in answers:
        if not answer.is_exact:
            print(f"  {answer.pod.id}: {answer.groups}, labelled {answer.pod.groups}")


if __name__ == "__main__":
    main()
