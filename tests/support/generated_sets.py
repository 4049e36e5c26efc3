"""Hypothesis draws sets of manifests: workloads of every kind, with the objects around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from hypothesis import strategies as st

from tests.support.generated_pods import GeneratedContainer, GeneratedPod
from tests.support.generated_workloads import KINDS, WorkloadGenerator, build_object
from tests.support.objects import Data
from tests.support.pods import Container
from tests.support.rewritten import GroundTruth
from tests.support.styled_yaml import styles, write

_COMMON_KINDS = ("Deployment",) * 6 + ("Pod",) * 6 + ("StatefulSet",) * 2
_SCALABLE_KINDS = ("Deployment", "StatefulSet", "Rollout", "ReplicaSet")


@dataclass(frozen=True)
class Sample:
    """A set of manifests, and what is true of its containers."""

    files: dict[str, str]
    """Texts by path."""
    listening: dict[str, frozenset[tuple[int, str]]]
    """By image, what its program listens on."""
    loopback_images: frozenset[str]
    """The images whose programs listen on the loopback address only."""
    has_environments: bool
    """Whether each top folder is an environment of its own."""

    @property
    def truth(self) -> GroundTruth:
        """What is true of its containers."""
        return GroundTruth(self._ports_of, self._localhost_ports_of, self._environment_of)

    def _localhost_ports_of(self, container: Container) -> frozenset[tuple[int, str]]:
        return self.listening.get(str(container.data.get("image")), frozenset())

    def _ports_of(self, container: Container) -> frozenset[tuple[int, str]]:
        if container.data.get("image") in self.loopback_images:
            return frozenset()
        return self._localhost_ports_of(container)

    def _environment_of(self, path: str) -> str:
        return PurePosixPath(path).parts[0] if self.has_environments else ""


@st.composite
def sets(draw: st.DrawFn, kinds: tuple[str, ...] = (), extras: int = 12) -> Sample:
    """Sets of one or two products.

    Args:
        draw: Hypothesis's.
        kinds: the kinds of their workloads, any by default.
        extras: how often, in percent, there is a policy, a budget and so on.
    """
    generator = SetGenerator(draw, kinds, extras)
    names = draw(
        st.lists(
            st.sampled_from(["shop", "blog", "portal", "web-app", "db1"]),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    products = [generator.product(name) for name in names]
    if generator.chance(8):
        products[0].append(generator.similar_deployment(names[0]))
    files = generator.files(products)
    return Sample(
        files=files,
        listening=generator.listening,
        loopback_images=frozenset(generator.loopback_images),
        has_environments=any(path.startswith("staging/") for path in files),
    )


class SetGenerator(WorkloadGenerator):
    """Draws whole sets."""

    def __init__(self, draw: st.DrawFn, kinds: tuple[str, ...], extras: int) -> None:
        super().__init__(draw)
        self.kinds = kinds or (*_COMMON_KINDS, *KINDS)
        self.extra_percent = extras

    def product(self, name: str) -> list[Data]:
        """A workload and everything around it."""
        kind = self.pick(*self.kinds)
        labels = self.labels(name)
        pod = self.pod(
            name,
            labels,
            stateful=kind == "StatefulSet",
            runs_to_end=kind in ("Job", "CronJob"),
            bare=kind == "Pod",
        )
        namespace = self.pick(None, None, "shop", "team-a")
        others = [
            *pod.objects,
            *self.services(name, labels, pod),
            *self.extras(name, kind, labels=labels, pod=pod),
        ]
        if kind == "StatefulSet" and self.chance(40):
            spec = {"clusterIP": "None", "selector": dict(labels)}
            others.append(build_object("v1", "Service", name=f"{name}-pods", spec=spec))
        workloads = self.workloads(name, kind, labels=labels, pod=pod)
        objects = [*others, *workloads] if self.chance(30) else [*workloads, *others]
        if namespace is not None:
            for resource in objects:
                if not self.chance(2):
                    metadata = resource["metadata"]
                    first = {"name": metadata["name"], "namespace": namespace}
                    resource["metadata"] = first | metadata
        return objects

    # Services

    def services(self, name: str, labels: Data, pod: GeneratedPod) -> list[Data]:
        """Services for some of the ports that the containers listen on."""
        listened = [
            (container, number, protocol)
            for container in pod.containers
            for number, protocol in container.listens
        ]
        if not listened or not self.chance(70):
            return []
        found = []
        for service_name in self.pick_several([name, f"{name}-svc", f"{name}-metrics"], 2):
            chosen = self.pick_several(listened, 3)
            ports: dict[tuple[int, str], Data] = {}
            for container, number, protocol in chosen:
                port = self.service_port(container, number, protocol, many=len(chosen) > 1)
                ports.setdefault((port["port"], port.get("protocol", "TCP")), port)
            selector = dict(labels) if self.chance(80) else dict([next(iter(labels.items()))])
            spec: Data = {"selector": selector, "ports": list(ports.values())}
            match self.pick("", "", "", "", "NodePort", "LoadBalancer", "None", "Local"):
                case "None":
                    spec = {"clusterIP": "None", **spec}
                case "Local":
                    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", **spec}
                case "":
                    pass
                case service_type:
                    spec = {"type": service_type, **spec}
            metadata: Data = {"name": service_name}
            if self.chance(30):
                metadata["labels"] = dict(labels)
            found.append(
                {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
            )
        return found

    def service_port(
        self, container: GeneratedContainer, number: int, protocol: str, *, many: bool
    ) -> Data:
        """A port of a Service.

        Args:
            container: who listens.
            number: where.
            protocol: TCP or UDP.
            many: whether the Service has other ports, so that each needs a name.
        """
        port_name = container.port_name(number)
        outside = self.pick(number, number, number + 10000, 80)
        target: int | str | None = self.pick(number, number, port_name or number, None)
        if target is None and outside != number:
            target = number
        if protocol == "UDP":
            target = number
        port: Data = {"port": outside}
        if many or self.chance(30):
            name = f"{container.name[:8].strip('-')}-{number}{protocol[0].lower()}"
            port = {"name": name, **port}
        if target is not None:
            port["targetPort"] = target
        if protocol == "UDP" or self.chance(10):
            port["protocol"] = protocol
        return port

    # What covers Pods from outside

    def extras(self, name: str, kind: str, labels: Data, pod: GeneratedPod) -> list[Data]:
        """Policies, budgets, autoscalers and monitors."""
        found: list[Data] = []
        selector = {"matchLabels": dict(labels)}
        if self.chance(self.extra_percent):
            found.append(self.network_policy(name, labels, pod))
        if self.chance(self.extra_percent // 3):
            types = self.pick(["Ingress"], ["Ingress", "Egress"])
            spec: Data = {"podSelector": {}, "policyTypes": types}
            found.append(
                build_object(
                    "networking.k8s.io/v1", "NetworkPolicy", name=f"{name}-deny", spec=spec
                )
            )
        if self.chance(self.extra_percent):
            limit: Data = self.pick({"minAvailable": 1}, {"maxUnavailable": "50%"})
            spec = {"selector": selector, **limit}
            found.append(build_object("policy/v1", "PodDisruptionBudget", name=name, spec=spec))
        if kind in _SCALABLE_KINDS:
            found += self.autoscalers(name, kind, pod)
        port_names = [
            port_name
            for container in pod.containers
            for number, _ in container.listens
            if (port_name := container.port_name(number))
        ]
        if port_names and self.chance(self.extra_percent // 2):
            endpoints = [{"port": self.pick(*port_names)}]
            spec = {"selector": selector, "podMetricsEndpoints": endpoints}
            found.append(
                build_object("monitoring.coreos.com/v1", "PodMonitor", name=name, spec=spec)
            )
        return found

    def autoscalers(self, name: str, kind: str, pod: GeneratedPod) -> list[Data]:
        """Autoscalers of a workload: of its replicas, and of its containers' resources."""
        found: list[Data] = []
        target = {"apiVersion": KINDS[kind], "kind": kind, "name": name}
        if self.chance(self.extra_percent):
            spec: Data = {
                "scaleTargetRef": target,
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [self.metric(pod)],
            }
            found.append(
                build_object("autoscaling/v2", "HorizontalPodAutoscaler", name=name, spec=spec)
            )
        elif self.chance(self.extra_percent // 2):
            trigger = {"type": "cpu", "metadata": {"value": "60"}}
            spec = {
                "scaleTargetRef": {"name": name, "kind": kind, "apiVersion": KINDS[kind]},
                "triggers": [trigger],
            }
            found.append(build_object("keda.sh/v1alpha1", "ScaledObject", name=name, spec=spec))
        if self.chance(self.extra_percent // 2):
            policies = [
                {"containerName": container.name, "mode": "Off"} for container in pod.containers[:2]
            ]
            spec = {"targetRef": target, "resourcePolicy": {"containerPolicies": policies}}
            found.append(
                build_object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", name=name, spec=spec)
            )
        return found

    def network_policy(self, name: str, labels: Data, pod: GeneratedPod) -> Data:
        """A NetworkPolicy that selects the Pods of a product."""
        numbers = [number for container in pod.containers for number, _ in container.listens]
        ports = [{"port": self.pick(*numbers)}] if numbers and self.chance(60) else []
        peer = {"podSelector": {"matchLabels": self.pick(dict(labels), {"app": "gateway"})}}
        rule: Data = {"from": [peer]} | ({"ports": ports} if ports else {})
        spec: Data = {
            "podSelector": {"matchLabels": dict(labels)},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        }
        if self.chance(30):
            spec["policyTypes"] = ["Ingress", "Egress"]
            spec["egress"] = [{"to": [{"podSelector": {"matchLabels": {"app": "elsewhere"}}}]}]
        return build_object("networking.k8s.io/v1", "NetworkPolicy", name=name, spec=spec)

    def metric(self, pod: GeneratedPod) -> Data:
        """What a HorizontalPodAutoscaler scales by."""
        target = {"type": "Utilization", "averageUtilization": 70}
        if self.chance(60):
            return {"type": "Resource", "resource": {"name": "cpu", "target": target}}
        container = self.pick(*pod.containers).name
        return {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": container, "target": target},
        }

    # Files

    def files(self, products: list[list[Data]]) -> dict[str, str]:
        """The texts of the set, by path."""
        objects = [resource for product in products for resource in product]
        match self.pick("one", "one", "one", "products", "objects", "environments"):
            case "one":
                parts = {"set.yaml": objects}
            case "products":
                parts = {
                    f"{self.folder()}product-{number}.yaml": product
                    for number, product in enumerate(products)
                }
            case "objects":
                folder = self.folder()
                parts = {
                    f"{folder}{number:02}-{resource['kind'].lower()}.yaml": [resource]
                    for number, resource in enumerate(objects)
                }
            case _:
                parts = {
                    f"{environment}/set.yaml": objects for environment in ("staging", "production")
                }
        found = {}
        for number, (path, part) in enumerate(parts.items()):
            style = self.draw(styles())
            is_json = style.form == "list-json"
            found[path.replace(".yaml", ".json") if is_json else path] = write(part, style, number)
        return found

    def folder(self) -> str:
        """Where the files are."""
        return self.pick("", "k8s/", "deploy/base/")
