"""What is said of each container of a Pod whose groups are known."""

from __future__ import annotations

from itertools import combinations

import pytest

from service.classification.boundaries import Boundaries
from service.classification.context import PodContext
from service.classification.evidence import collect_evidence, pair_key
from service.classification.helpers import Helpers
from service.classification.knowledge.weights import Weight, Weights
from service.classification.observation import Claim, Observation
from service.classification.verdicts import VerdictMaker
from service.findings import ContainerType, Leans, Pattern, Role, Verdict
from tests.support.classifying import container_of, context_of, workload

CONTEXT = context_of(
    workload("""
    containers:
    - {name: web, image: shop/web}
    - {name: log, image: shop/log}
    - {name: api, image: shop/api}
    """)
)
WEIGHTS = Weights(
    1.0,
    1.0,
    {
        "known-image.helper": Weight(3.0, "a", 3.0, ""),
        "native-sidecar.declared": Weight(3.0, "b", 3.0, ""),
        "other.helps": Weight(3.0, "c", 3.0, ""),
        "other.helps-more": Weight(3.5, "c", 3.5, ""),
        "other.tied": Weight(2.0, "d", 2.0, ""),
        "other.apart": Weight(4.12345, "e", 4.12345, ""),
        "other.slightly-apart": Weight(0.5, "f", 0.5, ""),
    },
)


def observation(
    case: str,
    claim: Claim,
    subject: str,
    other: str | None = None,
    pattern: Pattern | None = None,
    context: PodContext = CONTEXT,
) -> Observation:
    """Something that was seen at the name of a container."""
    container = container_of(context, subject)
    return Observation(
        case=case,
        claim=claim,
        subject=container,
        message=f"{subject} {claim}",
        place=context.lazy_location_of(container, "name"),
        other=container_of(context, other) if other else None,
        pattern=pattern,
    )


APART = (
    observation("other.apart", Claim.APART, "web", "api"),
    observation("other.slightly-apart", Claim.APART, "log", "api"),
)


def verdicts(
    *observations: Observation, groups: str = "web,log api", context: PodContext = CONTEXT
) -> dict[str, Verdict]:
    """The verdicts by name, on groups such as `head,helper head`."""
    table = collect_evidence(observations, WEIGHTS)
    helpers = Helpers(
        observations=observations,
        pairs={
            pair_key(a, b): table.pair(a, b)
            for a, b in combinations(context.classified_containers, 2)
        },
        groups=tuple(
            tuple(container_of(context, name) for name in group.split(","))
            for group in groups.split()
        ),
        weights=WEIGHTS,
    )
    maker = VerdictMaker(context, Boundaries(helpers), WEIGHTS)
    return {verdict.name: verdict for verdict in maker.verdicts()}


def test_heads_are_main_or_unrelated_and_the_others_sidecars() -> None:
    """Each with its group's number; a sidecar serves its head."""
    found = verdicts(*APART)
    assert [(item.name, item.role, item.group, item.serves) for item in found.values()] == [
        ("web", Role.MAIN, 0, ()),
        ("log", Role.SIDECAR, 0, ("web",)),
        ("api", Role.UNRELATED, 1, ()),
    ]
    assert [item.pattern for item in found.values()] == [None, Pattern.OTHER, None]
    assert found["web"].image == "shop/web"
    assert found["web"].type is ContainerType.REGULAR
    text = CONTEXT.workload.resource.document.source.text
    span = found["web"].location.span
    assert text[span.start : span.end] == "{name: web, image: shop/web}"


def test_a_container_alone_is_main_for_certain() -> None:
    """There is nothing that it could belong to."""
    context = context_of(workload("containers: [{name: web, image: shop/web}]"))
    found = verdicts(groups="web", context=context)["web"]
    assert (found.role, found.confidence, found.evidence) == (Role.MAIN, 1.0, ())


HELPS = observation("known-image.helper", Claim.HELPER, "log")
TIED = observation("other.tied", Claim.TOGETHER, "web", "log")
SEEN = (
    HELPS,
    TIED,
    observation("other.slightly-apart", Claim.APART, "log", "web"),
    observation("other.apart", Claim.APART, "web", "api"),
    observation("other.apart", Claim.APART, "log", "api"),
)
"""Log-odds: web and log 1 + 3 + 2 - 0.5, web and api 1 - 4.12345, log and api 1 + 3 - 4.12345."""


