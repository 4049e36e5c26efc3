"""From observations to groups, roles and confidence.

The question is asked of every pair of containers that run as long as the Pod does: do they belong
together? The log-odds of that are the sum of

    the prior  +  what says TOGETHER  +  the better of the two as HELPER  -  what says APART  -  the
    weaker of the two
as APPLICATION

where observations of one family count once (see `knowledge/weights.yaml`). Two containers are two
applications only if both are one, so the weaker counts; a helper helps whatever it is beside, so
the better counts.

Groups: every container starts alone; the pair of groups that belongs together most surely is
joined, as long as every pair across the two is more likely together than apart. That settles
inconsistent triples: two databases are not joined by a shell that would fit either. A container's
confidence is that of its least certain pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from operator import itemgetter

from service.classification.context import PodContext
from service.classification.knowledge.weights import Weights
from service.classification.observation import Claim, Observation
from service.classification.signals import SIGNALS
from service.classification.signals.container_name import words_of
from service.findings import ContainerType, Evidence, Leans, Pattern, Role, Verdict
from service.kube.containers import Container, repository
from service.kube.objects import as_mapping
from service.kube.workloads import READ_ONLY_SOURCES, Workload

_POD_WIDE = frozenset({Pattern.MESH, Pattern.SECRETS})
"""What serves every group of a Pod."""
_LISTED = frozenset({Pattern.LOGGING, Pattern.METRICS, Pattern.BACKUP})
"""What serves each group that it shares something with."""
_SURE_HELPERS = frozenset({"known-image.helper", "native-sidecar.declared"})
"""Who helps, for sure, whatever it is beside; where nothing says whose helper it is, each group
gets it.
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two containers, and how surely they belong together."""

    score: float
    """Log-odds of together."""
    evidence: tuple[tuple[Observation, float, Leans], ...]
    """What adds up to it, the prior left out."""


@dataclass(frozen=True, eq=False)
class Classification:
    """What was decided about a Pod."""

    context: PodContext
    """What it was decided on."""
    groups: tuple[tuple[Container, ...], ...]
    """The groups, the primary one first, their heads first; init and ephemeral containers left
    out.
    """
    pairs: dict[tuple[int, int], Pair]
    """By container indices, the lower first."""
    observations: tuple[Observation, ...]
    """Everything that was seen."""
    weights: Weights
    """What each observation counts."""

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What is said of each container, in the order of `Workload.containers`."""
        return _Verdicts(
            self.context, self.observations, self.pairs, self.groups, self.weights
        ).all()

    @property
    def workload(self) -> Workload:
        """The workload."""
        return self.context.workload

    def verdict(self, container: Container) -> Verdict:
        """What was decided about a container."""
        return self.verdicts[container.index]

    def pair(self, one: Container, other: Container) -> Pair:
        """The pair of two containers."""
        return self.pairs[min(one.index, other.index), max(one.index, other.index)]

    def boundary_confidence(self) -> float:
        """How sure the boundaries between the groups are: the least sure of the pairs across
        them; 1 with one group.
        """
        across = [
            self.pair(a, b)
            for one, other in combinations(self.groups, 2)
            for a in one
            for b in other
            if (a is one[0] and b is other[0])
            or not (self._goes_along(a, other) or self._goes_along(b, one))
        ]
        return min((_probability(max(-pair.score, 0.0)) for pair in across), default=1.0)

    def confidence_of_pair(self, one: Container, other: Container) -> float:
        """How sure it is that two containers of one group belong together."""
        return _probability(self.pair(one, other).score)

    def _goes_along(self, container: Container, group: tuple[Container, ...]) -> bool:
        """Whether a container goes to another group too, or would as well go with any other:
        their pair says nothing of the boundary.
        """
        verdict = self.verdict(container)
        if verdict.role is not Role.SIDECAR:
            return False
        return group[0].name in verdict.serves or all(
            fits_anywhere(self.pair(container, each)) for each in group
        )


