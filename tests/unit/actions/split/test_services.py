"""Every Service port goes on leading to the container that it led to."""

from __future__ import annotations

import re

import pytest

from service.actions.split.services import ServiceChanges, retarget_services
from service.assumptions import AssumptionCode
from service.change import Step
from service.findings import Stage
from service.refusals import Refusal
from service.yamldoc.operations import AddEntry, AddItem
from tests.support.candidates import (
    candidate_of,
    codes_of,
    data_after,
    plan_of,
    refusal_of,
    resource_of,
    service,
    shop,
)

BOTH = "{name: http, port: 80}, {name: rest, port: 3000}"


class Retargeted:
    """What is done to the Services of a workload."""

    def __init__(self, text: str) -> None:
        self.plan = plan_of(candidate_of(text))
        self.changes: ServiceChanges = retarget_services(self.plan)

    def selectors(self, name: str = "shop") -> list[dict[str, str]]:
        """The selector of a Service after each stage."""
        resource = resource_of(self.plan.candidate, f"Service/{name}")
        steps = self.changes.steps
        return [data_after(resource, steps, stage)["spec"]["selector"] for stage in Stage]

    def targets(self, stage: Stage = Stage.CONTRACT) -> list[object]:
        """The target ports of the Service after a stage."""
        resource = resource_of(self.plan.candidate, "Service/shop")
        spec = data_after(resource, self.changes.steps, stage)["spec"]
        return [port.get("targetPort") for port in spec["ports"]]

    def names(self) -> dict[str, list[str]]:
        """The names that ports get, by container."""
        return {
            container.name: [
                operation.value
                for operation in self.changes.on(container)
                if isinstance(operation, AddEntry) and operation.key == "name"
            ]
            for container in self.plan.candidate.workload.containers
        }

    def declared(self) -> dict[str, list[object]]:
        """What is done to the ports of containers, names left out."""
        return {
            container.name: [
                operation.value
                for operation in self.changes.on(container)
                if isinstance(operation, AddItem)
                or (isinstance(operation, AddEntry) and operation.key == "ports")
            ]
            for container in self.plan.candidate.workload.containers
        }


def refusal_for(text: str) -> Refusal | None:
    plan = plan_of(candidate_of(text))
    return refusal_of(lambda: retarget_services(plan))


# One group behind a Service


def test_without_services_there_is_nothing_to_do() -> None:
    """No label, no name."""
    assert Retargeted(shop()).changes == ServiceChanges()


def test_a_service_of_what_stays_is_left_alone() -> None:
    """The moved Pods don't have the label that it selects by."""
    assert Retargeted(shop() + service()).changes == ServiceChanges()


WIDE = shop(template="labels: {app: shop, tier: web}", spec="selector: {matchLabels: {app: shop}}")


def test_a_service_of_what_stays_that_would_match_the_new_pods_is_narrowed() -> None:
    """With the first stage, before there are any, and for good."""
    retargeted = Retargeted(WIDE + service(selector="tier: web"))
    narrow = {"tier": "web", "app": "shop"}
    assert retargeted.selectors() == [narrow] * 4
    assert retargeted.changes.shared_label is None


@pytest.mark.parametrize(
    ("selector", "after"),
    [
        ("app: shop", {"app": "shop-api"}),
        ("tier: web, app: shop", {"tier": "web", "app": "shop-api"}),
        ("tier: web", {"tier": "web", "app": "shop-api"}),
    ],
)
def test_a_service_of_a_moved_group_goes_with_it(selector: str, after: dict[str, str]) -> None:
    """Once its Pods are there: until then the old ones answer."""
    retargeted = Retargeted(WIDE + service(ports="{port: 3000}", selector=selector))
    before = retargeted.selectors()[0]
    assert retargeted.selectors() == [before, before, after, after]
    assert "app" not in before or before["app"] == "shop"


THREE = shop(
    others=["name: jobs, image: acme/jobs"],
    roles="front=main,api=unrelated,jobs=unrelated",
    template="labels: {app: shop, tier: web}",
    spec="selector: {matchLabels: {app: shop}}",
)


def test_a_third_group_never_stands_behind_a_service_of_a_moved_one() -> None:
    """The old Pods alone until the new ones are there, then those alone."""
    retargeted = Retargeted(THREE + service(ports="{port: 3000}", selector="tier: web"))
    assert retargeted.selectors() == [
        *[{"tier": "web", "app": "shop"}] * 2,
        *[{"tier": "web", "app": "shop-api"}] * 2,
    ]