def test_the_confidence_is_that_of_what_decided() -> None:
    """Of a head the least sure boundary to another one, of the others what ties them to their
    group; four digits.
    """
    found = verdicts(*SEEN)
    assert {name: item.confidence for name, item in found.items()} == {
        "web": 0.9578,
        "log": 0.9959,
        "api": 0.9578,
    }
    within = verdicts(HELPS, TIED, SEEN[2], groups="web,log,api")
    assert {name: item.confidence for name, item in within.items()} == {
        "web": 0.982,
        "log": 0.9959,
        "api": 0.982,
    }


def evidence(verdict: Verdict) -> list[tuple[str, float, Leans, str, str | None]]:
    """The evidence of a verdict, its places aside."""
    return [
        (item.signal, item.weight, item.leans, item.message, item.about)
        for item in verdict.evidence
    ]


PRIOR = "containers of one Pod mostly belong together (the prior)"


def test_the_evidence_is_that_on_the_pair_that_decided() -> None:
    """The heaviest first, the prior last; what was seen at the other container names it."""
    found = verdicts(*SEEN)
    assert evidence(found["web"]) == [
        ("other", 4.123, Leans.APART, "web apart", "api"),
        ("prior", 1.0, Leans.TOGETHER, PRIOR, "api"),
    ]
    assert evidence(found["log"]) == [
        ("known-image", 3.0, Leans.TOGETHER, "log helper", "web"),
        ("other", 2.0, Leans.TOGETHER, "web: web together", "web"),
        ("other", 0.5, Leans.APART, "log apart", "web"),
        ("prior", 1.0, Leans.TOGETHER, PRIOR, "web"),
    ]
    assert evidence(found["api"]) == [
        ("other", 4.123, Leans.APART, "web: web apart", "web"),
        ("prior", 1.0, Leans.TOGETHER, PRIOR, "web"),
    ]


def test_evidence_says_where_it_was_seen() -> None:
    """The prior is told at the container."""
    apart, prior = verdicts(*SEEN)["web"].evidence
    web = container_of(CONTEXT, "web")
    assert apart.location == CONTEXT.location_of(web, "name")
    assert prior.location == CONTEXT.location_of(web)


def test_of_two_pairs_that_are_as_certain_the_first_is_told() -> None:
    """In the order of the manifest."""
    found = verdicts(groups="web,log,api")
    assert [item.evidence[0].about for item in found.values()] == ["log", "web", "web"]


def test_help_that_would_fit_anybody_says_nothing_of_a_boundary() -> None:
    """Nothing else is known of `log` and `api`; within a group it counts."""
    found = verdicts(HELPS, SEEN[3])
    assert found["log"].confidence == 0.982
    assert found["log"].evidence[0].about == "web"
    assert found["api"].confidence == 0.9578
    assert found["api"].evidence[0].about == "web"


def served(*observations: Observation, groups: str = "web,log api") -> tuple[str, ...]:
    """Whom `log` serves."""
    return verdicts(*observations, SEEN[3], groups=groups)["log"].serves


def helper(case: str, pattern: Pattern | None) -> Observation:
    """What makes a helper of `log`."""
    return observation(case, Claim.HELPER, "log", pattern=pattern)


SHARES = observation("other.tied", Claim.TOGETHER, "log", "api")


def test_a_sidecar_serves_the_head_of_its_group() -> None:
    """Whatever it shares with others, if it is for one of them alone."""
    assert served(helper("other.helps", Pattern.PROXY)) == ("web",)
    assert served(helper("other.helps", Pattern.PROXY), SHARES) == ("web",)
    assert served(helper("other.helps", Pattern.PROXY), groups="web api,log") == ("api",)


@pytest.mark.parametrize(
    "pattern", [Pattern.LOGGING, Pattern.METRICS, Pattern.BACKUP, Pattern.CONFIG_SYNC]
)
def test_some_serve_each_group_that_they_share_something_with(pattern: Pattern) -> None:
    """Their own first; a helper that is only said to help shares nothing."""
    assert served(helper("other.helps", pattern)) == ("web",)
    assert served(helper("other.helps", pattern), TIED) == ("web",)
    assert served(helper("other.helps", pattern), SHARES) == ("web", "api")
    assert served(helper("other.helps", pattern), SHARES, groups="api web,log") == ("web", "api")
    assert served(helper("other.helps", pattern), TIED, groups="web api,log") == ("api", "web")


