"""`make weights`: fit the weights of evidence to the labelled Pods of `dataset/`.

A logistic regression over the observations of pairs of containers, by L-BFGS-B: signs fixed by
bounds, drawn towards what was argued, so that what the data says little of stays as it was; each
Pod counts alike, and calling one application two costs several times what the reverse does. Figures
come from cross-validation: no owner of a repository is on both sides. It writes `weights.yaml` and
`docs/weights.md` with its picture.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from scipy.optimize import minimize

from bench.classification import figures_of
from bench.labelled_pods import LabelledPod, NamePair, labelled_pods
from service.classification.classify import Classification, classify
from service.classification.evidence import pair_key, probability
from service.classification.knowledge.weights import Weights, load_weights, weights_from
from service.classification.observation import Claim, Observation
from tools.calibration import bands_of, calibration_picture
from tools.weights_page import weights_page

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "service" / "classification" / "knowledge" / "weights.yaml"
PAGE = ROOT / "docs" / "weights.md"
PICTURE = ROOT / "docs" / "pictures" / "calibration.svg"

FOLDS = 5
COST_OF_WRONG_SPLIT = 4.0
"""What calling a pair apart that belongs together costs, for one of the reverse."""
TRUST = 1.0
"""How far, in log-odds, a weight may be from what was argued before it costs as much as half a Pod:
the standard deviation of the prior on it.
"""
LEAST, MOST = 0.05, 9.0
"""The bounds of a weight that is fitted."""
FIXED = ("role-annotation.", "native-sidecar.", "injected.", "network-owner.")
"""Beginnings of the cases that say what holds by definition: an owner's word, a mark of Kubernetes
or an injector, one network.
"""

_BOTH, _LISTENS = "two-applications.both", "listens.port"
_DATABASE = "known-image.datastore-beside"
_WORKER, _NAMED = "image-family.worker", "application-name.word"
_SURE = 0.805
"""A little above the default `min_confidence`: weights are rounded."""

Features: TypeAlias = tuple[tuple[str, float], ...]
"""Cases with their scales."""


@dataclass(frozen=True)
class PairOfContainers:
    """Two containers with what was seen of them, as `EvidenceTable.pair` adds it up."""

    pod: LabelledPod
    """Their Pod."""
    names: NamePair
    """Their names."""
    is_apart: bool
    """What is right."""
    importance: float
    """What it counts: the pairs of a Pod together count as one."""
    together: Features
    """What says TOGETHER."""
    apart: Features
    """What says APART."""
    helpers: tuple[Features, Features]
    """What says HELPER of each; the better counts."""
    applications: tuple[Features, Features]
    """What says APPLICATION of each; the weaker counts."""

    def active(self, weights: Weights) -> tuple[float, dict[str, float]]:
        """The score, and by case what it moves by if the weight of that grows by one."""
        together, slopes = _support(self.together, weights)
        apart, minus = _support(self.apart, weights)
        helper, help_slopes = max(
            (_support(features, weights) for features in self.helpers), key=lambda item: item[0]
        )
        application, application_slopes = min(
            (_support(features, weights) for features in self.applications),
            key=lambda item: item[0],
        )
        gradient: dict[str, float] = {}
        for sign, part in (
            (1, slopes), (1, help_slopes), (-1, minus), (-1, application_slopes)
        ):  # fmt: skip
            for case, scale in part.items():
                gradient[case] = gradient.get(case, 0.0) + sign * scale
        return weights.prior + together + helper - apart - application, gradient


def _support(features: Features, weights: Weights) -> tuple[float, dict[str, float]]:
    """What some cases weigh together: of each family the heaviest."""
    best: dict[str, tuple[float, str, float]] = {}
    for case, scale in features:
        weight = weights.of(case)
        value = weight.value * scale
        if weight.family not in best or value > best[weight.family][0]:
            best[weight.family] = (value, case, scale)
    return sum(value for value, _, _ in best.values()), {
        case: scale for _, case, scale in best.values()
    }


def pairs_of_pod(pod: LabelledPod, weights: Weights) -> Iterator[PairOfContainers]:
    """The pairs of a Pod that say something: not those of a helper and an application that it
    doesn't serve, which are neither one thing nor two.
    """
    classification = classify(pod.context, weights)
    wanted = {names: apart for names, apart in pod.pairs.items() if not _is_bystander(pod, names)}
    containers = {container.name: container for container in pod.context.classified_containers}
    for names, is_apart in wanted.items():
        one, other = (containers[name] for name in names)
        key = pair_key(one, other)
        on_pair = [
            item
            for item in classification.observations
            if item.other is not None and pair_key(item.subject, item.other) == key
        ]
        is_one_product = any(
            item.case in ("image-family.same", "image-family.worker") for item in on_pair
        )
        own = [
            [item for item in classification.observations if item.subject is container]
            for container in (one, other)
        ]
        yield PairOfContainers(
            pod=pod,
            names=names,
            is_apart=is_apart,
            importance=1 / len(wanted),
            together=_features(on_pair, Claim.TOGETHER),
            apart=_features(on_pair, Claim.APART),
            helpers=(_features(own[0], Claim.HELPER), _features(own[1], Claim.HELPER)),
            applications=(
                _features(own[0], Claim.APPLICATION, but_for_image=is_one_product),
                _features(own[1], Claim.APPLICATION, but_for_image=is_one_product),
            ),
        )


def _is_bystander(pod: LabelledPod, names: NamePair) -> bool:
    return pod.pairs[names] and any(pod.roles.get(name) == "sidecar" for name in names)


def _features(
    observations: Iterable[Observation], claim: Claim, *, but_for_image: bool = False
) -> Features:
    return tuple(
        (item.case, item.scale)
        for item in observations
        if item.claim is claim and not (but_for_image and item.case.startswith("known-image."))
    )


@dataclass(frozen=True)
class Fit:
    """A regression over some pairs."""

    pairs: Sequence[PairOfContainers]
    """What it learns from."""
    start: Weights
    """The weights that were argued for."""

    @cached_property
    def cases(self) -> list[str]:
        """The cases that are fitted: those that say something of pairs, and are no definitions."""
        seen = {
            case
            for pair in self.pairs
            for features in (pair.together, pair.apart, *pair.helpers, *pair.applications)
            for case, _ in features
        }
        return sorted(case for case in seen if not case.startswith(FIXED))

    @cached_property
    def _argued(self) -> np.ndarray:
        cases = (self.start.of(case).argued for case in self.cases)
        return np.array([self.start.argued_prior, *cases])

    def weights(self) -> Weights:
        """The fitted weights."""
        bounds = [(0.0, 4.0), *((LEAST, MOST) for _ in self.cases)]
        result = minimize(
            self._loss, self._argued, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 200},
        )  # fmt: skip
        return self._with(list(result.x))

    def _with(self, values: Sequence[float]) -> Weights:
        cases = dict(self.start.cases)
        for case, value in zip(self.cases, values[1:], strict=True):
            cases[case] = replace(cases[case], value=float(value))
        return replace(self.start, prior=float(values[0]), cases=cases)

    def _loss(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        weights = self._with(list(values))
        place = {case: index for index, case in enumerate(self.cases, start=1)}
        loss, gradient = 0.0, np.zeros(len(values))
        for pair in self.pairs:
            score, slopes = pair.active(weights)
            cost = pair.importance * (1.0 if pair.is_apart else COST_OF_WRONG_SPLIT)
            signed = -score if pair.is_apart else score
            loss += cost * math.log1p(math.exp(-max(min(signed, 30), -30)))
            slope = -cost * probability(-signed) * (-1 if pair.is_apart else 1)
            gradient[0] += slope
            for case, scale in slopes.items():
                if case in place:
                    gradient[place[case]] += slope * scale
        away = (values - self._argued) / TRUST
        return loss + 0.5 * float(away @ away), gradient + away / TRUST


def fold_of(owner: str) -> int:
    """In which part of the data an owner's Pods are; the same in every run."""
    return int(hashlib.sha256(owner.encode()).hexdigest(), 16) % FOLDS