def classify(context: PodContext, weights: Weights) -> Classification:
    """Tell the containers of a Pod apart."""
    members = context.classified_containers
    observations = (
        tuple(each for signal in SIGNALS for each in signal.observe(context))
        if len(members) > 1
        else ()
    )
    heard = _Heard(observations, weights)
    pairs = {(a.index, b.index): heard.pair(a, b) for a, b in combinations(members, 2)}
    heads = {each.index: heard.head_score(each, context) for each in members}
    first = next((each.index for each in members if not context.is_store(each)), None)
    groups = _groups(members, pairs, heads, first)
    return Classification(context, groups, pairs, observations, weights)


def _weight(observation: Observation, weights: Weights) -> float:
    return weights.of(observation.case).value * observation.scale


def _heaviest(observations: Iterable[Observation], weights: Weights) -> list[Observation]:
    """Of each family the heaviest; the first of several."""
    best: dict[str, Observation] = {}
    for each in observations:
        family = weights.of(each.case).family
        if family not in best or _weight(each, weights) > _weight(best[family], weights):
            best[family] = each
    return list(best.values())


_Said = tuple[list[Observation], float]
"""Of each family of facts the heaviest observation, and their weight together."""


class _Heard:
    """All observations on a Pod, by whom they are about."""

    def __init__(self, observations: tuple[Observation, ...], weights: Weights) -> None:
        self._weights = weights
        self._of: dict[tuple[int, Claim], list[Observation]] = {}
        self._between: dict[tuple[int, int], list[Observation]] = {}
        for each in observations:
            self._of.setdefault((each.subject.index, each.says), []).append(each)
            if each.about is not None and each.says in (Claim.TOGETHER, Claim.APART):
                pair = (
                    min(each.subject.index, each.about.index),
                    max(each.subject.index, each.about.index),
                )
                self._between.setdefault(pair, []).append(each)
        self._told: dict[tuple[int, Claim], _Said] = {}

    def of(self, container: Container, says: Claim) -> _Said:
        """What is said of a container alone."""
        key = (container.index, says)
        if key not in self._told:
            self._told[key] = self._weighed(self._of.get(key, ()))
        return self._told[key]

    def _weighed(self, observations: Iterable[Observation]) -> _Said:
        found = _heaviest(observations, self._weights)
        return found, sum(_weight(each, self._weights) for each in found)

    def pair(self, one: Container, other: Container) -> Pair:
        """Two containers, the first before the second."""
        both = self._between.get((one.index, other.index), ())
        together, _ = self._weighed(each for each in both if each.says is Claim.TOGETHER)
        apart, _ = self._weighed(each for each in both if each.says is Claim.APART)
        helper, _ = max((self.of(each, Claim.HELPER) for each in (one, other)), key=itemgetter(1))
        application, _ = min(
            (self.of(each, Claim.APPLICATION) for each in (one, other)), key=itemgetter(1)
        )
        evidence = [
            *(
                (each, _weight(each, self._weights), Leans.TOGETHER)
                for each in (*together, *helper)
            ),
            *((each, _weight(each, self._weights), Leans.APART) for each in (*apart, *application)),
        ]
        score = self._weights.prior + sum(
            weight if leans is Leans.TOGETHER else -weight for _, weight, leans in evidence
        )
        return Pair(score, tuple(evidence))

    def head_score(self, container: Container, context: PodContext) -> float:
        """How much a container looks like what the workload is for, its place in the list aside."""
        _, head = self.of(container, Claim.HEAD)
        _, helper = self.of(container, Claim.HELPER)
        _, application = self.of(container, Claim.APPLICATION)
        if context.keeps_state(container):
            # A database is an application, but seldom the one that a workload with others in it is
            # for.
            shown = self._of.get((container.index, Claim.APPLICATION), ())
            _, application = self._weighed(
                each for each in shown if not each.case.startswith("known-image.")
            )
        return head + min(application, 3.0) / 2 - helper


