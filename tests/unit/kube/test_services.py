"""Services: whom they select, what their ports reach, and who leads to them."""

from __future__ import annotations

import pytest

from service.kube.services import (
    is_service,
    resolve_ports,
    routed_backends,
    routings_to,
    service_selector,
    services_of,
    services_selecting,
)
from tests.support.manifests import manifests_of, named, resource_of, workload_named, workload_of

POD = """---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web, tier: front}}
spec:
  initContainers:
  - {name: proxy, restartPolicy: Always, ports: [{containerPort: 8080, name: http}]}
  - {name: prepare, ports: [{containerPort: 90, name: init}]}
  containers:
  - name: front
    ports: [{containerPort: 80, name: http}, {containerPort: 53, name: dns, protocol: UDP}]
  - {name: back, ports: [{containerPort: 80, name: twice}, {containerPort: 81}]}
"""


def service(spec: str, name: str = "web", api_version: str = "v1") -> str:
    return (
        f"---\napiVersion: {api_version}\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{selector: {app: web, v: 1}}", {"app": "web", "v": "1"}),
        ("{}", {}),
        ("{type: ClusterIP, selector: {app: web}}", {"app": "web"}),
        ("{type: ExternalName, selector: {app: web}}", {}),
    ],
)
def test_the_selector_of_a_service(spec: str, expected: dict[str, str]) -> None:
    """An external name has none that counts."""
    assert service_selector(resource_of(service(spec))) == expected


def test_only_core_services_are_services() -> None:
    """Knative's have a group of their own."""
    assert is_service(resource_of(service("{}")))
    assert not is_service(resource_of(service("{}", api_version="serving.knative.dev/v1")))
    assert not is_service(resource_of(POD))


PORTS = [
    ("{port: 80}", (80, "TCP", 80), ("front", "http")),
    ("{port: 9, targetPort: 80}", (9, "TCP", 80), ("front", "http")),
    ("{port: 9, targetPort: '81'}", (9, "TCP", 81), ("back", "")),
    ("{port: 9, targetPort: http}", (9, "TCP", "http"), ("front", "http")),
    ("{port: 9, targetPort: twice}", (9, "TCP", "twice"), ("back", "twice")),
    ("{port: 9, targetPort: 8080}", (9, "TCP", 8080), ("proxy", "http")),
    ("{port: 53, protocol: UDP}", (53, "UDP", 53), ("front", "dns")),
    # What nobody declares is reached by its number; init containers are not reached.
    ("{port: 53}", (53, "TCP", 53), None),
    ("{port: 9, targetPort: dns}", (9, "TCP", "dns"), None),
    ("{port: 9, targetPort: 90}", (9, "TCP", 90), None),
    ("{port: 9, targetPort: init}", (9, "TCP", "init"), None),
    ("{port: 9, targetPort: 0}", (9, "TCP", "0"), None),
]


@pytest.mark.parametrize(("port", "read", "reached"), PORTS)
def test_what_a_port_reaches(
    port: str, read: tuple[int, str, int | str], reached: tuple[str, str] | None
) -> None:
    """The first container that declares the target with the protocol, sidecars last."""
    (found,) = resolve_ports(resource_of(service(f"{{ports: [{port}]}}")), workload_of(POD))
    assert (found.number, found.protocol, found.target) == read
    assert (found.container and found.container.name) == (reached and reached[0])
    assert (found.declared and found.declared.name) == (reached and reached[1])


def test_ports_keep_their_indices() -> None:
    """Those without a number are left out."""
    text = service("{ports: [{name: a, port: 80}, {name: b}, x, {name: c, port: '81'}]}")
    ports = resolve_ports(resource_of(text), workload_of(POD))
    assert [(port.index, port.name, port.number) for port in ports] == [(0, "a", 80), (3, "c", 81)]


SELECTING = [
    service("{selector: {app: web}}", "by-app"),
    service("{selector: {app: web, tier: front}}", "by-both"),
    service("{selector: {app: api}}", "other"),
    service("{selector: {app: web, tier: back}}", "half"),
    # Found by its rarest label, which the Pods have, and yet not theirs.
    service("{selector: {tier: front, zone: a}}", "zone"),
    service("{selector: {zone: a}}", "zone-a"),
    service("{selector: {zone: a, app: api}}", "zone-api"),
    service("{selector: {}}", "empty"),
    service("{}", "without"),
    service("{type: ExternalName, selector: {app: web}}", "external"),
    service("{selector: {app: web}}", "knative", "serving.knative.dev/v1"),
]