def test_a_service_without_ports_is_of_nobody_in_particular() -> None:
    """It matters where it would match the new Pods."""
    assert refusal_for(shop() + service(ports="")) is None
    text = WIDE + service(ports="", selector="tier: web")
    assert refusal_for(text) is Refusal.SERVICE_WITHOUT_PORTS


@pytest.mark.parametrize(
    ("kind", "spec", "ports", "refusal"),
    [
        ("StatefulSet", "clusterIP: None", "{port: 3000}", Refusal.HEADLESS_SERVICE),
        ("StatefulSet", "clusterIP: None", "{port: 80}", None),
        ("StatefulSet", "", "{port: 3000}", None),
        ("Deployment", "clusterIP: None", "{port: 3000}", None),
    ],
)
def test_the_service_that_names_the_pods_of_a_stateful_set_stays(
    kind: str, spec: str, ports: str, refusal: Refusal | None
) -> None:
    """The moved Pods would have other names."""
    assert refusal_for(shop(kind=kind) + service(ports=ports, spec=spec)) is refusal


@pytest.mark.parametrize(
    ("own", "other", "refusal"),
    [
        ("", "", None),
        ("namespace: a", "namespace: a", None),
        ("namespace: a", "", Refusal.NAMESPACE_UNCLEAR),
        ("", "namespace: a", Refusal.NAMESPACE_UNCLEAR),
    ],
)
def test_a_service_is_in_the_namespace_for_sure(
    own: str, other: str, refusal: Refusal | None
) -> None:
    """It is edited, and might be meant for others."""
    assert refusal_for(shop(metadata=own) + service(metadata=other)) is refusal


# Whom a port leads to


@pytest.mark.parametrize(
    ("ports", "refusal"),
    [
        ("{port: 80}", None),
        ("{port: 9999}", Refusal.UNDECLARED_PORT),
        ("{port: 80, targetPort: web}", Refusal.UNDECLARED_PORT),
        ("{port: 80}, {port: 9999}", Refusal.UNDECLARED_PORT),
    ],
)
def test_a_port_leads_to_a_container_that_is_known(ports: str, refusal: Refusal | None) -> None:
    """By its declaration, or because it is told to listen there."""
    assert refusal_for(shop() + service(ports=ports)) is refusal


def test_who_declares_a_port_has_to_be_who_listens_on_it() -> None:
    """Its Pods would have the declaration, and the others the server."""
    front = "ports: [{containerPort: 80}, {containerPort: 5672}]"
    text = shop(front, "ports: [], args: ['--port=5672']") + service(ports="{port: 5672}")
    assert refusal_for(text) is Refusal.PORT_DECLARED_ELSEWHERE


@pytest.mark.parametrize(
    ("api", "ports", "declared"),
    [
        ("args: ['--port=5000']", "{port: 5000}", [{"containerPort": 5000}]),
        (
            "args: ['--port=5000', '--metrics-port=5001']",
            "{name: a, port: 5000}, {name: b, port: 5001}",
            [{"containerPort": 5000}, {"containerPort": 5001}],
        ),
        (
            "args: ['--port=5000']",
            "{name: a, port: 5000}, {name: b, port: 1, targetPort: 5000}",
            [{"containerPort": 5000}],
        ),
        (
            "args: ['--port=5000']",
            "{port: 5000, protocol: UDP}",
            [{"containerPort": 5000, "protocol": "UDP"}],
        ),
    ],
)
def test_a_port_that_is_listened_on_gets_declared_once(
    api: str, ports: str, declared: list[dict[str, object]]
) -> None:
    """In a list that is there already, or in a new one that has all."""
    said = [AssumptionCode.PORT_LISTENED_ON] * ports.count("port: ")
    listed = Retargeted(shop(api=api) + service(ports=ports))
    assert listed.declared() == {"front": [], "api": declared}
    assert codes_of(listed.changes.assumptions) == said
    unlisted = shop(api=api).replace("image: acme/api, ports: [{containerPort: 3000}], ", "")
    new = Retargeted(unlisted + service(ports=ports))
    assert new.declared() == {"front": [], "api": [declared]}


# Several groups behind a Service


