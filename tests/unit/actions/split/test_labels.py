"""How the groups are told apart: names, labels, selectors."""

from __future__ import annotations

import pytest

from service.actions.split.groups import divide_containers
from service.actions.split.labels import GroupLabels, check_selected_alone, choose_labels
from service.actions.wrap.controllers import choose_controller
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, refusal_of, service, shop


def labels_of(text: str, kind: str = "Deployment", *, wrapped: bool = False) -> GroupLabels:
    """The labels of the first workload of a set."""
    candidate = candidate_of(text)
    controller = choose_controller(candidate).controller if wrapped else None
    return choose_labels(candidate, divide_containers(candidate), controller, kind)


def refusal_for(text: str, kind: str = "Deployment") -> Refusal | None:
    return refusal_of(lambda: labels_of(text, kind))


def selecting(labels: str) -> str:
    """A Deployment with several labels in selector and template."""
    return shop(
        spec=f"selector: {{matchLabels: {{{labels}}}}}", template=f"labels: {{{labels}, more: c}}"
    )


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ("app: shop", "app"),
        ("name: a, app: shop", "app"),
        ("app: shop, app.kubernetes.io/name: a", "app.kubernetes.io/name"),
        (
            "app.kubernetes.io/name: a, app.kubernetes.io/component: b",
            "app.kubernetes.io/component",
        ),
        ("name: a, k8s-app: b", "k8s-app"),
        ("team: a, name: b", "name"),
        ("team: a, tier: b", "team"),
    ],
)
def test_the_groups_differ_in_the_most_telling_label_of_the_selector(labels: str, key: str) -> None:
    """Without one that is known it is the first."""
    chosen = labels_of(selecting(labels))
    assert chosen.key == key
    assert chosen.labels[1] == {**chosen.labels[0], key: "shop-api"}
    assert chosen.labels[0][key] == chosen.value(0) != chosen.value(1) == "shop-api"


def test_each_group_is_selected_by_the_labels_of_the_selector() -> None:
    """Labels that the selector doesn't ask for may change."""
    chosen = labels_of(selecting("team: a, app: shop"))
    assert chosen.selector(0) == {"team": "a", "app": "shop"}
    assert chosen.selector(1) == {"team": "a", "app": "shop-api"}


def test_each_moved_group_is_named_for_its_head() -> None:
    """The one that stays keeps its name."""
    text = shop(
        others=["name: jobs, image: acme/jobs"], roles="front=main,api=unrelated,jobs=unrelated"
    )
    assert labels_of(text).names == ("shop", "shop-api", "shop-jobs")


@pytest.mark.parametrize(
    ("kind", "limit"), [("Deployment", 63), ("DaemonSet", 63), ("CronJob", 52)]
)
@pytest.mark.parametrize("excess", [0, 1])
def test_a_name_is_cut_where_it_is_longer_than_its_kind_allows(
    kind: str, limit: int, excess: int
) -> None:
    """CronJobs add eleven characters to the names of their Jobs."""
    wanted = "a" * (limit - 4 + excess) + "-api"
    name = labels_of(shop(name=wanted.removesuffix("-api")), kind).names[1]
    assert len(name) == limit
    assert (name == wanted) is (excess == 0)


def test_a_name_that_is_taken_gets_a_number_within_the_limit() -> None:
    """The number counts too."""
    name = "a" * 48
    taken = shop(kind="CronJob", name=f"{name}-api", template="labels: {app: other}")
    labels = labels_of(shop(kind="CronJob", name=name) + taken, "CronJob")
    assert labels.names[1] == f"{name}-a-2"


@pytest.mark.parametrize(
    ("api", "refusal"),
    [("Api_1", Refusal.NAME), ("api.v1", None), ("1api", None), ("api", None)],
)
def test_a_name_that_is_not_valid_holds_back(api: str, refusal: Refusal | None) -> None:
    """The names of containers are checked by the API server, though not here."""
    text = shop().replace("name: api,", f"name: {api},").replace("api=", f"{api}=")
    assert refusal_for(text) is refusal


def test_one_invalid_name_among_several_holds_back() -> None:
    """Every one has to be valid."""
    text = shop(
        others=["name: Jobs, image: acme/jobs"], roles="front=main,api=unrelated,Jobs=unrelated"
    )
    assert refusal_for(text) is Refusal.NAME


# Selectors