def cross_validated(
    pods: Sequence[LabelledPod], start: Weights
) -> list[tuple[LabelledPod, Classification]]:
    """Each Pod as it is classified by weights that were fitted without its owner's."""
    pairs = {pod.id: list(pairs_of_pod(pod, start)) for pod in pods}
    found = []
    for fold in range(FOLDS):
        seen = [pair for pod in pods if fold_of(pod.owner) != fold for pair in pairs[pod.id]]
        weights = Fit(seen, start).weights()
        weights = calibrated(weights, seen)
        found += [
            (pod, classify(pod.context, weights)) for pod in pods if fold_of(pod.owner) == fold
        ]
    return found


def calibrated(weights: Weights, pairs: Sequence[PairOfContainers]) -> Weights:
    """Weights whose log-odds are those of being right (Platt's scaling): all fitted ones times one
    factor, and a prior that fits.
    """
    scores = np.array([pair.active(weights)[0] for pair in pairs])
    labels = np.array([-1.0 if pair.is_apart else 1.0 for pair in pairs])
    counts = np.array([pair.importance for pair in pairs])

    def loss(values: np.ndarray) -> float:
        signed = labels * (values[0] * scores + values[1])
        # Towards no change at all, as far as few Pods say otherwise.
        prior = 20 * (values[0] - 1) ** 2 + 5 * values[1] ** 2
        return float(counts @ np.log1p(np.exp(-np.clip(signed, -30, 30))) + prior)

    factor, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    cases = {
        case: weight if case.startswith(FIXED) else replace(weight, value=weight.value * factor)
        for case, weight in weights.cases.items()
    }
    prior = weights.prior * factor + shift
    return _with_definition(replace(weights, prior=float(prior), cases=cases))


