"""The check of addresses: they lead to the containers that they led to before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.checks.lookup import container_in, containers_behind, describe, identities
from tests.support.checks.texts import LOCALHOST_ADDRESS, texts
from tests.support.cluster import Cluster, Endpoints
from tests.support.pods import Pods

_LOCALHOST = re.compile(r"localhost|127\.0\.0\.1|::1|\[::1\]")
_READ_BY_BROWSERS = re.compile(
    r"REACT_APP_|NEXT_PUBLIC_|NUXT_PUBLIC_|VITE_|VUE_APP_|GATSBY_|EXPO_PUBLIC_|CORS|ORIGIN"
)
"""Variables whose addresses a browser reads, for which they are right as they are."""
_HOST_AND_PORT = r"(localhost|127\.0\.0\.1|\[::1\]|[a-z][a-z0-9.-]*):(\d+)"


@dataclass(frozen=True)
class _Call:
    """An address that was on localhost, and what it reads now."""

    old_number: int
    host: str
    number: int


def check_addresses(before: Cluster, after: Cluster) -> Iterator[str]:
    """An address on localhost is answered by the container that answered it, in the same Pod or
    behind a Service. All other text reads as it did.
    """
    endpoints = after.endpoints()
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            old = texts(container_in(origin, identity), origin, before)
            new = texts(container_in(pods, identity), pods, after)
            if old.keys() != new.keys():
                yield (
                    f"{identity} in {pods.owner} is given other texts:"
                    f" {sorted(old.keys() ^ new.keys())}"
                )
            services = _services_of_neighbours(origin, identity, pods=pods, endpoints=endpoints)
            for place in old.keys() & new.keys():
                calls = _calls(place, old, new, services=services)
                if calls is None:
                    yield (
                        f"{place} of {identity} read {old[place]!r} and reads {new[place]!r} in"
                        f" {pods.owner}"
                    )
                is_unread = old[place] == new[place] and _READ_BY_BROWSERS.search(place)
                for call in () if is_unread else calls or ():
                    wanted = before.localhost_listener(origin, call.old_number)
                    reached = _answering(call, pods, after=after, endpoints=endpoints)
                    # An address that nobody answered may stay, and must not lead to somebody.
                    may_stay = wanted is None and _LOCALHOST.fullmatch(call.host)
                    if reached != {wanted} and not may_stay:
                        yield (
                            f"{place} of {identity} in {pods.owner} called {wanted} on"
                            f" localhost:{call.old_number} and reaches {describe(reached)} at"
                            f" {call.host}:{call.number}"
                        )


def _services_of_neighbours(
    origin: Pods, identity: str, pods: Pods, endpoints: Endpoints
) -> set[str]:
    """The Services of the containers that were in a Pod with a container.

    A host without a port, which means a default port, may turn into one of them.
    """
    neighbours = {container.identity for container in origin.running} - {identity}
    return {
        port.service.name
        for port, reached in endpoints.items()
        if reached
        and port.service.namespace == pods.owner.namespace
        and containers_behind(reached) <= neighbours
    }


def _answering(call: _Call, pods: Pods, after: Cluster, endpoints: Endpoints) -> set[str | None]:
    """Who answers a container of some Pods at an address."""
    if _LOCALHOST.fullmatch(call.host):
        return {after.localhost_listener(pods, call.number)}
    return {
        endpoint.container
        for port, reached in endpoints.items()
        if (port.service.namespace, port.service.name) == (pods.owner.namespace, call.host)
        and (port.number, port.protocol) == (call.number, "TCP")
        for endpoint in reached
    }


def _calls(
    place: str, old: dict[str, str], new: dict[str, str], services: set[str]
) -> list[_Call] | None:
    """The calls on localhost that a text holds, with the addresses that replace them.

    None if anything else in the text has changed.
    """
    old_text, new_text = old[place], new[place]
    if not _LOCALHOST.fullmatch(old_text):
        return _calls_within(old_text, new_text)
    old_number, number = _port_variable(place, old), _port_variable(place, new)
    if old_number is not None and number is not None:
        return [_Call(old_number, new_text, number)]
    return [] if new_text == old_text or new_text in services else None


def _calls_within(old_text: str, new_text: str) -> list[_Call] | None:
    """As `_calls`, for a text that has addresses in it."""
    pattern, end = "", 0
    old_numbers = []
    for match in LOCALHOST_ADDRESS.finditer(old_text):
        pattern += re.escape(old_text[end : match.start()]) + _HOST_AND_PORT
        old_numbers.append(int(match[2]))
        end = match.end()
    aligned = re.fullmatch(pattern + re.escape(old_text[end:]), new_text, re.DOTALL)
    if aligned is None:
        return None
    hosts, numbers = aligned.groups()[::2], aligned.groups()[1::2]
    return [
        _Call(old_number, host, int(number))
        for old_number, host, number in zip(old_numbers, hosts, numbers, strict=True)
    ]


def _port_variable(place: str, given: dict[str, str]) -> int | None:
    """The port in the variable beside one with a host: `DB_PORT` beside `DB_HOST`."""
    stem = re.sub(r"(HOST|ADDR|SERVER)$", "", place)
    value = given.get(f"{stem}PORT", "")
    return int(value) if stem != place and value.isdigit() else None