def _groups(
    members: tuple[Container, ...],
    pairs: dict[tuple[int, int], Pair],
    heads: dict[int, float],
    first: int | None,
) -> tuple[tuple[Container, ...], ...]:
    groups: list[list[Container]] = [[each] for each in members]

    def weakest(one: list[Container], other: list[Container]) -> float:
        return min(
            pairs[min(a.index, b.index), max(a.index, b.index)].score for a in one for b in other
        )

    def strongest(one: list[Container], other: list[Container]) -> float:
        return max(
            pairs[min(a.index, b.index), max(a.index, b.index)].score for a in one for b in other
        )

    # Of two groups that a container fits equally well it stays in the one that looks more like what
    # the workload is for; after that the name decides, so that the order of the containers makes no
    # difference.
    groups.sort(key=lambda group: (-heads[group[0].index], group[0].name))
    while True:
        candidates = [
            (strongest(one, other), weakest(one, other), -i, -j)
            for (i, one), (j, other) in combinations(enumerate(groups), 2)
            if weakest(one, other) > 0
        ]
        if not candidates:
            break
        _, _, i, j = max(candidates)
        groups[-i] += groups.pop(-j)
    # People put the main container first, more often than not; a database in front of it doesn't
    # make it less so.
    prominence = {index: score + (index == first) for index, score in heads.items()}
    for group in groups:
        group.sort(key=lambda each: (-prominence[each.index], each.index))
    groups.sort(key=lambda group: (-prominence[group[0].index], group[0].index))
    # Behind the primary group the others keep the order of the manifest.
    ordered = groups[:1] + sorted(groups[1:], key=lambda group: min(each.index for each in group))
    return tuple((group[0], *sorted(group[1:], key=lambda each: each.index)) for group in ordered)


def fits_anywhere(pair: Pair) -> bool:
    """Whether two containers would go together only because one of them helps whatever it is
    beside.
    """
    leaning = [each for each, _, leans in pair.evidence if leans is Leans.TOGETHER]
    return pair.score > 0 and bool(leaning) and all(each.says is Claim.HELPER for each in leaning)


def _probability(score: float) -> float:
    return 1 / (1 + math.exp(-score))


