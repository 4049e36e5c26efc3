"""The signal that sees containers which somebody outside the Pod calls."""

from __future__ import annotations

import pytest

from service.classification.context import PodContext
from service.classification.observation import Claim
from service.classification.signals.own_service import observe, receiving_container
from tests.support.classifying import Seen, context_of, seen, service, text_at, workload

SPEC = """
containers:
- {name: web, image: shop/web, ports: [{name: http, containerPort: 8080}]}
- {name: api, image: shop/api, ports: [{containerPort: 3000}]}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: shop}}
spec: {{defaultBackend: {{service: {{name: shop, port: {{{port}}}}}}}}}
"""


def called(context: PodContext) -> list[Seen]:
    """What is seen of the containers that are called from outside, the heads aside."""
    return [item for item in seen(observe, context) if item[1] is not Claim.HEAD]


def shop(ports: str, *others: str, name: str = "shop", spec: str = SPEC) -> PodContext:
    """A workload behind a Service with some ports."""
    return context_of(workload(spec), service(name, ports), *others)


@pytest.mark.parametrize(
    ("ports", "container"),
    [
        ("[{port: 3000}]", "api"),
        ("[{port: 1}, {port: 3000}]", "api"),
        ("[{port: 80, targetPort: 8080}]", "web"),
        ("[{port: 80, targetPort: http}]", "web"),
    ],
)
def test_a_port_that_leads_to_a_container_makes_it_an_application(
    ports: str, container: str
) -> None:
    """By number or by name."""
    assert called(shop(ports)) == [("own-service.port", Claim.APPLICATION, container, None)]


def test_the_message_names_the_service_and_its_port() -> None:
    """And the place is the Service's port."""
    observation = next(observe(shop("[{port: 80, targetPort: 8080}]")))
    assert observation.message == (
        "port 80 of Service shop leads to it: it is called from outside the Pod"
    )
    assert text_at(observation.place) == "{port: 80, targetPort: 8080}"


@pytest.mark.parametrize("port", ["number: 80", "name: public"])
def test_a_port_that_an_ingress_leads_to_says_more(port: str) -> None:
    """By number or by name."""
    context = shop("[{name: public, port: 80, targetPort: 8080}]", INGRESS.format(port=port))
    assert called(context) == [("own-service.routed", Claim.APPLICATION, "web", None)]
    observation = next(observe(context))
    assert observation.message == (
        "port 80 of Service shop leads to it, and an Ingress or route leads to it: it is called"
        " from outside the Pod"
    )


@pytest.mark.parametrize("port", ["number: 81", "name: other"])
def test_an_ingress_to_another_port_says_no_more(port: str) -> None:
    """It leads somewhere else."""
    context = shop("[{name: public, port: 80, targetPort: 8080}]", INGRESS.format(port=port))
    assert called(context) == [("own-service.port", Claim.APPLICATION, "web", None)]


def test_one_of_several_services_that_is_named_for_the_container_says_more() -> None:
    """A Service of its own name was made for it; an Ingress says more still."""
    context = context_of(
        workload(SPEC),
        service("shop-web", "[{port: 8080}]"),
        service("shop", "[{port: 3000}]"),
    )
    assert called(context) == [
        ("own-service.named", Claim.APPLICATION, "web", None),
        ("own-service.port", Claim.APPLICATION, "api", None),
    ]


def test_the_only_service_is_named_for_the_workload() -> None:
    """Its name says nothing of one container."""
    assert called(shop("[{port: 8080}]", name="shop-web")) == [
        ("own-service.port", Claim.APPLICATION, "web", None)
    ]


def test_a_routed_port_of_a_service_of_its_name_is_routed() -> None:
    """The stronger of the two is told."""
    context = context_of(
        workload(SPEC.replace("web", "shop")),
        service("shop", "[{port: 8080}]"),
        service("other", "[{port: 3000}]"),
        INGRESS.format(port="number: 8080"),
    )
    assert called(context)[0] == ("own-service.routed", Claim.APPLICATION, "shop", None)


def test_each_container_is_told_once() -> None:
    """With the first port that leads there."""
    context = shop("[{name: a, port: 8080}, {name: b, port: 81, targetPort: 8080}, {port: 3000}]")
    assert called(context) == [
        ("own-service.port", Claim.APPLICATION, "web", None),
        ("own-service.port", Claim.APPLICATION, "api", None),
    ]
    assert text_at(next(observe(context)).place) == "{name: a, port: 8080}"


@pytest.mark.parametrize(
    "ports",
    [
        "[{name: metrics, port: 8080}]",
        "[{port: 80, targetPort: 9113}]",
        "[{port: 80, targetPort: stats}]",
        "[{port: 9999}]",
        "[]",
    ],
)
def test_ports_for_metrics_and_ports_of_nobody_say_nothing(ports: str) -> None:
    """By the name of the Service's port, by that of the container's, or by number."""
    spec = """
    containers:
    - name: web
      image: shop/web
      ports: [{containerPort: 8080}, {name: stats, containerPort: 7000}]
    - {name: api, image: shop/api, args: ['--port=3000']}
    """
    assert called(shop(ports, spec=spec)) == []