def _with_definition(weights: Weights) -> Weights:
    """Weights by which two containers that serve traffic, a database and somebody's own program, or
    a server and what is named its worker, are apart as surely as a cut needs where nothing else is
    known of them: that is what is meant by an application here, and no matter of what people happen
    to publish.
    """
    needed = weights.prior + math.log(_SURE / (1 - _SURE))
    least = {
        _BOTH: needed - weights.of(_LISTENS).value,
        _DATABASE: needed,
        _WORKER: needed - weights.of(_NAMED).value,
    }
    raised = {
        case: replace(weights.of(case), value=max(weights.of(case).value, value))
        for case, value in least.items()
    }
    return replace(weights, cases={**weights.cases, **raised})


# What is written


def write_weights(weights: Weights) -> None:
    """Put the numbers into `weights.yaml`; all else stays as it is."""
    text = WEIGHTS.read_text(encoding="utf-8")
    for case, weight in weights.cases.items():
        text = re.sub(
            rf"(?m)^(  {re.escape(case)}: {{weight: )[\d.]+", rf"\g<1>{weight.value:.2f}", text
        )
    text = re.sub(r"(?m)^(prior:\n  weight: )[\d.]+", rf"\g<1>{weights.prior:.2f}", text)
    WEIGHTS.write_text(text, encoding="utf-8")


def _as_argued(weights: Weights) -> Weights:
    """The weights as they were before any data."""
    cases = {case: replace(weight, value=weight.argued) for case, weight in weights.cases.items()}
    return replace(weights, prior=weights.argued_prior, cases=cases)


def fitted_weights(pods: Sequence[LabelledPod]) -> Weights:
    """The weights that some Pods give, starting from those that were argued."""
    start = _as_argued(load_weights())
    pairs = [pair for pod in pods for pair in pairs_of_pod(pod, start)]
    return calibrated(Fit(pairs, start).weights(), pairs)


def main() -> None:
    """Fit, and write the weights and the page."""
    pods = list(labelled_pods())
    start = _as_argued(load_weights())
    validated = cross_validated(pods, start)
    write_weights(fitted_weights(pods))
    new = weights_from(WEIGHTS.read_text(encoding="utf-8"))
    argued, fitted = (
        figures_of((pod, classify(pod.context, weights)) for pod in pods)
        for weights in (start, new)
    )
    bands = bands_of(validated)
    PICTURE.write_text(calibration_picture(bands), encoding="utf-8")
    figures = {"argued": argued, "cross-validated": figures_of(validated), "fitted": fitted}
    text = weights_page(
        figures,
        bands,
        new,
        trust=TRUST,
        cost=COST_OF_WRONG_SPLIT,
        folds=FOLDS,
    )
    PAGE.write_text(text, encoding="utf-8")
    print(text[: text.index("## The weights")])


if __name__ == "__main__":
    main()
