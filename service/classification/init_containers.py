"""Which groups an init container prepares.

It runs before all containers of its Pod, so that without a sign whose it is, it is everybody's. One
that waits for a container, or calls it, is needed by others than that one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from service.classification.context import PodContext
from service.classification.signals.container_name import words_of
from service.classification.signals.own_service import receiving_container
from service.kube.config_maps import config_values_of
from service.kube.containers import Container, repository
from service.kube.objects import as_mapping
from service.kube.references import service_names_in
from service.kube.services import ServiceLink
from service.kube.workloads import READ_ONLY_SOURCES, Workload

_GENERIC_WORDS = frozenset({"init", "setup", "prepare", "container"})
"""Words in the names of init containers that don't say for whom they are."""
_WAITING_WORDS = frozenset(
    {"wait", "waits", "waiting", "await", "for", "check", "until", "ready", "ping", "probe"}
)
"""Words in the names of init containers that wait for what they are named for."""
_MIGRATION_WORDS = frozenset({"migrate", "migration", "migrations", "migrator", "schema"})
"""Words in the names of init containers that need the store that they are named for."""
_BASE_IMAGES = frozenset(
    {
        "alpine", "amazonlinux", "bash", "busybox", "busyboxplus", "centos", "curl", "debian",
        "dockerize", "fedora", "k8s-wait-for", "kubectl", "minideb", "openssl", "os-shell",
        "ubi-minimal", "ubi8", "ubi9", "ubuntu", "wait-for", "wget",
    }
)  # fmt: skip
"""Last parts of the names of images that run anybody's commands: sharing one says nothing."""
_ASKING_PROGRAM = (
    r"(?:\b(?:nc|ncat|netcat|telnet|ping|dig|host|nslookup|getent(?: \w+)?|curl|wget"
    r"|wait-for(?:-it)?(?:\.sh)?|pg_isready|mysqladmin|mysql|psql|redis-cli|mongosh?)\b[^|;&\n]*?)"
)
"""A program that calls a host, with words before the host."""

_OWN_POD = re.compile(r"(?i)localhost|127\.\d|ip6-loopback|::1|0\.0\.0\.0")
"""A spelling of the Pod itself, wherever it starts: `-hlocalhost` and `%2Flocalhost` too."""

_TOLD_HOST = re.compile(
    r"(?:://(?:[^@/\s]*@)?|\A|[\s=,])(?P<host>[a-z][a-z0-9-]{2,}(?:\.[a-z0-9-]+)*)(?=[/\s,:?]|\Z)"
)
_MOST_HOSTS = 50
"""In one word."""
_NO_HOSTS = frozenset({"localhost", "true", "false", "http", "https", "exec"})
_Groups: TypeAlias = tuple[tuple[Container, ...], ...]