def test_services_that_select_labels() -> None:
    """All of their labels are there; those without a selector select nothing."""
    manifests = manifests_of("".join(SELECTING))
    found = services_selecting({"app": "web", "tier": "front"}, manifests)
    assert sorted(resource.name for resource in found) == ["by-app", "by-both"]
    assert services_selecting({}, manifests) == []


def test_services_of_a_workload_are_those_that_it_sees() -> None:
    """By path, then in the order of the input; of several of one name the nearest."""
    selector = "{selector: {app: web}, ports: [{port: 80}]}"
    manifests = manifests_of(
        {
            "b/pod.yaml": POD + service(selector, "z") + service(selector, "a"),
            "a/far.yaml": service(selector, "first") + service(selector, "z"),
            "c/namespaced.yaml": service(selector, "gone").replace("gone}", "gone, namespace: x}"),
        }
    )
    pod = workload_named(manifests, "Pod/web")
    links = services_of(pod, manifests)
    assert [(link.service.path, link.service.name) for link in links] == [
        ("a/far.yaml", "first"),
        ("b/pod.yaml", "z"),
        ("b/pod.yaml", "a"),
        ("c/namespaced.yaml", "gone"),
    ]
    assert all(link.ports == resolve_ports(link.service, pod) for link in links)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("{clusterIP: None}", True), ("{clusterIP: 10.0.0.1}", False), ("{}", False)],
)
def test_a_headless_service_has_no_address(spec: str, expected: bool) -> None:
    """The word None says so."""
    text = service(spec.replace("{", "{selector: {app: web}, ", 1).replace(", }", "}"))
    manifests = manifests_of(POD + text)
    (link,) = services_of(workload_named(manifests, "Pod/web"), manifests)
    assert link.headless is expected
    assert link.service is named(manifests, "Service/web")


ROUTES = """---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: new}
spec:
  defaultBackend: {service: {name: default, port: {number: 80}}}
  rules:
  - http: {paths: [{backend: {service: {name: web, port: {name: http}}}}]}
  - http: {paths: [{backend: {service: {name: web, port: {number: 81}}}}]}
  - http: {paths: [{backend: {resource: {}}}]}
  - {host: example.com}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old}
spec:
  backend: {serviceName: legacy, servicePort: 80}
  rules:
  - http: {paths: [{backend: {serviceName: legacy, servicePort: http}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: http}
spec: {rules: [{backendRefs: [{name: api, port: 80}, {name: api}]}, {backendRefs: [{port: 1}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: grpc}
spec: {rules: [{backendRefs: [{name: rpc, port: 90}]}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: tcp}
spec: {rules: [{backendRefs: [{name: db, port: 5432}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: OtherRoute
metadata: {name: other}
spec: {rules: [{backendRefs: [{name: other, port: 1}]}]}
"""


def test_what_ingresses_and_routes_lead_to() -> None:
    """Services by name, with the number or name of a port if it is said."""
    assert routed_backends(manifests_of(ROUTES)) == {
        ("default", 80),
        ("web", "http"),
        ("web", 81),
        ("legacy", 80),
        ("legacy", "http"),
        ("api", 80),
        ("api", ""),
        ("rpc", 90),
        ("db", 5432),
    }
    assert routed_backends(manifests_of(POD)) == frozenset()


def test_who_leads_to_a_service() -> None:
    """Ingresses and routes that can see it, each by the path that it is for."""
    routes = """---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: near}
spec:
  rules:
  - http:
      paths:
      - {path: /a, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /b, backend: {service: {name: other, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: elsewhere, namespace: far}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: near}
spec:
  rules:
  - {matches: [{path: {value: /c}}, {path: {value: /d}}], backendRefs: [{name: web, port: 81}]}
"""
    web = service("{selector: {app: web}}").replace("name: web}", "name: web, namespace: near}")
    manifests = manifests_of(web + routes)
    (near,) = manifests.of_kind("Service")
    found = routings_to(near, manifests)

    assert [(item.resource.title, item.path, item.backend) for item in found] == [
        ("Ingress/shop", "/a", ("web", 80)),
        ("HTTPRoute/route", "/c", ("web", 81)),
    ]