@pytest.mark.parametrize("pattern", [Pattern.MESH, Pattern.SECRETS])
def test_some_serve_the_whole_pod(pattern: Pattern) -> None:
    """Every group, in the groups' order."""
    assert served(helper("other.helps", pattern), TIED) == ("web", "api")
    assert served(helper("other.helps", pattern), TIED, groups="web api,log") == ("web", "api")


@pytest.mark.parametrize("case", ["known-image.helper", "native-sidecar.declared"])
def test_a_certain_helper_that_nothing_ties_to_anybody_serves_everybody(case: str) -> None:
    """Once something ties it to its head, it is that head's."""
    assert served(helper(case, Pattern.PROXY)) == ("web", "api")
    assert served(helper(case, Pattern.PROXY), helper("other.helps", None)) == ("web", "api")
    assert served(helper(case, Pattern.PROXY), TIED) == ("web",)


def test_another_containers_certain_help_makes_nobody_certain() -> None:
    """Of two helpers of one pair that weigh the same the first is counted."""
    assert served(
        observation("known-image.helper", Claim.HELPER, "web"), helper("other.helps", None)
    ) == ("web",)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], Pattern.OTHER),
        ([("other.helps", None)], Pattern.OTHER),
        ([("other.helps", Pattern.PROXY)], Pattern.PROXY),
        ([("other.helps", Pattern.PROXY), ("other.helps-more", Pattern.AUTH)], Pattern.AUTH),
        ([("other.helps-more", Pattern.AUTH), ("other.helps", Pattern.PROXY)], Pattern.AUTH),
        ([("other.helps", Pattern.PROXY), ("known-image.helper", Pattern.AUTH)], Pattern.PROXY),
        ([("other.helps", Pattern.AUTH), ("known-image.helper", Pattern.PROXY)], Pattern.AUTH),
        ([("other.helps", Pattern.PROXY), ("other.helps-more", None)], Pattern.PROXY),
    ],
)
def test_the_pattern_is_that_of_the_heaviest_observation_that_has_one(
    patterns: list[tuple[str, Pattern | None]], expected: Pattern
) -> None:
    """The first of several; without one it is another."""
    seen = [observation(case, Claim.HELPER, "log", pattern=pattern) for case, pattern in patterns]
    assert verdicts(*APART, *seen)["log"].pattern is expected


def test_what_others_are_for_is_not_what_a_helper_is_for() -> None:
    """Nor what is said of it in another claim."""
    found = verdicts(
        *APART,
        observation("other.helps", Claim.HELPER, "api", pattern=Pattern.PROXY),
        observation("other.helps", Claim.HEAD, "log", pattern=Pattern.AUTH),
    )
    assert found["log"].pattern is Pattern.OTHER


INIT = """
containers: [{name: web, image: shop/web}, {name: api, image: shop/api}]
initContainers: [{name: api-init, image: shop/init}]
ephemeralContainers: [{name: shell, image: busybox}]
"""


def test_an_init_container_serves_the_groups_that_it_prepares() -> None:
    """For certain, and without evidence; it carries the first of them."""
    found = verdicts(groups="web api", context=context_of(workload(INIT)))["api-init"]
    assert (found.role, found.type, found.group) == (Role.INIT, ContainerType.INIT, 1)
    assert (found.serves, found.confidence, found.pattern) == (("api",), 1.0, None)
    assert found.evidence == ()


def test_an_ephemeral_container_debugs_the_primary_group() -> None:
    """It was added by hand."""
    found = verdicts(groups="web api", context=context_of(workload(INIT)))["shell"]
    assert (found.role, found.type, found.group) == (Role.SIDECAR, ContainerType.EPHEMERAL, 0)
    assert (found.serves, found.confidence, found.pattern) == (("web",), 1.0, Pattern.DEBUG)
    assert found.evidence == ()


def test_without_groups_init_and_ephemeral_containers_serve_nobody() -> None:
    """A Pod may be written without containers."""
    context = context_of(workload(INIT.replace(INIT.splitlines()[1], "containers: []")))
    found = verdicts(groups="", context=context)
    assert [(item.name, item.group, item.serves) for item in found.values()] == [
        ("api-init", 0, ()), ("shell", 0, ()),
    ]  # fmt: skip