def test_the_ports_behind_one_for_metrics_are_looked_at() -> None:
    """It is skipped, and not the rest of the Service."""
    assert called(shop("[{name: metrics, port: 8080}, {name: x, port: 3000}]")) == [
        ("own-service.port", Claim.APPLICATION, "api", None)
    ]


def test_a_metrics_port_is_none_by_the_number_that_the_container_declares() -> None:
    """Whatever the Service calls it outside; one that is published as a web server's aside."""
    spec = """
    containers:
    - {name: web, image: shop/web, ports: [{name: x, containerPort: 9113}]}
    - {name: api, image: shop/api}
    """
    assert called(shop("[{port: 7000, targetPort: 9113}]", spec=spec)) == []
    assert called(shop("[{port: 9113, targetPort: x}]", spec=spec)) == []
    assert called(shop("[{port: 80, targetPort: 9113}]", spec=spec)) == [
        ("own-service.port", Claim.APPLICATION, "web", None)
    ]


def test_a_service_of_other_pods_says_nothing() -> None:
    """Its selector asks for other labels."""
    context = context_of(workload(SPEC), service(ports="[{port: 8080}]", selector="{app: other}"))
    assert called(context) == []


LISTENERS = """
containers:
- {name: web, image: shop/web, env: [{name: PORT, value: '8080'}]}
- {name: api, image: shop/api, env: [{name: PORT, value: '8080'}]}
"""
UNDECLARED = """
containers:
- {name: web, image: shop/web}
- {name: api, image: shop/api}
"""


@pytest.mark.parametrize("spec", [LISTENERS, UNDECLARED])
def test_an_undeclared_port_is_meant_for_whom_it_is_named(spec: str) -> None:
    """Of several that listen there, or of all where nobody is known to: by the Service's name or
    the port's.
    """
    context = shop("[{port: 8080}]", name="api", spec=spec)
    assert called(context) == [("own-service.port", Claim.APPLICATION, "api", None)]
    context = shop("[{name: web, port: 8080}]", spec=spec)
    assert called(context) == [("own-service.port", Claim.APPLICATION, "web", None)]


@pytest.mark.parametrize("spec", [LISTENERS, UNDECLARED])
def test_an_undeclared_port_of_no_name_or_of_two_is_meant_for_nobody(spec: str) -> None:
    """It can't be told which of them."""
    assert called(shop("[{port: 8080}]", spec=spec)) == []
    assert called(shop("[{name: web, port: 8080}]", name="api", spec=spec)) == []


def test_a_declared_port_is_meant_for_who_declares_it() -> None:
    """Whatever the Service is called."""
    spec = """
    containers:
    - {name: web, image: shop/web, ports: [{containerPort: 8080}]}
    - {name: api, image: shop/api, ports: [{containerPort: 8080}]}
    """
    context = shop("[{port: 8080}]", name="api", spec=spec)
    assert called(context) == [("own-service.port", Claim.APPLICATION, "web", None)]


def test_a_name_counts_only_among_those_that_listen_there() -> None:
    """One listener alone is reached, whoever else the Service is named for."""
    spec = """
    containers:
    - {name: web, image: shop/web, env: [{name: PORT, value: '8080'}]}
    - {name: api, image: shop/api}
    """
    context = shop("[{port: 8080}]", name="api", spec=spec)
    assert called(context) == [("own-service.port", Claim.APPLICATION, "web", None)]


def test_the_receiver_is_who_listens_and_not_who_declares() -> None:
    """`podman kube generate` writes every port to the first container."""
    context = shop(
        "[{port: 8080}]",
        spec="""
        containers:
        - {name: web, image: shop/web, ports: [{containerPort: 8080}]}
        - {name: api, image: shop/api, env: [{name: PORT, value: '8080'}]}
        """,
    )
    [link] = context.services
    receiver = receiving_container(context, link.ports[0])
    assert receiver is not None
    assert receiver.name == "api"


def test_the_receiver_is_who_declares_where_several_may_listen() -> None:
    """As Kubernetes resolves the port."""
    context = shop(
        "[{port: 8080}]",
        spec="""
        containers:
        - {name: web, image: shop/web, ports: [{containerPort: 8080}]}
        - {name: api, image: shop/api, ports: [{containerPort: 8080}]}
        """,
    )
    [link] = context.services
    receiver = receiving_container(context, link.ports[0])
    assert receiver is not None
    assert receiver.name == "web"


def test_the_only_container_that_is_called_is_what_the_workload_is_for() -> None:
    """Several are not."""
    (head,) = [item for item in observe(shop("[{port: 3000}]")) if item.claim is Claim.HEAD]
    assert (head.case, head.subject.name) == ("own-service.only", "api")
    both = observe(shop("[{name: a, port: 8080}, {name: b, port: 3000}]"))
    assert not [item for item in both if item.claim is Claim.HEAD]
