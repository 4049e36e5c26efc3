"""Workload name.

Looks for: a container or image that is named as the workload, or as the only Service that selects
it; with several Services, a container that the Service of the workload's own name leads to.

Matters because: people name the workload after what it is for.

Example:
    kind: Deployment
    metadata:
      name: orders
    ...
          containers:
            - name: cache
              image: memcached:1.6
            - name: orders
              image: shop/orders:1.4

Comes out: the container is the main one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge.words import load_words
from service.classification.name_words import helper_words, words_of
from service.classification.observation import Claim, Observation
from service.classification.signals.own_service import receiving_container
from service.kube.containers import Container, base_name
from service.kube.objects import LazyLocation

_NUMBER = re.compile(r"-[0-9]+\Z")


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HEAD for each container that is named as the workload or its only Service, and, with
    several Services, for each that the Service of the workload's name leads to.
    """
    resource = context.workload.resource
    names = dict.fromkeys(_names_of_application(resource.name), "the workload")
    if len(context.services) == 1:
        service = context.services[0].service.name
        names.setdefault(service, f"the Service {service}")
    yield from _behind_the_workloads_service(context)
    for container in context.classified_containers:
        for name, owner in names.items():
            field = _field_with_name(container, name)
            if field is None:
                continue
            is_exact = name in (container.name, base_name(container.image))
            relation = "is that of" if is_exact else "shares words with the name of"
            yield Observation(
                case=f"workload-name.{'exact' if is_exact else 'words'}",
                claim=Claim.HEAD,
                subject=container,
                message=f"its {field} {relation} {owner}",
                place=context.lazy_location_of(container, "name"),
            )
            break


def _names_of_application(workload: str) -> tuple[str, ...]:
    """A workload's name, and what is left of it without the number of one of several alike."""
    return tuple(dict.fromkeys((workload, _NUMBER.sub("", workload) or workload)))


def _behind_the_workloads_service(context: PodContext) -> Iterator[Observation]:
    """The containers that a Service of the workload's own name leads to, beside other Services."""
    if len(context.services) < 2:
        return
    for link in context.services:
        if link.service.name not in _names_of_application(context.workload.name):
            continue
        receivers = [receiving_container(context, port) for port in link.ports]
        for container in dict.fromkeys(receivers):
            if container is not None:
                yield Observation(
                    case="workload-name.service",
                    claim=Claim.HEAD,
                    subject=container,
                    message=f"the Service {link.service.name}, named as the workload, leads to it",
                    place=LazyLocation(link.service, ("metadata", "name")),
                )


def _field_with_name(container: Container, name: str) -> str | None:
    """Where a container has a name, or a word of it: `name` or `image`; None if nowhere, or if it
    is the name of a helper.
    """
    if not name or helper_words(name):
        return None
    image_name = base_name(container.image)
    if container.name == name:
        return "name"
    if image_name == name:
        return "image"
    words = set(words_of(name)) - load_words().empty
    if words & set(words_of(container.name)):
        return "name"
    return "image" if words & set(words_of(image_name)) else None
