"""The Pod's own address or name, used to call a neighbour: localhost by another word.

Facts: the downward API's fields `status.podIP`, `status.podIPs` and `metadata.name`; a Pod's
`/etc/hosts` leads its name to its own address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from service.actions.context import Candidate
from service.change import Declined
from service.kube.containers import Container, Word, as_port
from service.kube.objects import as_mappings, as_text, value_at
from service.kube.references import HOST_WORDS, LISTENING_WORDS, ports_beside
from service.refusals import Refusal

_NUMBER = re.compile(r"(?:(?<![\w.])|(?<=%3[Aa]))\d{2,5}(?![\w.])")
_BINDING = re.compile(r"(?i)bind|listen")
_OWN_NAME = re.compile(r"\$\(hostname\b[^)]{0,20}\)|`hostname\b[^`]{0,20}`|\$\{?HOSTNAME\b")
"""The Pod's own name or address, as a shell asks for it."""
_CALLING_OPTION = re.compile(
    r"(?i)-(?:h|[\w.-]*(?:host|url|uri|endpoint|upstream|backend|target|remote|db|database|mysql"
    r"|mariadb|postgres(?:ql)?|pg|redis|mongo(?:db)?|amqp|rabbitmq|broker|queue|cache))[= ]"
)
"""An option whose value is an address to call."""


def find_own_address_calls(candidate: Candidate, group_of: Mapping[int, int]) -> Iterator[Declined]:
    """The Pod's own address or name used as somebody's host, or beside a port of another group."""
    context = candidate.classification.context
    for container in candidate.workload.containers:
        others = [other for other in context.classified_containers if other is not container]
        own = _own_addresses(container)
        values = {variable.name: variable.value for variable in container.env}
        told = [name for name, value in values.items() if _names_any(value, own)]
        for name in (*own, *told):
            # PGHOST is an address to call; POD_IP is what a container is called itself.
            is_host = name in own and any(context.is_named_in(name, other) for other in others)
            ports = {str(port) for port in ports_beside(name, values)}
            if is_host or _may_be_elsewhere(candidate, container, group_of, ports):
                yield Declined(
                    Refusal.LOCALHOST_UNRESOLVED,
                    f"{container.name} is told to call an address of its own Pod ({name})",
                )
        before = ""
        for word in container.words:
            if _names_any(word.text, own) and _is_address_to_call(
                candidate, container, group_of, word, before=before, own=own
            ):
                yield Declined(
                    Refusal.LOCALHOST_UNRESOLVED,
                    f"{container.name} calls an address of its own Pod ({word.where})",
                )
            before = word.text


def _own_addresses(container: Container) -> list[str]:
    """The variables that hold the Pod's own address, or its name in place of a host's."""
    found = []
    for variable in as_mappings(container.data.get("env")):
        name = as_text(variable.get("name"))
        path = as_text(value_at(variable, "valueFrom", "fieldRef", "fieldPath"))
        is_host = path == "metadata.name" and name.upper().endswith(HOST_WORDS)
        if is_host or path.startswith("status.podIP"):
            found.append(name)
    return found


def _is_address_to_call(
    candidate: Candidate,
    container: Container,
    group_of: Mapping[int, int],
    word: Word,
    *,
    before: str,
    own: list[str],
) -> bool:
    """Whether a word with the Pod's own address is one to call: it has a port of another group, or
    is a host and nothing shows that a server listens there.
    """
    around = f"{before} {word.text}" if before.startswith("-") else word.text
    if _BINDING.search(around):
        return False
    numbers = _numbers_around(word, container)
    if _is_known_elsewhere(candidate, container, group_of, numbers):
        return True
    if LISTENING_WORDS.search(around):
        return False
    if _may_be_elsewhere(candidate, container, group_of, numbers):
        return True
    has_port = any(f"$({name}):" in word.text for name in own)
    return has_port or _names_as_host(around, own) or bool(_CALLING_OPTION.search(around))


def _is_known_elsewhere(
    candidate: Candidate, container: Container, group_of: Mapping[int, int], numbers: set[str]
) -> bool:
    """Whether a container of another group listens on one of some numbers, and this one doesn't."""
    listening = candidate.classification.context.listening_ports
    own = {str(port) for port in listening.get(container.index, {})}
    group = group_of.get(container.index)
    elsewhere = {
        str(port)
        for index, ports in listening.items()
        if group_of.get(index) != group
        for port in ports
    }
    return bool((numbers - own) & elsewhere)


def _may_be_elsewhere(
    candidate: Candidate, container: Container, group_of: Mapping[int, int], numbers: set[str]
) -> bool:
    """Whether one of some numbers may be a port of another group: one of it listens there, or
    nobody is known to, and one of it may listen anywhere.
    """
    if _is_known_elsewhere(candidate, container, group_of, numbers):
        return True
    context = candidate.classification.context
    listening = context.listening_ports
    known = {str(port) for ports in listening.values() for port in ports}
    group = group_of.get(container.index)
    is_any_unknown = any(
        context.catalogue_entry(other) is None or not listening[other.index]
        for other in context.classified_containers
        if group_of.get(other.index) != group
    )
    return is_any_unknown and bool(numbers - known)


def _numbers_around(word: Word, container: Container) -> set[str]:
    """The numbers in a word and in the two behind it, such as `-p 5432`, that may be ports."""
    words = [word.text]
    if word.where in ("command", "args"):
        invocation = container.invocation
        place = next(index for index, own in enumerate(invocation) if own.route == word.route)
        words = [own.text for own in invocation[place : place + 3]]
    numbers = _NUMBER.findall(" ".join(words))
    return {number for number in numbers if as_port(number) is not None and int(number) >= 80}


def _names_any(text: str, variables: list[str]) -> bool:
    """Whether a text holds the value of one of some variables, or asks for the Pod's own name or
    address in a shell.
    """
    if _OWN_NAME.search(text):
        return True
    return any(
        re.search(rf"\$(?:[({{]{re.escape(name)}[)}}]|{re.escape(name)}(?!\w))", text)
        for name in variables
    )


def _names_as_host(text: str, variables: list[str]) -> bool:
    """Whether a text holds one of some variables as the host of a URI or of an option for hosts."""
    return any(
        re.search(rf"(?:://(?:[^@/\s]*@)?|(?:-h|--host)[= ]?)\$[({{]{re.escape(name)}[)}}]", text)
        for name in variables
    )
