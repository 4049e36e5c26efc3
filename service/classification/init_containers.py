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
from service.classification.name_words import words_of
from service.classification.signals.own_service import receiving_container
from service.kube.config_maps import config_values_of
from service.kube.containers import Container, repository
from service.kube.objects import as_mapping
from service.kube.references import service_names_in
from service.kube.services import ServiceLink
from service.kube.workloads import READ_ONLY_SOURCES, Workload

_GENERIC_WORDS = frozenset({"init", "setup", "prepare", "container"})
"""Words in the names of init containers that don't say for whom they are."""
_WAITING_WORDS = frozenset({"wait", "waits", "waiting", "await", "until", "ready"})
"""Words in the names of init containers that wait for what they are named for."""
_CHECKING_WORDS = frozenset({"check", "ping", "probe", "for"})
"""Words in the names of those that wait for it, unless what they do is a setting."""
_SETTING = re.compile(
    r"\b(?:sysctl|iptables|ip route|modprobe|ulimit|swapoff|nsenter)\b|/proc/sys/|/sys/"
    r"|transparent_hugepage"
)
"""What sets up the node or the network of the whole Pod."""
_WRITING = re.compile(r"\b(?:chown|chmod|mkdir|cp|touch|install|tar|git clone)\b")
"""What prepares files."""
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
    r"|wait-for(?:-it)?(?:\.sh)?|pg_isready|mysqladmin|mysql|psql|redis-cli|mongosh?)\b[^|;&\n]{0,200}?)"
)
"""A program that calls a host, with words before the host."""

_OWN_POD = re.compile(r"(?i)localhost|127\.\d|ip6-loopback|::1|0\.0\.0\.0")
"""A spelling of the Pod itself, wherever it starts: `-hlocalhost` and `%2Flocalhost` too."""

_TOLD_HOST = re.compile(
    r"(?:://(?:[^@/\s]{0,200}@)?|\A|[\s=,])(?P<host>[a-z][a-z0-9-]{2,}(?:\.[a-z0-9-]+)*)(?=[/\s,:?]|\Z)"
)
_MOST_HOSTS = 300
"""In one container's texts."""
_NO_HOSTS = frozenset({"localhost", "true", "false", "http", "https", "exec"})
_Groups: TypeAlias = tuple[tuple[Container, ...], ...]


def prepared_groups(context: PodContext, container: Container, groups: _Groups) -> tuple[int, ...]:
    """The groups that an init container prepares.

    All, where it sets up the node or the network. Else those that mount a volume that it writes;
    else those that run its image, share a word with its name, call what it calls, or are told of
    its hosts, in this order; else all. Those that it calls or waits for are not among them, unless
    it writes a volume of theirs.

    Args:
        context: the Pod.
        container: the init container.
        groups: the groups, the primary one first.

    Returns:
        Their numbers; none if it calls every group.
    """
    text = _text_told(context, container)
    if _SETTING.search(text):
        return tuple(range(len(groups)))
    written = {
        mount.volume
        for mount in container.mounts
        if not mount.read_only and _holds_data(context.workload, mount.volume)
    }
    image = repository(container.image)
    words = set(words_of(container.name))
    named = words - _GENERIC_WORDS - _WAITING_WORDS - _CHECKING_WORDS - _MIGRATION_WORDS
    waits = bool(words & _WAITING_WORDS) or (
        bool(words & _CHECKING_WORDS) and not _WRITING.search(text)
    )
    called = {
        *called_containers(context, container),
        *_named_targets(context, named, waits=waits, migrates=bool(words & _MIGRATION_WORDS)),
    }
    called_groups = _groups_with(groups, lambda other: other in called)

    def mounts_what_it_writes(other: Container) -> bool:
        return any(mount.volume in written for mount in other.mounts)

    def runs_its_image(other: Container) -> bool:
        # A store's image has its clients, too: whoever calls a host with it is none.
        is_client = context.is_store(other) and bool(re.search(_ASKING_PROGRAM, text))
        is_of_anybody = image.rpartition("/")[2] in _BASE_IMAGES or is_client
        return bool(image) and not is_of_anybody and repository(other.image) == image

    def shares_a_word(other: Container) -> bool:
        return bool(named & set(words_of(other.name)))

    def calls_the_same(other: Container) -> bool:
        return bool(called & set(called_containers(context, other)))

    def is_told_of_its_hosts(other: Container) -> bool:
        hosts = _hosts_told(_text_told(context, other))
        return any(_is_called(host, container, text) for host in hosts)

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


def _hosts_told(text: str) -> set[str]:
    """The hosts of other Pods in what a container is told: in addresses, and as whole values."""
    hosts = (
        match["host"].partition(".")[0] for match in islice(_TOLD_HOST.finditer(text), _MOST_HOSTS)
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


def _named_targets(
    context: PodContext, named: set[str], *, waits: bool, migrates: bool
) -> Iterator[Container]:
    """The containers that an init container waits for by its name: `wait-for-db`; and the stores
    that it changes: `migrate-db`.
    """
    for other in context.classified_containers:
        is_named = bool(named & {*words_of(other.name), *words_of(repository(other.image))})
        if is_named and (waits or (migrates and context.is_store(other))):
            yield other


def _groups_with(groups: _Groups, has_it: Callable[[Container], bool]) -> tuple[int, ...]:
    """The numbers of the groups in which a container has something."""
    return tuple(number for number, group in enumerate(groups) if any(map(has_it, group)))


def _holds_data(workload: Workload, volume: str) -> bool:
    """Whether containers may write to a volume."""
    return not READ_ONLY_SOURCES & as_mapping(workload.volumes_by_name.get(volume)).keys()
