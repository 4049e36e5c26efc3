"""Known image.

Looks for: images in the catalogue, matched on the repository path whatever the registry, mirror
prefix, tag or digest.

Matters because: `fluent-bit` beside something else ships its logs, and `mysql` beside something
else is a database of its own, whoever wrote the manifest and whatever the containers are called.

Example:
    containers:
      - name: app
        image: shop/checkout:3.1
      - name: logs
        image: registry.example.org/mirror/fluent/fluent-bit:3.2

Comes out: a helper image makes its container a sidecar with a pattern; a server that stands alone
makes it an application, and a database or broker more so than a web server, which is often put
before its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge import Entry, ImageRole
from service.classification.knowledge.words import load_words
from service.classification.observation import Claim, Observation
from service.classification.signals.container_name import hints, words_of
from service.kube.containers import Container, base_name

_SERVERS = {"cache": "cache", "web-server": "web-server", "infrastructure": "infrastructure"}
"""Categories that have weights of their own."""


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container in context.classified_containers:
        entry = context.catalogue_entry(container)
        if entry is not None:
            yield from _observations(context, container, entry)
        elif container.index not in context.repurposed:
            yield from _derived(context, container)
        if context.keeps_state(container):
            yield from _beside(context, container)


def _made_for(context: PodContext, helper: Container, entry: Entry) -> Iterator[Observation]:
    """A helper that is named for another container's product, as `redis-exporter` is for Redis."""
    words = {
        word.rstrip("d")
        for word in words_of(entry.id)
        if word not in load_words().helpers and len(word) > 2
    }
    for other in context.classified_containers:
        known = context.catalogue_entry(other)
        if other is helper or known is None or not known.stands_alone:
            continue
        if words & {word.rstrip("d") for word in words_of(known.id)}:
            message = f"its image {entry.title} is made for {known.title}, which {other.name} runs"
            yield Observation(
                "known-image.made-for",
                Claim.TOGETHER,
                helper,
                message,
                context.within(helper, "image"),
                about=other,
            )


def _derived(context: PodContext, container: Container) -> Iterator[Observation]:
    """An image that is named for the server that it is built on, such as `shop/mysql-seeded`."""
    words = words_of(base_name(container.image))
    if hints(container.name) or hints(base_name(container.image)) or len(words) < 2:
        return
    for word in words:
        entry = context.catalogue.match(word)
        if entry is not None and entry.stands_alone:
            message = (
                f"its image is named for {entry.title}, which is commonly run as a workload of"
                " its own"
            )
            yield Observation(
                "known-image.derived",
                Claim.APPLICATION,
                container,
                message,
                context.within(container, "image"),
            )
            return


def _beside(context: PodContext, store: Container) -> Iterator[Observation]:
    """A database beside somebody's own program, which nothing calls a helper."""
    for other in context.classified_containers:
        if (
            other is store
            or context.image_role(other) not in (None, ImageRole.RUNTIME)
            or hints(other.name)
        ):
            continue
        message = (
            f"it keeps state of its own, and {other.name} is no known helper of it: they are kept"
            " and scaled by different rules"
        )
        yield Observation(
            "known-image.datastore-beside",
            Claim.APART,
            store,
            message,
            context.within(store, "image"),
            about=other,
        )


def _observations(context: PodContext, container: Container, entry: Entry) -> Iterator[Observation]:
    place = context.within(container, "image")
    if entry.role is ImageRole.HELPER:
        what = f"a known {entry.pattern} helper" if entry.pattern else "a known helper"
        message = (
            f"its image is {entry.title}, {what} that runs beside the container that it serves"
        )
        yield Observation(
            "known-image.helper", Claim.HELPER, container, message, place, pattern=entry.pattern
        )
        yield from _made_for(context, container, entry)
    elif entry.role is ImageRole.TOOL:
        message = (
            f"its image is {entry.title}, a tool that does what its command says; tools in a Pod"
            " usually help its application"
        )
        yield Observation("known-image.tool", Claim.HELPER, container, message, place)
    elif entry.stands_alone:
        case = (
            "datastore"
            if context.keeps_state(container)
            else _SERVERS.get(entry.category or "", "application")
        )
        if entry.role is ImageRole.EITHER and case == "application":
            case = "either"
        kind = (entry.category or "application").replace("-", " ")
        article = "an" if kind[0] in "aeiou" else "a"
        message = (
            f"its image is {entry.title}, {article} {kind} that is commonly run as a workload of"
            " its own"
        )
        yield Observation(f"known-image.{case}", Claim.APPLICATION, container, message, place)