def test_ports_get_names_and_groups_a_label_where_both_are_behind_one_service() -> None:
    """The names are in the template first: old Pods have to have them."""
    retargeted = Retargeted(shop() + service(ports=BOTH))
    assert retargeted.names() == {"front": ["http"], "api": ["rest"]}
    assert retargeted.changes.shared_label == "shop"
    old, new = {"app": "shop"}, {"podsplit.dev/service": "shop"}
    assert retargeted.selectors() == [old, old, new, new]
    assert retargeted.targets(Stage.EXPAND) == [None, None]
    assert retargeted.targets(Stage.SWITCH) == ["http", "rest"]
    assert retargeted.changes.assumptions == ()


def test_names_that_are_there_are_used() -> None:
    """A target that names one already stays as it is written."""
    front = "ports: [{containerPort: 80, name: web}]"
    ports = "{name: a, port: 80, targetPort: web}, {name: b, port: 81, targetPort: 3000}"
    retargeted = Retargeted(shop(front) + service(ports=ports))
    assert retargeted.names() == {"front": [], "api": ["b"]}
    assert retargeted.targets(Stage.EXPAND) == ["web", 3000]
    assert retargeted.targets(Stage.SWITCH) == ["web", "b"]
    assert len(retargeted.changes.steps) == 2


def test_a_service_that_selects_both_groups_as_they_are_needs_no_label() -> None:
    """The groups differ in another one, by which it keeps to the old Pods at first."""
    retargeted = Retargeted(WIDE + service(ports=BOTH, selector="tier: web"))
    assert retargeted.changes.shared_label is None
    narrow, wide = {"tier": "web", "app": "shop"}, {"tier": "web"}
    assert retargeted.selectors() == [narrow, narrow, wide, wide]


def test_two_services_of_both_groups_share_a_label_and_the_names() -> None:
    """The first one gives them; each Pod needs it once."""
    retargeted = Retargeted(shop() + service("one", BOTH) + service("two", BOTH))
    assert retargeted.changes.shared_label == "one"
    assert retargeted.names() == {"front": ["http"], "api": ["rest"]}
    label = {"podsplit.dev/service": "one"}
    assert [retargeted.selectors(name)[Stage.SWITCH] for name in ("one", "two")] == [label, label]


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        ("clusterIP: None", Refusal.HEADLESS_SERVICE),
        ("externalTrafficPolicy: Local", Refusal.LOCAL_TRAFFIC_POLICY),
        ("internalTrafficPolicy: Local", Refusal.LOCAL_TRAFFIC_POLICY),
        ("externalTrafficPolicy: Cluster", None),
    ],
)
def test_some_services_cannot_have_two_groups_behind_them(
    spec: str, refusal: Refusal | None
) -> None:
    """They count Pods or nodes rather than ports."""
    assert refusal_for(shop() + service(ports=BOTH, spec=spec)) is refusal
    if spec != "clusterIP: None":
        assert refusal_for(shop() + service(spec=spec)) is None


def test_ports_of_two_groups_are_declared() -> None:
    """A name belongs to a declaration."""
    api = "ports: [], args: ['--port=3000']"
    assert refusal_for(shop(api=api) + service(ports=BOTH)) is Refusal.UNDECLARED_PORT


def test_two_groups_do_not_name_a_port_alike() -> None:
    """A Service could not tell them apart."""
    front, api = (f"ports: [{{containerPort: {number}, name: web}}]" for number in (80, 3000))
    assert refusal_for(shop(front, api) + service(ports=BOTH)) is Refusal.PORT_NAME_CLASH


def test_two_containers_of_one_group_may_name_a_port_alike() -> None:
    """They go the same way."""
    helper = "name: helper, image: acme/helper, ports: [{containerPort: 81, name: web}]"
    front = "ports: [{containerPort: 80, name: web}]"
    roles = "front=main,api=unrelated,helper=sidecar"
    text = shop(front, others=[helper], roles=roles) + service(ports=BOTH)
    assert refusal_for(text) is None


@pytest.mark.parametrize(
    ("front", "refusal"),
    [
        ("{containerPort: 80}, {containerPort: 80, protocol: UDP}", Refusal.TWO_PROTOCOLS),
        ("{containerPort: 80}, {containerPort: 81, protocol: UDP}", None),
        ("{containerPort: 80, name: web}, {containerPort: 80, protocol: UDP, name: u}", None),
    ],
)
def test_a_number_under_two_protocols_needs_its_names(front: str, refusal: Refusal | None) -> None:
    """Client-side apply merges ports by number."""
    assert refusal_for(shop(f"ports: [{front}]") + service(ports=BOTH)) is refusal


