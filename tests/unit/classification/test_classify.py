"""How the containers of a Pod are told apart, and how sure that is."""

from __future__ import annotations

from itertools import combinations

import pytest

from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.evidence import collect_evidence, pair_key, probability
from service.classification.knowledge.weights import Weight, Weights, load_weights
from service.classification.observation import Claim, Observation
from service.classification.signals import SIGNALS
from service.findings import Pattern, Role
from tests.support.classifying import container_of, context_of, workload


def classified(spec: str, **more: str) -> Classification:
    """A workload with a pod spec, told apart with the weights that come with Podsplit."""
    return classify(context_of(workload(spec, **more)), load_weights())


def group_names(classification: Classification) -> list[list[str]]:
    """The groups, by the names of their containers."""
    return [[container.name for container in group] for group in classification.groups]


def test_two_containers_of_which_nothing_is_known_are_one_application() -> None:
    """Most Pods are; the first is the main one."""
    found = classified("containers: [{name: a, image: shop/x}, {name: b, image: shop/y}]")
    assert group_names(found) == [["a", "b"]]
    a, b = found.context.classified_containers
    assert found.pair(a, b) is found.pair(b, a)
    assert found.pair(a, b).score == load_weights().prior
    assert found.confidence_of_pair(a, b) == pytest.approx(probability(load_weights().prior))
    assert found.verdict(b).role is Role.SIDECAR
    assert found.workload is found.context.workload


def test_a_container_alone_is_not_looked_at() -> None:
    """There is nothing to tell apart, whatever its image is."""
    found = classified("containers: [{name: db, image: mysql}]")
    assert found.observations == ()
    assert found.pairs == {}
    assert found.boundary_confidence() == 1.0
    assert found.verdicts[0].role is Role.MAIN


def test_a_native_sidecar_is_told_apart_and_an_init_container_is_not() -> None:
    """It runs as long as the Pod does."""
    found = classified("""
    containers: [{name: db, image: mysql}]
    initContainers:
    - {name: log, image: shop/log, restartPolicy: Always}
    - {name: once, image: shop/once}
    """)
    assert group_names(found) == [["db", "log"]]
    assert found.observations != ()
    assert [verdict.role for verdict in found.verdicts] == [Role.MAIN, Role.SIDECAR, Role.INIT]


def test_a_pod_without_containers_has_no_groups() -> None:
    """A manifest may be that wrong."""
    found = classified("containers: []")
    assert (found.groups, found.verdicts, found.boundary_confidence()) == ((), (), 1.0)


def test_observations_stand_in_the_order_of_the_signals() -> None:
    """Which is the order in which evidence of equal weight is shown."""
    found = classified(
        """
        containers:
        - {name: web, image: nginx, ports: [{containerPort: 80}]}
        - {name: log, image: fluent-bit}
        """,
        name="web",
    )
    signals = [observation.case.partition(".")[0] for observation in found.observations]
    order = [signal.id for signal in SIGNALS]
    assert signals == sorted(signals, key=order.index)
    assert set(signals) == {
        "known-image",
        "container-name",
        "application-name",
        "listens",
        "workload-name",
    }


def test_what_the_owner_declares_decides() -> None:
    """Against the order and the prior."""
    found = classified(
        "containers: [{name: a, image: shop/x}, {name: b, image: shop/y}]",
        annotations="{podsplit.dev/roles: 'a=unrelated,b=main'}",
    )
    assert group_names(found) == [["b"], ["a"]]


def test_a_database_in_front_of_an_application_is_not_the_main_one() -> None:
    """The first container that is no store gains by its place."""
    found = classified("containers: [{name: x, image: mysql}, {name: y-1, image: shop/y}]")
    assert group_names(found) == [["y-1"], ["x"]]


def test_where_all_are_stores_the_first_is_the_main_one() -> None:
    """None gains by its place."""
    found = classified("containers: [{name: x, image: mysql}, {name: z, image: rabbitmq}]")
    assert group_names(found) == [["x"], ["z"]]


CONTEXT = context_of(
    workload("""
    containers:
    - {name: web, image: shop/web}
    - {name: log, image: shop/log}
    - {name: api, image: shop/api}
    - {name: aux, image: shop/aux}
    """)
)
WEIGHTS = Weights(
    1.0,
    1.0,
    {
        "known-image.helper": Weight(3.0, "a", 3.0, ""),
        "other.helps": Weight(3.0, "b", 3.0, ""),
        "other.tied": Weight(2.0, "c", 2.0, ""),
        "other.apart": Weight(3.0, "d", 3.0, ""),
        "other.far": Weight(5.0, "e", 5.0, ""),
    },
)


