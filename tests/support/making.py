"""Hypothesis makes pod specs: containers of known and unknown programs, with what ties them
together and what doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from tests.support.cluster import Data
from tests.support.programs import HELPERS, OWN, SERVERS, Program

T = TypeVar("T")


@dataclass
class Member:
    """A container in the making."""

    program: Program
    data: Data
    listens: list[tuple[int, str]]
    """What its program really listens on."""

    @property
    def name(self) -> str:
        return str(self.data["name"])

    def port_name(self, number: int) -> str | None:
        return next(
            (
                each.get("name")
                for each in self.data.get("ports", ())
                if each["containerPort"] == number
            ),
            None,
        )


@dataclass
class PodMade:
    """A pod spec in the making, with the objects that it refers to."""

    spec: Data
    members: list[Member]
    objects: list[Data] = field(default_factory=list)
    claims: list[Data] = field(default_factory=list)
    """Claim templates, for a StatefulSet."""


class Maker:
    """Draws the parts of a set; what it made is known by the image of each container, which has
    a tag of its own.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0
        self.listens: dict[str, frozenset[tuple[int, str]]] = {}
        self.private: set[str] = set()

    def one(self, *choices: T) -> T:
        return self.draw(st.sampled_from(choices))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def some(self, values: Sequence[T], most: int) -> list[T]:
        return (
            self.draw(st.lists(st.sampled_from(values), min_size=1, max_size=most, unique_by=str))
            if values
            else []
        )

    # Containers

    def member(self, program: Program, taken: set[str]) -> Member:
        self.count += 1
        name = next(
            (each for each in self.draw(st.permutations(program.names)) if each not in taken),
            f"c{self.count}",
        )
        taken.add(name)
        registry = self.one("", "", "docker.io/library/") if "/" not in program.image else ""
        image = f"{registry}{program.image}:1.{self.count}"
        data: Data = {"name": name, "image": image}
        listens = [(number, "TCP") for _, number in program.listens]
        declared = [self.port(name, number) for name, number in program.listens if self.chance(80)]
        if declared and self.chance(6):
            listens.append((declared[0]["containerPort"], "UDP"))
            declared.append({"containerPort": declared[0]["containerPort"], "protocol": "UDP"})
        if declared:
            data["ports"] = declared
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
            data["env"] = [
                {
                    "name": "LOG_LEVEL",
                    "value": self.one("info", "true", "2024-01-01", "it's: # odd"),
                }
            ]
        if listens and self.chance(25):
            data[self.one("readinessProbe", "livenessProbe")] = self.probe(listens[0][0])
        if program.loopback:
            data["args"] = ["--address=127.0.0.1", f"--port={listens[0][0]}"]
            self.private.add(image)
        self.listens[image] = frozenset(listens)
        return Member(program, data, listens)

    def port(self, name: str, number: int) -> Data:
        data: Data = {"containerPort": number}
        if name and self.chance(45):
            data = {"name": name, **data} if self.chance(50) else {**data, "name": name}
        if self.chance(15):
            data["protocol"] = "TCP"
        return data

    def probe(self, number: int) -> Data:
        return self.one(
            {"tcpSocket": {"port": number}},
            {"httpGet": {"path": "/healthz", "port": number}, "periodSeconds": 5},
        )

    def members(self) -> list[Member]:
        """One to four containers of which no two listen on one port."""
        wanted = self.one(1, 2, 2, 2, 2, 3, 3, 4)
        found: list[Member] = []
        taken: set[str] = set()
        for _ in range(wanted):
            program = self.one(*self.one(SERVERS, SERVERS, SERVERS, OWN, HELPERS))
            used = {number for each in found for number, _ in each.listens}
            if not used & {number for _, number in program.listens} and program not in [
                each.program for each in found
            ]:
                found.append(self.member(program, taken))
        return found or [self.member(SERVERS[0], taken)]

    # A Pod

    def pod(
        self, name: str, labels: Data, *, stateful: bool, runs_to_end: bool, bare: bool
    ) -> PodMade:
        members = self.members()
        made = PodMade({}, members)
        volumes: list[Data] = []
        self.tie(made, name)
        for member in members:
            self.mount(made, member, volumes, name, stateful=stateful)
        if len(members) > 1 and self.chance(20):
            writer, reader = members[:2]
            volumes.append({"name": "shared", "emptyDir": {}})
            for member, path in ((writer, "/out"), (reader, "/in")):
                member.data.setdefault("volumeMounts", []).append(
                    {"name": "shared", "mountPath": path}
                )
        init = self.before(members, volumes)
        self.dress(made.spec, labels, runs_to_end=runs_to_end, bare=bare)
        if init and self.chance(50):
            made.spec["initContainers"] = init
        made.spec["containers"] = [each.data for each in members]
        if init and "initContainers" not in made.spec:
            made.spec["initContainers"] = init
        if volumes:
            made.spec["volumes"] = volumes
        return made

    def before(self, members: list[Member], volumes: list[Data]) -> list[Data]:
        """Init containers, native sidecars among them."""
        found: list[Data] = []
        if self.chance(20):
            self.count += 1
            data: Data = {
                "name": self.one("init", f"init-{members[-1].name}", "wait"),
                "image": f"busybox:1.{self.count}",
            }
            data["command"] = [
                "sh",
                "-c",
                self.one("echo ready", "until nc -z elsewhere 80; do sleep 1; done"),
            ]
            writable = [each["name"] for each in volumes if "emptyDir" in each]
            if writable and self.chance(60):
                data["volumeMounts"] = [{"name": writable[0], "mountPath": "/prepared"}]
            found.append(data)
        if self.chance(10):
            used = {number for each in members for number, _ in each.listens}
            free = [
                each for each in HELPERS[:4] if not used & {number for _, number in each.listens}
            ]
            taken = {each.name for each in members} | {str(each["name"]) for each in found}
            sidecar = self.member(self.one(*free), taken)
            found.append({**sidecar.data, "restartPolicy": "Always"})
        return found

    def mount(
        self, made: PodMade, member: Member, volumes: list[Data], name: str, *, stateful: bool
    ) -> None:
        mounts: list[Data] = []
        if member.program.data and self.chance(45):
            volume = f"{member.name}-data"
            if stateful and self.chance(70):
                made.claims.append(
                    {
                        "metadata": {"name": volume},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "1Gi"}},
                        },
                    }
                )
            elif self.chance(75):
                mode = self.one("ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany")
                volumes.append(
                    {"name": volume, "persistentVolumeClaim": {"claimName": f"{name}-{volume}"}}
                )
                spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}}
                made.objects.append(
                    {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "metadata": {"name": f"{name}-{volume}"},
                        "spec": spec,
                    }
                )
            else:
                volumes.append(
                    {
                        "name": volume,
                        **self.one({"emptyDir": {}}, {"hostPath": {"path": f"/srv/{name}"}}),
                    }
                )
            mounts.append({"name": volume, "mountPath": member.program.data})
        if self.chance(15):
            volume = f"{member.name}-config"
            volumes.append({"name": volume, "configMap": {"name": f"{name}-{member.name}"}})
            mounts.append({"name": volume, "mountPath": f"/etc/{member.name}", "readOnly": True})
            text = "# Read at start.\nmode = plain\n"
            made.objects.append(self.config_map(f"{name}-{member.name}", {"app.conf": text}))
        if self.chance(8):
            volumes.append({"name": f"{member.name}-keys", "secret": {"secretName": "keys"}})
            mounts.append({"name": f"{member.name}-keys", "mountPath": "/keys", "readOnly": True})
        if self.chance(8):
            volumes.append(
                {"name": f"{member.name}-tmp", "emptyDir": self.one({}, {"medium": "Memory"})}
            )
            mounts.append({"name": f"{member.name}-tmp", "mountPath": "/tmp"})
        if mounts:
            member.data["volumeMounts"] = mounts

    @staticmethod
    def config_map(name: str, data: Data) -> Data:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}

    def dress(self, spec: Data, labels: Data, *, runs_to_end: bool, bare: bool) -> None:
        """What holds for the whole Pod."""
        if runs_to_end:
            spec["restartPolicy"] = self.one("Never", "OnFailure")
        elif bare and self.chance(15):
            spec["restartPolicy"] = self.one("Always", "Never", "OnFailure")
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

    # What ties containers together

    def tie(self, made: PodMade, name: str) -> None:
        """Tell some containers of others, in the ways that people do."""
        for source in made.members:
            for target in made.members:
                if source is target or not target.listens or not self.chance(15):
                    continue
                self.tell(made, source, target, target.listens[0][0], name)

    def tell(self, made: PodMade, source: Member, target: Member, number: int, name: str) -> None:
        stem = target.name.upper().replace("-", "_")
        host = self.one("localhost", "127.0.0.1")
        scheme = target.program.listens[0][0] or "http"
        env = source.data.setdefault("env", [])
        match self.one(
            "url",
            "url",
            "url",
            "address",
            "address",
            "two",
            "two",
            "args",
            "args",
            "config",
            "file",
            "probe",
        ):
            case "url":
                env.append({"name": f"{stem}_URL", "value": f"{scheme}://{host}:{number}/v1"})
            case "address":
                env.append({"name": f"{stem}_ADDR", "value": f"{host}:{number}"})
            case "two":
                env += [
                    {"name": f"{stem}_HOST", "value": host},
                    {"name": f"{stem}_PORT", "value": str(number)},
                ]
            case "args":
                source.data.setdefault("args", []).append(
                    f"--{target.name}-url={scheme}://{host}:{number}"
                )
            case "config":
                config = f"{name}-{source.name}-env"
                made.objects.append(
                    self.config_map(
                        config, {f"{stem}_URL": f"{scheme}://{host}:{number}", "MODE": "plain"}
                    )
                )
                reference = {"configMapKeyRef": {"name": config, "key": f"{stem}_URL"}}
                env.append({"name": f"{stem}_URL", "valueFrom": reference})
            case "file":
                config = f"{name}-{source.name}-{target.name}"
                made.objects.append(
                    self.config_map(
                        config, {"upstream.conf": f"# Where to?\nupstream {host}:{number};\n"}
                    )
                )
                source.data.setdefault("envFrom", []).append({"configMapRef": {"name": config}})
            case "probe":
                source.data["startupProbe"] = {"tcpSocket": {"port": number}}
        if not env:
            del source.data["env"]