class _Verdicts:
    """Says of every container what was decided, with the evidence."""

    def __init__(
        self,
        context: PodContext,
        observations: tuple[Observation, ...],
        pairs: dict[tuple[int, int], Pair],
        groups: tuple[tuple[Container, ...], ...],
        weights: Weights,
    ) -> None:
        self._context = context
        self._observations = observations
        self._pairs = pairs
        self._groups = groups
        self._weights = weights
        self._group_of = {
            each.index: number for number, group in enumerate(groups) for each in group
        }

    def all(self) -> tuple[Verdict, ...]:
        """The verdicts, in the order of the Pod's containers."""
        return tuple(self._of(each) for each in self._context.workload.containers)

    def _of(self, container: Container) -> Verdict:
        if container.type is ContainerType.INIT:
            return self._init(container)
        if container.type is ContainerType.EPHEMERAL:
            names = tuple(group[0].name for group in self._groups)
            return self._verdict(container, Role.SIDECAR, 0, 1.0, names[:1], Pattern.DEBUG, ())
        number = self._group_of[container.index]
        head = self._groups[number][0]
        role = (
            Role.SIDECAR if container is not head else Role.MAIN if number == 0 else Role.UNRELATED
        )
        confidence, evidence = self._weakest(container)
        pattern = self._pattern(container) if role is Role.SIDECAR else None
        serves = self._serves(container, number, pattern) if role is Role.SIDECAR else ()
        return self._verdict(container, role, number, confidence, serves, pattern, evidence)

    def _verdict(
        self,
        container: Container,
        role: Role,
        group: int,
        confidence: float,
        serves: tuple[str, ...],
        pattern: Pattern | None,
        evidence: tuple[Evidence, ...],
    ) -> Verdict:
        location = self._context.at(container)
        return Verdict(
            container.name,
            container.type,
            role,
            group,
            confidence,
            serves,
            pattern,
            container.image,
            evidence,
            location,
        )

    def _weakest(self, container: Container) -> tuple[float, tuple[Evidence, ...]]:
        """The confidence in a container's least certain pair, and the evidence on it."""
        worst: tuple[float, Pair, Container] | None = None
        for other in self._context.classified_containers:
            if other is container:
                continue
            pair = self._pairs[min(container.index, other.index), max(container.index, other.index)]
            same = self._group_of[container.index] == self._group_of[other.index]
            if not same and fits_anywhere(pair):
                continue
            confidence = _probability(pair.score if same else -pair.score)
            if worst is None or confidence < worst[0]:
                worst = (confidence, pair, other)
        if worst is None:
            return 1.0, ()
        confidence, pair, other = worst
        return round(confidence, 4), tuple(self._evidence(container, pair, other))

    def _is_anybodys(self, container: Container, head: Container) -> bool:
        """Whether a container is surely a helper, and nothing says whose."""
        pair = self._pairs[min(container.index, head.index), max(container.index, head.index)]
        sure = any(
            each.subject is container and each.case in _SURE_HELPERS for each, _, _ in pair.evidence
        )
        return sure and fits_anywhere(pair)

    def _evidence(self, container: Container, pair: Pair, other: Container) -> list[Evidence]:
        found = []
        for observation, weight, leans in sorted(pair.evidence, key=lambda each: -each[1]):
            whose = "" if observation.subject is container else f"{observation.subject.name}: "
            signal = observation.case.split(".", 1)[0]
            found.append(
                Evidence(
                    signal,
                    round(weight, 3),
                    leans,
                    whose + observation.message,
                    other.name,
                    observation.place.location(),
                )
            )
        prior = self._weights.prior
        message = "containers of one Pod mostly belong together (the prior)"
        found.append(
            Evidence(
                "prior", prior, Leans.TOGETHER, message, other.name, self._context.at(container)
            )
        )
        return found

    def _pattern(self, container: Container) -> Pattern:
        said = [
            each
            for each in self._observations
            if each.subject is container and each.says is Claim.HELPER and each.pattern
        ]
        heaviest = max(said, key=lambda each: _weight(each, self._weights), default=None)
        return heaviest.pattern if heaviest is not None and heaviest.pattern else Pattern.OTHER

    def _serves(
        self, container: Container, number: int, pattern: Pattern | None
    ) -> tuple[str, ...]:
        heads = [group[0] for group in self._groups]
        if pattern in _POD_WIDE:
            return tuple(head.name for head in heads)
        served = [heads[number]]
        if self._is_anybodys(container, served[0]):
            return tuple(head.name for head in heads)
        if pattern in _LISTED:
            for head in heads:
                pair = (
                    self._pairs[min(container.index, head.index), max(container.index, head.index)]
                    if head is not container
                    else None
                )
                shares = pair is not None and any(
                    each.says is Claim.TOGETHER for each, _, _ in pair.evidence
                )
                if shares and head is not heads[number]:
                    served.append(head)
        return tuple(head.name for head in served)

    def _init(self, container: Container) -> Verdict:
        numbers = prepared_groups(self._context.workload, container, self._groups)
        serves = tuple(self._groups[number][0].name for number in numbers)
        return self._verdict(
            container, Role.INIT, numbers[0] if numbers else 0, 1.0, serves, None, ()
        )


def prepared_groups(
    workload: Workload, container: Container, groups: tuple[tuple[Container, ...], ...]
) -> tuple[int, ...]:
    """The groups that an init container prepares: by a volume that it writes, the same image, or
    the name; else the primary one.
    """
    writes = {
        mount.volume
        for mount in container.mounts
        if not mount.read_only and _holds_data(workload, mount.volume)
    }
    by_volume = [
        number
        for number, group in enumerate(groups)
        if any(mount.volume in writes for each in group for mount in each.mounts)
    ]
    if by_volume:
        return tuple(by_volume)
    image = repository(container.image)
    by_image = [
        number
        for number, group in enumerate(groups)
        if any(repository(each.image) == image for each in group)
    ]
    if by_image and image:
        return tuple(by_image)
    words = set(words_of(container.name)) - {
        "init",
        "wait",
        "for",
        "setup",
        "prepare",
        "migrate",
        "migration",
        "container",
    }
    by_name = [
        number
        for number, group in enumerate(groups)
        if any(words & set(words_of(each.name)) for each in group)
    ]
    return tuple(by_name) if by_name else (0,)


def _holds_data(workload: Workload, name: str) -> bool:
    return not READ_ONLY_SOURCES & as_mapping(workload.volumes.get(name)).keys()
