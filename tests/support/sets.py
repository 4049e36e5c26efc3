"""Hypothesis makes sets of manifests: workloads of every kind, with the Services, policies,
budgets and autoscalers around them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from hypothesis import strategies as st

from tests.support.cluster import Container, Data
from tests.support.making import Maker, Member, PodMade
from tests.support.programs import OWN
from tests.support.rewritten import Truth
from tests.support.writing import Alias, Anchored, plain, styles, written

KINDS: dict[str, str] = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "ReplicationController": "v1",
    "Pod": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1",
}
_OFTEN = ("Deployment",) * 6 + ("Pod",) * 6 + ("StatefulSet",) * 2
_ANNOTATIONS: tuple[Data, ...] = (
    {"prometheus.io/scrape": "true", "prometheus.io/port": "9121"},
    {"checksum/config": "abc123"},
    {"linkerd.io/inject": "enabled"},
    {"sidecar.istio.io/inject": "false", "team.example.com/note": "ask first"},
)
_SCALED = ("Deployment", "StatefulSet", "Rollout", "ReplicaSet")


@dataclass(frozen=True)
class Sample:
    """A set of manifests, and what is true of its containers."""

    files: dict[str, str]
    listening: dict[str, frozenset[tuple[int, str]]]
    """By image, what its program listens on."""
    private: frozenset[str]
    """The images whose programs are told to listen for their neighbours alone."""
    environments: bool
    """Whether each folder is an environment of its own."""

    @property
    def truth(self) -> Truth:
        """What is true of its containers."""
        return Truth(self._serves, self._listens, self.environment)

    def _listens(self, container: Container) -> frozenset[tuple[int, str]]:
        return self.listening.get(str(container.data.get("image")), frozenset())

    def _serves(self, container: Container) -> frozenset[tuple[int, str]]:
        return (
            frozenset() if container.data.get("image") in self.private else self._listens(container)
        )

    def environment(self, path: str) -> str:
        """The environment that a file belongs to."""
        return PurePosixPath(path).parts[0] if self.environments else ""


@st.composite
def sets(draw: st.DrawFn, kinds: tuple[str, ...] = (), extras: int = 12) -> Sample:
    """Sets of one or two products.

    Args:
        draw: Hypothesis's.
        kinds: the kinds of their workloads, any by default.
        extras: how often, in percent, there is a policy, a budget and so on.
    """
    maker = SetMaker(draw, kinds, extras)
    names = draw(
        st.lists(
            st.sampled_from(["shop", "blog", "portal", "web-app", "db1"]),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    products = [maker.product(name) for name in names]
    if maker.chance(8):
        products[0].append(maker.neighbour(names[0]))
    files = maker.files(products)
    return Sample(
        files,
        maker.listens,
        frozenset(maker.private),
        any(path.startswith("staging/") for path in files),
    )


class SetMaker(Maker):
    """Draws whole sets."""

    def __init__(self, draw: st.DrawFn, kinds: tuple[str, ...], extras: int) -> None:
        super().__init__(draw)
        self.kinds = kinds or (*_OFTEN, *KINDS)
        self.extra = extras

    def product(self, name: str) -> list[Data]:
        """A workload and everything around it."""
        kind = self.one(*self.kinds)
        labels = self.labels(name)
        made = self.pod(
            name,
            labels,
            stateful=kind == "StatefulSet",
            runs_to_end=kind in ("Job", "CronJob"),
            bare=kind == "Pod",
        )
        space = self.one(None, None, "shop", "team-a")
        around = [
            *made.objects,
            *self.services(name, labels, made),
            *self.extras(name, kind, labels, made),
        ]
        if kind == "StatefulSet" and self.chance(40):
            around.append(
                _object(
                    "v1", "Service", f"{name}-pods", {"clusterIP": "None", "selector": dict(labels)}
                )
            )
        workloads = self.workloads(name, kind, labels, made)
        objects = [*workloads, *around]
        if self.chance(30):
            objects = [*around, *workloads]
        if space is not None:
            for each in objects:
                if not self.chance(2):
                    each["metadata"] = {
                        "name": each["metadata"]["name"],
                        "namespace": space,
                        **each["metadata"],
                    }
        return objects

    def labels(self, name: str) -> Data:
        return self.one(
            {"app": name},
            {"app": name},
            {"app.kubernetes.io/name": name},
            {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "server"},
            {"app": name, "tier": "front"},
            {"k8s-app": name},
            {"team.example.com/app": name, "run": name},
        )

    # Workloads

    def workloads(self, name: str, kind: str, labels: Data, made: PodMade) -> list[Data]:
        own = {**labels, **({"version": "v1"} if self.chance(20) else {})}
        annotations = self.one(None, None, None, None, None, *_ANNOTATIONS)
        meta: Data = {"name": name}
        if self.chance(50) and kind != "Pod":
            meta["labels"] = dict(labels)
        if kind == "Pod":
            return self.pods(name, own, annotations, made)
        template: Data = {"metadata": {"labels": own}, "spec": made.spec}
        if annotations:
            template["metadata"]["annotations"] = annotations
        return [
            {
                "apiVersion": KINDS[kind],
                "kind": kind,
                "metadata": meta,
                "spec": self.spec(name, kind, labels, template, made),
            }
        ]

    def pods(self, name: str, labels: Data, annotations: Data | None, made: PodMade) -> list[Data]:
        """A bare Pod, now and then several that are alike."""
        bare = (
            {}
            if self.chance(8) and not any(each["kind"] == "Service" for each in made.objects)
            else {"labels": labels}
        )
        if annotations:
            bare["annotations"] = annotations
        if not self.chance(10):
            return [
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": name, **bare},
                    "spec": made.spec,
                }
            ]
        count, numbered, pinned = self.one(2, 3), self.chance(50), self.chance(15)
        found = []
        for number in range(count):
            own, spec = f"{name}-{number}", copy.deepcopy(made.spec)
            for volume in spec.get("volumes", ()) if numbered else ():
                if "persistentVolumeClaim" in volume:
                    volume["persistentVolumeClaim"]["claimName"] = f"{volume['name']}-{own}"
                    claim = {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1Gi"}},
                    }
                    found.append(
                        _object("v1", "PersistentVolumeClaim", f"{volume['name']}-{own}", claim)
                    )
            if pinned:
                spec["nodeName"] = f"node-{number}"
            found.append(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": own, **copy.deepcopy(bare)},
                    "spec": spec,
                }
            )
        return found

    def spec(self, name: str, kind: str, labels: Data, template: Data, made: PodMade) -> Data:
        if kind == "Job":
            return {"backoffLimit": 2, "template": template}
        if kind == "CronJob":
            return {
                "schedule": "*/5 * * * *",
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": {"template": template}},
            }
        spec: Data = {}
        if kind != "DaemonSet" and self.chance(70):
            spec["replicas"] = self.one(1, 1, 2, 3)
        if kind in ("ReplicationController", "DeploymentConfig"):
            spec["selector"] = dict(labels)
        elif self.chance(10):
            key, value = next(iter(labels.items()))
            spec["selector"] = {
                "matchLabels": dict(labels),
                "matchExpressions": [{"key": key, "operator": "In", "values": [value, "other"]}],
            }
        elif template["metadata"]["labels"] == labels and self.chance(8):
            spec["selector"] = {"matchLabels": Anchored("labels", dict(labels))}
            template["metadata"]["labels"] = Alias("labels", dict(labels))
        else:
            spec["selector"] = {"matchLabels": dict(labels)}
        if kind == "StatefulSet":
            spec["serviceName"] = f"{name}-pods"
        if kind in ("Deployment", "Rollout") and self.chance(15):
            spec["strategy"] = (
                {"rollingUpdate": {"maxSurge": 1}}
                if kind == "Deployment"
                else {"canary": {"maxSurge": 1}}
            )
        if kind == "Deployment" and self.chance(8):
            spec["strategy"] = {"type": "Recreate"}
        spec["template"] = template
        if made.claims:
            spec["volumeClaimTemplates"] = made.claims
        return spec

    def neighbour(self, name: str) -> Data:
        """Another workload that shares a label with the first."""
        labels = {"app": name, "tier": self.one("back", "batch")}
        member = self.member(self.one(*OWN), set())
        template = {"metadata": {"labels": labels}, "spec": {"containers": [member.data]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"{name}-back"},
            "spec": spec,
        }

    # Services

    def services(self, name: str, labels: Data, made: PodMade) -> list[Data]:
        found = []
        served = [
            (member, number, protocol)
            for member in made.members
            for number, protocol in member.listens
        ]
        for each in (
            self.some([name, f"{name}-svc", f"{name}-metrics"], 2)
            if served and self.chance(70)
            else ()
        ):
            chosen = self.some(served, 3)
            ports = [
                self.service_port(member, number, protocol, many=len(chosen) > 1)
                for member, number, protocol in chosen
            ]
            taken: set[tuple[int, str]] = set()
            kept = []
            for port in ports:
                key = (port["port"], port.get("protocol", "TCP"))
                if key not in taken:
                    taken.add(key)
                    kept.append(port)
            selector = dict(labels) if self.chance(80) else dict([next(iter(labels.items()))])
            spec: Data = {"selector": selector, "ports": kept}
            match self.one("", "", "", "", "NodePort", "LoadBalancer", "None", "Local"):
                case "None":
                    spec = {"clusterIP": "None", **spec}
                case "Local":
                    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", **spec}
                case "":
                    pass
                case kind:
                    spec = {"type": kind, **spec}
            meta: Data = {"name": each} | ({"labels": dict(labels)} if self.chance(30) else {})
            found.append({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
        return found

    def service_port(self, member: Member, number: int, protocol: str, *, many: bool) -> Data:
        name = member.port_name(number)
        outside = self.one(number, number, number + 10000, 80)
        target: int | str | None = self.one(number, number, name or number, None)
        if target is None and outside != number:
            target = number
        if protocol == "UDP":
            target = number
        port: Data = {"port": outside}
        if many or self.chance(30):
            port = {"name": f"{member.name[:8].strip('-')}-{number}{protocol[0].lower()}", **port}
        if target is not None:
            port["targetPort"] = target
        if protocol == "UDP" or self.chance(10):
            port["protocol"] = protocol
        return port

    # What covers Pods from outside

    def extras(self, name: str, kind: str, labels: Data, made: PodMade) -> list[Data]:
        found: list[Data] = []
        selector = {"matchLabels": dict(labels)}
        target = {"apiVersion": KINDS[kind], "kind": kind, "name": name}
        if self.chance(self.extra):
            found.append(self.policy(name, labels, made))
        if self.chance(self.extra // 3):
            spec: Data = {
                "podSelector": {},
                "policyTypes": self.one(["Ingress"], ["Ingress", "Egress"]),
            }
            found.append(_object("networking.k8s.io/v1", "NetworkPolicy", f"{name}-deny", spec))
        if self.chance(self.extra):
            spec = {
                "selector": selector,
                **self.one({"minAvailable": 1}, {"maxUnavailable": "50%"}),
            }
            found.append(_object("policy/v1", "PodDisruptionBudget", name, spec))
        if kind in _SCALED and self.chance(self.extra):
            spec = {
                "scaleTargetRef": target,
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [self.metric(made)],
            }
            found.append(_object("autoscaling/v2", "HorizontalPodAutoscaler", name, spec))
        elif kind in _SCALED and self.chance(self.extra // 2):
            trigger = {"type": "cpu", "metadata": {"value": "60"}}
            spec = {
                "scaleTargetRef": {"name": name, "kind": kind, "apiVersion": KINDS[kind]},
                "triggers": [trigger],
            }
            found.append(_object("keda.sh/v1alpha1", "ScaledObject", name, spec))
        if kind in _SCALED and self.chance(self.extra // 2):
            policies = [
                {"containerName": member.name, "mode": "Off"} for member in made.members[:2]
            ]
            spec = {"targetRef": target, "resourcePolicy": {"containerPolicies": policies}}
            found.append(_object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", name, spec))
        named = [
            port
            for member in made.members
            for number, _ in member.listens
            if (port := member.port_name(number))
        ]
        if named and self.chance(self.extra // 2):
            spec = {"selector": selector, "podMetricsEndpoints": [{"port": self.one(*named)}]}
            found.append(_object("monitoring.coreos.com/v1", "PodMonitor", name, spec))
        return found

    def policy(self, name: str, labels: Data, made: PodMade) -> Data:
        listened = [number for member in made.members for number, _ in member.listens]
        ports = [{"port": self.one(*listened)}] if listened and self.chance(60) else []
        peer = {"podSelector": {"matchLabels": self.one(dict(labels), {"app": "gateway"})}}
        rule: Data = {"from": [peer]} | ({"ports": ports} if ports else {})
        spec: Data = {
            "podSelector": {"matchLabels": dict(labels)},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        }
        if self.chance(30):
            spec["policyTypes"] = ["Ingress", "Egress"]
            spec["egress"] = [{"to": [{"podSelector": {"matchLabels": {"app": "elsewhere"}}}]}]
        return _object("networking.k8s.io/v1", "NetworkPolicy", name, spec)

    def metric(self, made: PodMade) -> Data:
        aim = {"type": "Utilization", "averageUtilization": 70}
        if self.chance(60):
            return {"type": "Resource", "resource": {"name": "cpu", "target": aim}}
        container = self.one(*made.members).name
        return {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": container, "target": aim},
        }

    # Files

    def files(self, products: list[list[Data]]) -> dict[str, str]:
        match self.one("one", "one", "one", "products", "objects", "environments"):
            case "one":
                parts = {"set.yaml": [each for product in products for each in product]}
            case "products":
                parts = {
                    f"{self.folder()}product-{number}.yaml": product
                    for number, product in enumerate(products)
                }
            case "objects":
                every = [each for product in products for each in product]
                folder = self.folder()
                parts = {
                    f"{folder}{number:02}-{each['kind'].lower()}.yaml": [each]
                    for number, each in enumerate(every)
                }
            case _:
                every = [each for product in products for each in product]
                parts = {
                    f"{environment}/set.yaml": every for environment in ("staging", "production")
                }
        found = {}
        for number, (path, objects) in enumerate(parts.items()):
            style = self.draw(styles())
            found[path.replace(".yaml", ".json") if style.form == "list-json" else path] = written(
                objects, style, number
            )
        return found

    def folder(self) -> str:
        return self.one("", "k8s/", "deploy/base/")


def _object(api_version: str, kind: str, name: str, spec: Any) -> Data:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": plain(spec),
    }