def prepared_groups(context: PodContext, container: Container, groups: _Groups) -> tuple[int, ...]:
    """The groups that an init container prepares: those that mount a volume that it writes, else
    those that run its image, else those that share a word with its name, else those that call what
    it calls or are told of its hosts, else all. Those that it calls or waits for are not among
    them, unless it writes a volume of theirs.

    Args:
        context: the Pod.
        container: the init container.
        groups: the groups, the primary one first.

    Returns:
        Their numbers; none if it calls every group.
    """
    written = {
        mount.volume
        for mount in container.mounts
        if not mount.read_only and _holds_data(context.workload, mount.volume)
    }
    image = repository(container.image)
    words = set(words_of(container.name))
    named = words - _GENERIC_WORDS - _WAITING_WORDS - _MIGRATION_WORDS
    text = _text_told(context, container)
    called = {
        *called_containers(context, container),
        *_named_targets(context, words, named),
    }
    called_groups = _groups_with(groups, lambda other: other in called)

    def mounts_what_it_writes(other: Container) -> bool:
        return any(mount.volume in written for mount in other.mounts)

    def runs_its_image(other: Container) -> bool:
        is_of_anybody = image.rpartition("/")[2] in _BASE_IMAGES
        return bool(image) and not is_of_anybody and repository(other.image) == image

    def shares_a_word(other: Container) -> bool:
        return bool(named & set(words_of(other.name)))

    def calls_the_same(other: Container) -> bool:
        return bool(called & set(called_containers(context, other)))

    def is_told_of_its_hosts(other: Container) -> bool:
        return any(_is_called(host, container, text) for host in _hosts_told(other))

    def without_called(numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(number for number in numbers if number not in called_groups)

    return (
        _groups_with(groups, mounts_what_it_writes)
        or without_called(_groups_with(groups, runs_its_image))
        or without_called(_groups_with(groups, shares_a_word))
        or without_called(_groups_with(groups, calls_the_same))
        or without_called(_groups_with(groups, is_told_of_its_hosts))
        or without_called(range(len(groups)))
    )


def called_containers(context: PodContext, container: Container) -> Iterator[Container]:
    """The other containers of its Pod that a container is seen to call: on localhost, through a
    Service, or by their names as hosts.
    """
    for reference in context.references:
        target = context.target_of(reference) if reference.container is container else None
        if target is not None:
            yield target
    text = _text_told(context, container)
    if _OWN_POD.search(text):
        # The port may be a word of its own: `nc -z localhost 5432`.
        yield from _listening(context, container, text)
    for link in context.services:
        if _is_called(link.service.name, container, text):
            yield from _answering(context, link, text)
    for other in context.classified_containers:
        if other is not container and _is_called(other.name, container, text):
            yield other


def _hosts_told(container: Container) -> set[str]:
    """The hosts of other Pods that a container is told: in addresses, and as whole values."""
    hosts = (
        match["host"].partition(".")[0]
        for word in container.words
        for match in islice(_TOLD_HOST.finditer(word.text), _MOST_HOSTS)
    )
    return {host for host in hosts if host not in _NO_HOSTS}


def _is_called(host: str, container: Container, text: str) -> bool:
    """Whether a host stands in an address of a container's words, or is asked by a program."""
    if not host or host not in text:
        return False
    asked = rf"{_ASKING_PROGRAM}(?<![\w./-]){re.escape(host)}(?![\w-])"
    return bool(service_names_in(container, frozenset({host}))) or bool(re.search(asked, text))


def _text_told(context: PodContext, container: Container) -> str:
    """All text that a container is told: its words, and the ConfigMaps that it reads."""
    configs = config_values_of(context.workload, container, context.manifests)
    words = (word.text for word in container.words)
    return "\n".join((*words, *(value for _, _, value in configs)))


def _listening(context: PodContext, caller: Container, text: str) -> Iterator[Container]:
    """The other containers that listen on a number which stands in a text."""
    numbers = _numbers_in(text)
    for container in context.classified_containers:
        ports = {str(port) for port in context.listening_ports[container.index]}
        if container is not caller and ports & numbers:
            yield container


def _numbers_in(text: str) -> set[str]:
    return set(re.findall(r"(?:(?<![\w.])|(?<=%3[Aa])|(?<=-[pP]))\d{2,5}(?![\w.])", text))


def _answering(context: PodContext, link: ServiceLink, text: str) -> Iterator[Container]:
    """Who answers a Service that a text names: at the ports that stand in it, else at any."""
    numbers = _numbers_in(text)
    ports = [port for port in link.ports if str(port.number) in numbers]
    for port in ports or link.ports:
        target = receiving_container(context, port)
        if target is not None:
            yield target


def _named_targets(context: PodContext, words: set[str], named: set[str]) -> Iterator[Container]:
    """The containers that an init container waits for by its name: `wait-for-db`; and the stores
    that it changes: `migrate-db`.
    """
    if not words & (_WAITING_WORDS | _MIGRATION_WORDS):
        return
    for other in context.classified_containers:
        is_named = bool(named & {*words_of(other.name), *words_of(repository(other.image))})
        if is_named and (words & _WAITING_WORDS or context.is_store(other)):
            yield other


def _groups_with(groups: _Groups, has_it: Callable[[Container], bool]) -> tuple[int, ...]:
    """The numbers of the groups in which a container has something."""
    return tuple(number for number, group in enumerate(groups) if any(map(has_it, group)))


def _holds_data(workload: Workload, volume: str) -> bool:
    """Whether containers may write to a volume."""
    return not READ_ONLY_SOURCES & as_mapping(workload.volumes_by_name.get(volume)).keys()
