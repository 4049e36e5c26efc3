"""Whoever a container calls, in whatever words, is whom it reaches after a rewrite, in every stage.

Hypothesis puts a workload together of which it is known who calls whom; a cluster that runs
(`tests/support/running.py`) tells whether they still do. With `HYPOTHESIS_PROFILE=hunt` it looks at
many more.
"""

from __future__ import annotations

import os
import re
from collections import Counter

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.support.cluster import Cluster
from tests.support.objects import Data, read_objects
from tests.support.pods import Container
from tests.support.rewritten import rewrite
from tests.support.running import Scene, Told, Use, scene

IS_HUNTING = os.environ.get("HYPOTHESIS_PROFILE") == "hunt"
many = settings(
    derandomize=not IS_HUNTING,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

HOSTS = (
    *("localhost",) * 5,
    *("127.0.0.1", "127.0.0.1", "LOCALHOST", "127.1", "127.0.1.1", "::1", "[::1]", "0.0.0.0"),
    *("localhost.localdomain", "localhost.", "ip6-localhost", "ip6-loopback", "$(POD_IP)"),
)
CALLS = (
    ("env API_URL", "http://{host}:{port}/v1"),
    ("env UPSTREAM", "{host}:{port}"),
    ("env TARGETS", "a.example.org:1,{host}:{port}"),
    ("env CONNECTION", "host={host} port={port} user=shop"),
    ("env JDBC_URL", "jdbc:x://{host}:{port}/a?b=c"),
    ("env BACKEND_HOST", "{host}"),
    ("env ENCODED", "next=http%3A%2F%2F{host}%3A{port}%2F"),
    ("args", "--upstream={host}:{port}"),
    ("args", "--upstream {host}:{port}"),
    ("args", "-h {host} -p {port}"),
    ("args", "-h{host} -P{port}"),
    ("args", "--db-host {host} --db-port {port} --verbose"),
    ("args", "--db-host={host} --db-port={port}"),
    ("args", "client -z {host} {port}"),
    ("command", "sh -c until nc -z {host} {port}; do sleep 1; done; exec app"),
    ("command", "sh -c exec app --db ${{DB:-{host}:{port}}}"),
    ("command", "sh -c echo </dev/tcp/{host}/{port}; exec app"),
    ("probe", "curl -f http://{host}:{port}/healthz"),
    ("hook", "curl -f http://{host}:{port}/warm"),
    ("config app.conf", "[db]\nurl = http://{host}:{port}/\n"),
    ("config app.conf", "upstream {host}:{port};\n"),
    ("config API", "{host}:{port}"),
)
KEPT = (
    ("env REACT_APP_API_URL", "http://{host}:{port}"),
    ("env NEXT_PUBLIC_API", "http://{host}:{port}"),
    ("env VITE_BACKEND", "http://{host}:{port}"),
    ("env CORS_ALLOWED_ORIGINS", "http://{host}:{port}"),
    ("env OAUTH_REDIRECT_URI", "http://{host}:{port}/callback"),
    ("env CSRF_TRUSTED_ORIGINS", "http://{host}:{port}"),
    ("env NO_PROXY", "{host},.svc"),
    ("env ALLOWED_HOSTS", "{host},shop.example.org"),
)
ADVERTISED = (
    ("env KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://{host}:{port}"),
    ("env KAFKA_CFG_ADVERTISED_LISTENERS", "PLAINTEXT://{host}:{port}"),
    ("env ANNOUNCE_HOST", "{host}:{port}"),
    ("args", "--advertise-client-urls=http://{host}:{port}"),
    ("args", "--cluster-announce-ip {host} --port {port}"),
)
BOUND = (
    ("env BIND_ADDRESS", "{host}:{port}"),
    ("env LISTEN_HOST", "{host}"),
    ("args", "--listen={host}:{port}"),
    ("args", "--bind {host}:{port}"),
    ("args", "--http.addr={host}:{port}"),
    ("command", "sh -c exec app --listen-address {host}:{port}"),
    ("config app.conf", "listen_addr: {host}:{port}\n"),
    ("config app.conf", "bind {host}:{port}\n"),
)
PROGRAMS = (
    ("acme/api", 3000),
    ("acme/api", 8080),
    ("postgres:16", 5432),
    ("redis:7", 6379),
    ("mysql:8", 3306),
    ("rabbitmq:4", 5672),
    ("nginx:1.27", 80),
)
TEXTS = {Use.CALL: CALLS, Use.KEEP: KEPT, Use.ADVERTISE: ADVERTISED, Use.BIND: BOUND}


@st.composite
def scenes(draw: st.DrawFn, uses: tuple[Use, ...] = tuple(Use)) -> Scene:
    """Two or three containers, some of which call each other."""
    containers, ports = draw(servers())
    init: list[Data] = []
    if draw(st.integers(0, 3)) == 0:
        init = [{"name": draw(st.sampled_from(["first", "wait", "prepare"])), "image": "busybox"}]
    # A store calls nobody: what looks like that says where it listens itself.
    clients = [one["name"] for one in containers if one["image"].startswith("acme/")]
    clients += [one["name"] for one in init]
    told: list[Told] = []
    for _ in range(draw(st.integers(1, 2))):
        one = draw(texts(draw(st.sampled_from(uses)), ports, clients))
        is_alone = one is not None and not any(
            (other.caller, other.place) == (one.caller, one.place)
            or (other.place + one.place).count("config") > 1
            for other in told
        )
        if one is not None and is_alone:
            told.append(one)
    services = {}
    for name, port in ports.items():
        if draw(st.booleans()):
            outside = draw(st.sampled_from([port, port, 80]))
            services[draw(st.sampled_from([name, f"shop-{name}"]))] = (outside, port)
    singletons: frozenset[str] = frozenset()
    if draw(st.integers(0, 7)) == 0:
        security = {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}
        tunnel = {"name": "tunnel", "image": "qmcgaw/gluetun:v3", **security}
        if draw(st.booleans()):
            init.insert(0, {**tunnel, "restartPolicy": "Always"})
        else:
            containers.append(tunnel)
        singletons = frozenset({"tunnel"})
    config = {
        one.place.partition(" ")[2]: one.text for one in told if one.place.startswith("config")
    }
    return scene(
        containers,
        tuple(told),
        listening=ports,
        services=services,
        init=init,
        config=config or None,
        kind=draw(st.sampled_from(["Deployment", "Deployment", "Pod"])),
        singletons=singletons,
    )


@st.composite
def servers(draw: st.DrawFn) -> tuple[list[Data], dict[str, int]]:
    """Containers, and the ports on which they listen by name, which most of them declare."""
    ports: dict[str, int] = {}
    containers: list[Data] = []
    for name in ["web", "api", "db"][: draw(st.integers(2, 3))]:
        taken = set(ports.values())
        image, port = draw(
            st.sampled_from([program for program in PROGRAMS if program[1] not in taken])
        )
        ports[name] = port
        container: Data = {"name": name, "image": image}
        if draw(st.integers(0, 9)):
            container["ports"] = [{"containerPort": port}]
        containers.append(container)
    return containers, ports


@st.composite
def texts(draw: st.DrawFn, use: Use, ports: dict[str, int], clients: list[str]) -> Told | None:
    """A text that a container is told; None where none may be."""
    callers = clients if use is Use.CALL else list(ports)
    if not callers:
        return None
    caller = draw(st.sampled_from(callers))
    others = [name for name in ports if name != caller]
    target = caller if use in (Use.ADVERTISE, Use.BIND) else draw(st.sampled_from(others))
    place, template = draw(st.sampled_from(TEXTS[use]))
    host = draw(st.sampled_from(HOSTS))
    if host == "::1" and not re.search(r"\{host\}( |\Z)", template):
        host = "[::1]"  # as nobody can tell its port otherwise
    if caller not in ports and place in ("probe", "hook"):
        return None  # an init container has none
    if host == "$(POD_IP)" and place.startswith(("config", "probe", "hook")):
        host = "localhost"  # only variables, command and args are expanded
    is_bound = use is Use.BIND or template.startswith("-h")
    if is_bound and host in ("0.0.0.0", "$(POD_IP)"):
        host = "127.0.0.1"  # there a server listens for everybody
    return Told(caller, target, ports[target], use, place, template, host)


def faults_of(sample: Scene) -> list[str]:
    """What goes wrong in some stage."""
    rewritten = rewrite(sample.files)
    faults = rewritten.own_faults()
    note("\n".join(sample.files.values()))

    def ports_of(container: Container) -> frozenset[tuple[int, str]]:
        return frozenset({(sample.listening.get(container.name, 0), "TCP")})

    before, *later = (Cluster(read_objects(files), ports_of=ports_of) for files in rewritten.stages)
    for stage, after in zip(("expand", "add", "switch", "contract"), later, strict=True):
        found = sample.faults(before, after, is_last=stage == "contract")
        faults += [f"{stage}: {fault}" for fault in found]
    return list(dict.fromkeys(faults))


@many
@given(scenes())
def test_everybody_reaches_whom_they_meant(sample: Scene) -> None:
    """In every stage, or nothing is split."""
    assert faults_of(sample) == []


@many
@given(scenes(uses=(Use.CALL,)))
def test_calls_are_answered(sample: Scene) -> None:
    """In whatever words they are made."""
    assert faults_of(sample) == []


def test_some_scenes_are_split_and_some_are_not() -> None:
    """Both were seen."""
    actions: Counter[bool] = Counter()

    @settings(many, max_examples=150, derandomize=True)
    @given(scenes())
    def look(sample: Scene) -> None:
        actions["split" in rewrite(sample.files).actions] += 1

    look()
    assert min(actions[True], actions[False]) > 10
