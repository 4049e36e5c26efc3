"""What shows that a Pod which may end (restartPolicy Never or OnFailure) is a server all the same:
podman writes Never for every Pod.
"""

from __future__ import annotations

import re

from service.actions.context import Candidate, Refused
from service.classification.knowledge import Entry
from service.kube.container_engines import is_made_by_podman
from service.kube.containers import Container, base_name
from service.kube.services import services_of
from service.refusals import Refusal

_SERVER_PROGRAMS = frozenset(
    {
        *("apache2", "apache2-foreground", "httpd", "httpd-foreground", "lighttpd", "nginx"),
        *("caddy", "envoy", "haproxy", "traefik", "varnishd", "catalina.sh", "php-fpm"),
        *("gunicorn", "uvicorn", "uwsgi", "supervisord", "sshd", "named", "dnsmasq"),
        *("mysqld", "mysqld_safe", "mariadbd", "postgres", "mongod", "mongos", "cockroach"),
        *("redis-server", "valkey-server", "memcached", "etcd", "rabbitmq-server"),
    }
)
"""Programs that serve until they are stopped, as their manuals say."""
_ENDING_OPTIONS = ("--initialize", "--bootstrap", "--help", "--version", "--check", "-t")
"""Beginnings of options with which they end at once."""


def sign_of_server(candidate: Candidate) -> str | None:
    """What shows that a Pod that may end is a server all the same; None if nothing does.

    Its main container decides: a server that only helps one that ends makes no server of the Pod.

    Raises:
        Refused: a server beside what ends.
    """
    workload, main = candidate.workload, candidate.classification.groups[0][0]
    if services_of(workload, candidate.manifests):
        return "a Service"
    with_host_port = (
        container
        # podman writes all ports of a Pod to its first container, be it an init container.
        for container in workload.containers
        if any(port.host_port is not None for port in container.ports)
    )
    holder = next(with_host_port, None)
    if holder is not None:
        return f"the host port of {holder.name}"
    sign = _sign_of_container(candidate, main)
    if sign is not None:
        return sign
    if is_made_by_podman(candidate.resource) and main.ports:
        return f"the port of {main.name} (podman writes restartPolicy Never for every Pod)"
    others = [other for other in workload.classified_containers if other is not main]
    server = next((other for other in others if _sign_of_container(candidate, other)), None)
    if server is not None:
        message = (
            f"{main.name} runs to an end, and {server.name} is a server that would keep a Job from"
            " ending: make it a Job with the server as a native sidecar (an init container with"
            " restartPolicy Always)"
        )
        raise Refused(Refusal.SERVER_BESIDE_JOB, message)
    return None


def _sign_of_container(candidate: Candidate, container: Container) -> str | None:
    """What shows that a container is a server; None if nothing does."""
    if any(field in container.data for field in ("readinessProbe", "livenessProbe")):
        return f"the probe of {container.name}"
    entry = candidate.classification.context.catalogue_entry(container)
    is_server = entry is not None and entry.stands_alone and bool(entry.ports)
    if entry is not None and is_server and _runs_own_program(container, entry):
        return f"the image of {container.name}"
    if _runs_server_program(container):
        return f"the command of {container.name}"
    return None


def _runs_server_program(container: Container) -> bool:
    """Whether a container's words start a program that serves until it is stopped, whatever its
    image: behind an entry point, if there is one.
    """
    words = [word.text.rpartition("/")[2].lower() for word in container.invocation]
    started = words[1:] if words and "entrypoint" in words[0] else words
    is_server = bool(started) and started[0] in _SERVER_PROGRAMS
    return is_server and not any(word.startswith(_ENDING_OPTIONS) for word in started[1:])


def _runs_own_program(container: Container, entry: Entry) -> bool:
    """Whether a container of a known image runs what the image is for: its words are options only,
    begin with its entry point, or name its program.
    """
    words = [word.text for word in container.invocation]
    if not words or words[0].startswith("-"):
        return True
    program = words[0].rpartition("/")[2].lower()
    names = {entry.id, base_name(container.image), *re.split(r"[-_]", entry.id)}
    is_entry_point = "entrypoint" in program or program in ("start", "run.sh", "start.sh")
    return is_entry_point or any(
        program in (name, f"{name}d", f"{name}-server") or program.startswith(f"{name}-foreground")
        for name in names
    )