# Where it stands


def test_ports_are_named_and_declared_where_containers_list_them() -> None:
    """In the text of the workload."""
    api = "args: ['--port=5000', '--metrics-port=5001'], ports: [{containerPort: 5000}]"
    ports = "{name: http, port: 80}, {name: rest, port: 5000}"
    text = shop(api=api) + service(ports=ports) + service("metrics", "{port: 5001}")
    retargeted = Retargeted(text)
    resource = retargeted.plan.candidate.resource
    steps = [
        Step(resource, operation)
        for container in retargeted.plan.candidate.workload.containers
        for operation in retargeted.changes.on(container)
    ]
    containers = data_after(resource, steps)["spec"]["template"]["spec"]["containers"]
    assert [container["ports"] for container in containers] == [
        [{"containerPort": 80, "name": "http"}],
        [{"containerPort": 5000, "name": "rest"}, {"containerPort": 5001}],
    ]


@pytest.mark.parametrize(
    "services",
    [
        service(ports=BOTH),
        service(ports="{port: 3000}"),
        service(ports="{port: 80}", selector="tier: web"),
        service(ports="{port: 3000}", selector="tier: web"),
        service(ports="{name: a, port: 80, targetPort: 80}, {name: b, port: 81, targetPort: 3000}"),
    ],
)
@pytest.mark.parametrize("others", [[], ["name: jobs, image: acme/jobs"]])
def test_a_service_in_a_list_is_retargeted_like_one_that_stands_alone(
    services: str, others: list[str]
) -> None:
    """Routes start at its document."""
    lines = "".join(f"  {line}\n" for line in services.splitlines()[1:]).replace("  a", "- a", 1)
    workload = shop(
        others=others,
        roles="front=main,api=unrelated,jobs=unrelated",
        template="labels: {app: shop, tier: web}",
        spec="selector: {matchLabels: {app: shop}}",
    )
    listed = Retargeted(f"{workload}---\napiVersion: v1\nkind: List\nitems:\n{lines}")
    alone = Retargeted(workload + services)
    assert listed.selectors() == alone.selectors()
    assert listed.targets() == alone.targets()


# Names of ports


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("a" * 15, "a" * 15),
        ("a" * 16, "a" * 15),
        ("a" * 14 + "-b", "a" * 14),
        ("-a-", "a"),
        ("a--b", "a-b"),
        ("A.b_c", "a-b-c"),
        ("8080", "api"),
        ("8080a", "8080a"),
        ("", "api"),
        ("http", "api"),
        ("api", "api"),
    ],
)
def test_a_port_is_named_by_the_services_word_for_it(word: str, name: str) -> None:
    """As an IANA service name: at most 15 of a-z, 0-9 and single dashes, with a letter."""
    ports = f"{{name: http, port: 80}}, {{name: '{word}', port: 3000}}"
    assert Retargeted(shop() + service(ports=ports)).names()["api"] == [name]


def test_names_that_are_taken_are_not_given_again() -> None:
    """The next best word is taken, at last one with the number."""
    taken = ["rest", "api", "api-3000", "p-3000"]
    for count in range(len(taken) + 1):
        listed = ", ".join(
            f"{{containerPort: {9000 + number}, name: {name}}}"
            for number, name in enumerate(taken[:count])
        )
        front = f"ports: [{{containerPort: 80}}, {listed}]"
        retargeted = Retargeted(shop(front) + service(ports=BOTH))
        expected = [*taken, "port-3000-x"][count]
        assert retargeted.names()["api"] == [expected]


def test_a_long_name_of_a_container_leaves_room_for_the_number() -> None:
    """Nine characters, a dash and five digits."""
    long = "apiapiapiapi"
    taken = f"{{containerPort: 9000, name: rest}}, {{containerPort: 9001, name: {long}}}"
    front = f"ports: [{{containerPort: 80}}, {taken}]"
    text = shop(front, "ports: [{containerPort: 30000}]") + service(
        ports="{name: http, port: 80}, {name: rest, port: 30000}"
    )
    text = re.sub(r"name: api,", f"name: {long},", text).replace("api=", f"{long}=")
    assert Retargeted(text).names()[long] == ["apiapiapi-30000"]