NONE = "selector: {matchExpressions: [{key: app, operator: Exists}]}"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (shop(spec="selector: {matchLabels: {app: other}}"), Refusal.SELECTOR),
        (shop(template="labels: {}"), Refusal.SELECTOR),
        (shop(spec=NONE), Refusal.SELECTOR),
        (shop(kind="ReplicationController"), None),
        (shop(kind="CronJob"), None),
        (shop(kind="CronJob", template="labels: {}"), None),
    ],
)
def test_a_selector_has_to_match_the_template_by_labels(text: str, refusal: Refusal | None) -> None:
    """Only CronJobs need none."""
    assert refusal_for(text) is refusal


@pytest.mark.parametrize(
    ("template", "key", "selector"),
    [
        ("labels: {app: shop, team: a}", "app", {"app": "shop-api"}),
        ("labels: {team: a, tier: b}", "team", {"team": "shop-api", "tier": "b"}),
        ("labels: {}", "app.kubernetes.io/name", {"app.kubernetes.io/name": "shop-api"}),
    ],
)
def test_a_kind_without_selector_is_told_by_its_telling_labels(
    template: str, key: str, selector: dict[str, str]
) -> None:
    """Or by all, or by one that it gets."""
    chosen = labels_of(shop(kind="CronJob", template=template), "CronJob")
    assert chosen.key == key
    assert chosen.selector(1) == selector


ROLES = "annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"
API = "name: api, image: acme/api"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("labels: {app: web, tier: a}", ("app", {"app": "web", "tier": "a"}, {"app": "web-api"})),
        (
            "labels: {version: a}",
            (
                "app.kubernetes.io/name",
                {"version": "a", "app.kubernetes.io/name": "web"},
                {"app.kubernetes.io/name": "web-api"},
            ),
        ),
    ],
)
def test_a_bare_pod_is_told_by_the_selector_of_its_controller(
    metadata: str, expected: tuple[str, dict[str, str], dict[str, str]]
) -> None:
    """With the label that it gets for that."""
    chosen = labels_of(bare_pod(metadata=f"{metadata}, {ROLES}", others=[API]), wrapped=True)
    assert (chosen.key, chosen.labels[0], chosen.selector(1)) == expected


def test_a_group_of_copies_is_named_for_their_controller() -> None:
    """It has the name that they have in common."""
    pods = "".join(
        bare_pod(name=f"web-{number}", metadata=f"labels: {{app: web}}, {ROLES}", others=[API])
        for number in (0, 1)
    )
    assert labels_of(pods, wrapped=True).names == ("web", "web-api")


def test_a_value_that_a_group_lacks_is_empty() -> None:
    """A CronJob's Pods need no labels."""
    assert labels_of(shop(kind="CronJob", template="labels: {}"), "CronJob").value(0) == ""


# Overlaps


@pytest.mark.parametrize(
    ("other", "refusal"),
    [
        (service("other", selector="app: shop-api"), Refusal.SELECTOR_OVERLAP),
        (service("other", selector="app: shop-web"), None),
        (service("other", selector="app: shop-api, tier: a"), None),
    ],
)
def test_the_new_label_is_nobody_elses(other: str, refusal: Refusal | None) -> None:
    """The moved Pods would be selected by what isn't meant for them."""
    assert refusal_for(shop() + other) is refusal


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize(
    ("other", "metadata", "refusals"),
    [
        ("labels: {app: shop-api, more: a}", "", [None, Refusal.SELECTOR_OVERLAP]),
        ("labels: {app: shop, more: a}", "", [Refusal.SELECTOR_OVERLAP, None]),
        ("labels: {app: other}", "", [None, None]),
        ("labels: {app: shop}", "namespace: far", [None, None]),
    ],
)
def test_what_is_made_for_a_group_must_not_be_for_others(
    group: int, other: str, metadata: str, refusals: list[Refusal | None]
) -> None:
    """A Service would lead to their Pods too."""
    pod = bare_pod(metadata=f"{other}, {metadata}")
    candidate = candidate_of(shop(metadata="namespace: near") + pod, "Deployment/shop")
    labels = choose_labels(candidate, divide_containers(candidate), None, "Deployment")
    act = lambda: check_selected_alone(candidate, labels, group, "a Service")  # noqa: E731
    assert refusal_of(act) is refusals[group]


def test_copies_of_a_pod_are_not_others() -> None:
    """They become replicas of the same workload."""
    pods = [
        bare_pod(name=f"web-{number}", metadata=f"labels: {{app: web}}, {ROLES}", others=[API])
        for number in (0, 1)
    ]
    candidate = candidate_of("".join(pods))
    controller = choose_controller(candidate).controller
    labels = choose_labels(candidate, divide_containers(candidate), controller, "Deployment")
    assert refusal_of(lambda: check_selected_alone(candidate, labels, 0, "a Service")) is None
