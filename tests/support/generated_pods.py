"""Hypothesis draws pod specs: containers of known and unknown programs, some of which use each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from tests.support.objects import Data
from tests.support.programs import HELPERS, IN_HOUSE, SERVERS, Program

T = TypeVar("T")

_REFERENCES = (
    *("url", "url", "url", "address", "address", "host and port", "host and port"),
    *("argument", "argument", "config map key", "config map", "probe"),
)
"""How a container gets the address of another one; likely ways are listed several times."""


@dataclass
class GeneratedContainer:
    """A container while it is generated."""

    program: Program
    data: Data
    listens: list[tuple[int, str]]
    """The ports that its program listens on: numbers and protocols."""

    @property
    def name(self) -> str:
        return str(self.data["name"])

    def port_name(self, number: int) -> str | None:
        """The name that it declares for a port."""
        return next(
            (
                port.get("name")
                for port in self.data.get("ports", ())
                if port["containerPort"] == number
            ),
            None,
        )


@dataclass
class GeneratedPod:
    """A pod spec while it is generated, with the objects that it refers to."""

    containers: list[GeneratedContainer]
    spec: Data = field(default_factory=dict)
    volumes: list[Data] = field(default_factory=list)
    objects: list[Data] = field(default_factory=list)
    """ConfigMaps and claims."""
    claim_templates: list[Data] = field(default_factory=list)
    """For a StatefulSet."""


class PodGenerator:
    """Draws pod specs.

    Each image gets a tag of its own, so that a container is known by its image.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0
        self.listening: dict[str, frozenset[tuple[int, str]]] = {}
        """By image, what its program listens on."""
        self.loopback_images: set[str] = set()
        """Images whose programs listen on the loopback address only."""

    def pick(self, *choices: T) -> T:
        """One of some values."""
        return self.draw(st.sampled_from(choices))

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 draws."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def pick_several(self, values: Sequence[T], most: int) -> list[T]:
        """Between one and `most` of some values."""
        return (
            self.draw(st.lists(st.sampled_from(values), min_size=1, max_size=most, unique_by=str))
            if values
            else []
        )

    # Containers

    def container(self, program: Program, taken: set[str]) -> GeneratedContainer:
        """A container that runs a program, under a name that is not taken."""
        self.count += 1
        name = next(
            (name for name in self.draw(st.permutations(program.names)) if name not in taken),
            f"c{self.count}",
        )
        registry = self.pick("", "", "docker.io/library/") if "/" not in program.image else ""
        image = f"{registry}{program.image}:1.{self.count}"
        data: Data = {"name": name, "image": image}
        listens = [(number, "TCP") for _, number in program.listens]
        declared = [self.port(name, number) for name, number in program.listens if self.chance(80)]
        if declared and self.chance(6):
            listens.append((declared[0]["containerPort"], "UDP"))
            declared.append({"containerPort": declared[0]["containerPort"], "protocol": "UDP"})
        if declared:
            data["ports"] = declared
        data |= self.container_fields()
        if listens and self.chance(25):
            data[self.pick("readinessProbe", "livenessProbe")] = self.probe(listens[0][0])
        if program.loopback_only:
            data["args"] = ["--address=127.0.0.1", f"--port={listens[0][0]}"]
            self.loopback_images.add(image)
        self.listening[image] = frozenset(listens)
        return GeneratedContainer(program, data, listens)

    def container_fields(self) -> Data:
        """Fields that say nothing about other containers."""
        data: Data = {}
        if self.chance(20):
            data["resources"] = {
                "requests": {"cpu": "50m", "memory": "64Mi"},
                "limits": {"memory": "128Mi"},
            }
        if self.chance(10):
            data["securityContext"] = {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
            }
        if self.chance(30):
            level = self.pick("info", "true", "2024-01-01", "it's: # odd")
            data["env"] = [{"name": "LOG_LEVEL", "value": level}]
        return data

    def port(self, name: str, number: int) -> Data:
        """A declared port."""
        data: Data = {"containerPort": number}
        if name and self.chance(45):
            data = {"name": name, **data} if self.chance(50) else {**data, "name": name}
        if self.chance(15):
            data["protocol"] = "TCP"
        return data

    def probe(self, number: int) -> Data:
        """A probe of a port."""
        return self.pick(
            {"tcpSocket": {"port": number}},
            {"httpGet": {"path": "/healthz", "port": number}, "periodSeconds": 5},
        )

    def containers(self) -> list[GeneratedContainer]:
        """One to four containers; no two listen on one port."""
        wanted = self.pick(1, 2, 2, 2, 2, 3, 3, 4)
        found: list[GeneratedContainer] = []
        for _ in range(wanted):
            program = self.pick(*self.pick(SERVERS, SERVERS, SERVERS, IN_HOUSE, HELPERS))
            used = {number for container in found for number, _ in container.listens}
            if not used & {number for _, number in program.listens} and program not in [
                container.program for container in found
            ]:
                found.append(self.container(program, {container.name for container in found}))
        return found or [self.container(SERVERS[0], set())]

    # A Pod

    def pod(
        self, name: str, labels: Data, *, stateful: bool, runs_to_end: bool, bare: bool
    ) -> GeneratedPod:
        """A Pod of one to four containers.

        Args:
            name: the name of the workload.
            labels: the labels of its Pods.
            stateful: whether it is a StatefulSet's.
            runs_to_end: whether it is a Job's.
            bare: whether it has no controller.
        """
        pod = GeneratedPod(self.containers())
        self.add_references(pod, name)
        for container in pod.containers:
            self.add_volumes(pod, container, name, stateful=stateful)
        if len(pod.containers) > 1 and self.chance(20):
            pod.volumes.append({"name": "shared", "emptyDir": {}})
            for container, path in zip(pod.containers, ("/out", "/in"), strict=False):
                container.data.setdefault("volumeMounts", []).append(
                    {"name": "shared", "mountPath": path}
                )
        init_containers = self.init_containers(pod)
        pod.spec |= self.pod_fields(labels, runs_to_end=runs_to_end, bare=bare)
        if init_containers and self.chance(50):
            pod.spec["initContainers"] = init_containers
        pod.spec["containers"] = [container.data for container in pod.containers]
        if init_containers and "initContainers" not in pod.spec:
            pod.spec["initContainers"] = init_containers
        if pod.volumes:
            pod.spec["volumes"] = pod.volumes
        return pod

    def init_containers(self, pod: GeneratedPod) -> list[Data]:
        """Init containers, native sidecars among them."""
        found: list[Data] = []
        if self.chance(20):
            self.count += 1
            data: Data = {
                "name": self.pick("init", f"init-{pod.containers[-1].name}", "wait"),
                "image": f"busybox:1.{self.count}",
            }
            script = self.pick("echo ready", "until nc -z elsewhere 80; do sleep 1; done")
            data["command"] = ["sh", "-c", script]
            writable = [volume["name"] for volume in pod.volumes if "emptyDir" in volume]
            if writable and self.chance(60):
                data["volumeMounts"] = [{"name": writable[0], "mountPath": "/prepared"}]
            found.append(data)
        if self.chance(10):
            used = {number for container in pod.containers for number, _ in container.listens}
            free = [
                program
                for program in HELPERS[:4]
                if not used & {number for _, number in program.listens}
            ]
            taken = {container.name for container in pod.containers}
            taken |= {str(data["name"]) for data in found}
            sidecar = self.container(self.pick(*free), taken)
            found.append({**sidecar.data, "restartPolicy": "Always"})
        return found

    def add_volumes(
        self, pod: GeneratedPod, container: GeneratedContainer, name: str, *, stateful: bool
    ) -> None:
        """Give a container volumes for its data, its configuration and so on."""
        mounts: list[Data] = []
        if container.program.data and self.chance(45):
            volume = f"{container.name}-data"
            if stateful and self.chance(70):
                pod.claim_templates.append({"metadata": {"name": volume}, "spec": _claim_spec()})
            elif self.chance(75):
                mode = self.pick("ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany")
                claim = f"{name}-{volume}"
                pod.volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": claim}})
                pod.objects.append(claim_object(claim, mode))
            else:
                host_path: Data = {"hostPath": {"path": f"/srv/{name}"}}
                source = self.pick({"emptyDir": {}}, host_path)
                pod.volumes.append({"name": volume, **source})
            mounts.append({"name": volume, "mountPath": container.program.data})
        if self.chance(15):
            volume, config_map = f"{container.name}-config", f"{name}-{container.name}"
            pod.volumes.append({"name": volume, "configMap": {"name": config_map}})
            mounts.append({"name": volume, "mountPath": f"/etc/{container.name}", "readOnly": True})
            text = "# Read at start.\nmode = plain\n"
            pod.objects.append(_config_map(config_map, {"app.conf": text}))
        if self.chance(8):
            volume = f"{container.name}-keys"
            pod.volumes.append({"name": volume, "secret": {"secretName": "keys"}})
            mounts.append({"name": volume, "mountPath": "/keys", "readOnly": True})
        if self.chance(8):
            volume = f"{container.name}-tmp"
            pod.volumes.append({"name": volume, "emptyDir": self.pick({}, {"medium": "Memory"})})
            mounts.append({"name": volume, "mountPath": "/tmp"})
        if mounts:
            container.data["volumeMounts"] = mounts

    def pod_fields(self, labels: Data, *, runs_to_end: bool, bare: bool) -> Data:
        """Fields that hold for the whole Pod."""
        spec: Data = {}
        if runs_to_end:
            spec["restartPolicy"] = self.pick("Never", "OnFailure")
        elif bare and self.chance(15):
            spec["restartPolicy"] = self.pick("Always", "Never", "OnFailure")
        if self.chance(12):
            spec["serviceAccountName"] = "shop"
        if self.chance(8):
            spec["imagePullSecrets"] = [{"name": "registry"}]
        if self.chance(8):
            spec["nodeSelector"] = {"kubernetes.io/os": "linux"}
        if self.chance(8):
            spec["securityContext"] = {"runAsNonRoot": True, "fsGroup": 1000}
        if self.chance(8):
            spec["terminationGracePeriodSeconds"] = 5
        if self.chance(5):
            spec["tolerations"] = [
                {"key": "dedicated", "operator": "Equal", "value": "shop", "effect": "NoSchedule"}
            ]
        if self.chance(6):
            term = {
                "labelSelector": {"matchLabels": dict(labels)},
                "topologyKey": "kubernetes.io/hostname",
            }
            spec["affinity"] = {
                "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
            }
        if self.chance(3):
            spec["hostNetwork"] = True
        return spec

    # References between containers

    def add_references(self, pod: GeneratedPod, name: str) -> None:
        """Give some containers the addresses of others."""
        for caller in pod.containers:
            for called in pod.containers:
                if caller is not called and called.listens and self.chance(15):
                    self.add_reference(pod, caller=caller, called=called, name=name)

    def add_reference(
        self, pod: GeneratedPod, caller: GeneratedContainer, called: GeneratedContainer, name: str
    ) -> None:
        """Give a container the address of another one, in one of the ways that people use."""
        number = called.listens[0][0]
        variable = called.name.upper().replace("-", "_")
        address = f"{self.pick('localhost', '127.0.0.1')}:{number}"
        url = f"{called.program.listens[0][0] or 'http'}://{address}"
        env: list[Data] = []
        match self.pick(*_REFERENCES):
            case "url":
                env = [{"name": f"{variable}_URL", "value": f"{url}/v1"}]
            case "address":
                env = [{"name": f"{variable}_ADDR", "value": address}]
            case "host and port":
                env = [
                    {"name": f"{variable}_HOST", "value": address.partition(":")[0]},
                    {"name": f"{variable}_PORT", "value": str(number)},
                ]
            case "argument":
                caller.data.setdefault("args", []).append(f"--{called.name}-url={url}")
            case "config map key":
                config_map, key = f"{name}-{caller.name}-env", f"{variable}_URL"
                pod.objects.append(_config_map(config_map, {key: url, "MODE": "plain"}))
                reference = {"configMapKeyRef": {"name": config_map, "key": key}}
                env = [{"name": key, "valueFrom": reference}]
            case "config map":
                config_map = f"{name}-{caller.name}-{called.name}"
                text = f"# Where to?\nupstream {address};\n"
                pod.objects.append(_config_map(config_map, {"upstream.conf": text}))
                source = {"configMapRef": {"name": config_map}}
                caller.data.setdefault("envFrom", []).append(source)
            case "probe":
                caller.data["startupProbe"] = {"tcpSocket": {"port": number}}
        if env:
            caller.data.setdefault("env", []).extend(env)


def _config_map(name: str, data: Data) -> Data:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def claim_object(name: str, mode: str = "ReadWriteOnce") -> Data:
    """A PersistentVolumeClaim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": _claim_spec(mode),
    }


def _claim_spec(mode: str = "ReadWriteOnce") -> Data:
    return {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}}