def observation(
    case: str, subject: str, other: str | None = None, pattern: Pattern | None = None
) -> Observation:
    """Something that was seen."""
    claim = {"tied": Claim.TOGETHER, "apart": Claim.APART, "far": Claim.APART}
    return Observation(
        case=case,
        claim=claim.get(case.partition(".")[2], Claim.HELPER),
        subject=container_of(CONTEXT, subject),
        message=case,
        place=CONTEXT.lazy_location_of(container_of(CONTEXT, subject)),
        other=container_of(CONTEXT, other) if other else None,
        pattern=pattern,
    )


def boundary(*observations: Observation, groups: str, context: PodContext = CONTEXT) -> float:
    """The log-odds of the boundary between groups such as `head,helper head`, of the containers
    that are named in them.
    """
    table = collect_evidence(observations, WEIGHTS)
    containers = context.classified_containers
    found = Classification(
        context=context,
        groups=tuple(
            tuple(container_of(context, name) for name in group.split(","))
            for group in groups.split()
        ),
        pairs={pair_key(a, b): table.pair(a, b) for a, b in combinations(containers, 2)},
        observations=observations,
        weights=WEIGHTS,
    )
    return found.boundary_confidence()


SURE = 0.9820
"""The probability of log-odds of 1 - 5."""
LESS = 0.8808
"""That of 1 - 3."""


def between(case: str, pair: str) -> Observation:
    """Something that was seen of two containers, as in `web-api`."""
    one, _, other = pair.partition("-")
    return observation(case, one, other)


def far(*pairs: str) -> list[Observation]:
    """Pairs of containers, as in `web-api`, that are far apart."""
    return [between("other.far", pair) for pair in pairs]


ALL_FAR = far("web-api", "web-aux", "log-api", "log-aux")


def test_one_group_has_no_boundary() -> None:
    """So it is sure."""
    assert boundary(groups="web,log,api,aux") == 1.0


def test_a_boundary_is_as_sure_as_the_least_sure_pair_across_it() -> None:
    """Of heads, and of others."""
    assert boundary(*ALL_FAR, groups="web,log api,aux") == pytest.approx(SURE, abs=1e-4)
    pairs = ["web-api", "web-aux", "log-api", "log-aux"]
    for pair in pairs:
        seen = [*far(*(item for item in pairs if item != pair)), between("other.apart", pair)]
        assert boundary(*seen, groups="web,log api,aux") == pytest.approx(LESS, abs=1e-4)


def test_a_pair_that_fits_across_a_boundary_makes_it_even() -> None:
    """No less than that."""
    assert boundary(*ALL_FAR[1:], groups="web,log api,aux") == 0.5


def test_of_several_boundaries_the_least_sure_counts() -> None:
    """Between any two groups."""
    seen = [*far("web-log", "web-api", "log-aux", "web-aux", "api-aux")]
    apart = observation("other.apart", "log", "api")
    assert boundary(*seen, apart, groups="web log api aux") == pytest.approx(LESS, abs=1e-4)


def test_a_sidecar_that_serves_both_groups_says_nothing_of_their_boundary() -> None:
    """Whichever of them it is in; without the pattern that says so it does."""
    serves = [observation("other.helps", "log", None, Pattern.MESH)]
    seen = [*far("web-api", "web-aux"), *serves]
    assert boundary(*seen, groups="web,log api,aux") == pytest.approx(SURE, abs=1e-4)
    assert boundary(*seen, groups="api,aux web,log") == pytest.approx(SURE, abs=1e-4)
    tied = observation("other.tied", "log", "api")
    assert boundary(*far("web-api", "web-aux"), tied, groups="web,log api,aux") == 0.5
    ships = observation("other.helps", "log", None, Pattern.LOGGING)
    seen = [*far("web-api", "web-aux"), tied, ships]
    assert boundary(*seen, groups="web,log api,aux") == pytest.approx(SURE, abs=1e-4)


def test_help_that_would_fit_anybody_says_nothing_of_a_boundary() -> None:
    """It has to be so for each container of the other group."""
    helps = observation("other.helps", "log", None, Pattern.PROXY)
    seen = [*far("web-api", "web-aux"), helps]
    assert boundary(*seen, groups="web,log api,aux") == pytest.approx(SURE, abs=1e-4)
    assert boundary(*seen, groups="api,aux web,log") == pytest.approx(SURE, abs=1e-4)
    tied = observation("other.tied", "log", "aux")
    assert boundary(*seen, tied, groups="web,log api,aux") == 0.5


def test_heads_count_even_where_one_helps_anybody() -> None:
    """They are what the groups are about."""
    helps = observation("other.helps", "web", None, Pattern.MESH)
    assert boundary(*far("log-api", "log-aux"), helps, groups="web,log api,aux") == 0.5
