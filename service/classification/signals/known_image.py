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
makes it an application, and a database or broker more so than a web server, which often stands in
front of its neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.classification.applications import looks_like_application, private_address
from service.classification.context import PodContext
from service.classification.knowledge import Entry, ImageRole
from service.classification.knowledge.words import load_words
from service.classification.name_words import helper_words, words_of
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, base_name

_CATEGORIES_WITH_WEIGHTS = frozenset({"cache", "web-server", "infrastructure"})
"""Categories of applications that have weights of their own."""


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for helpers and tools, APPLICATION for servers and for images that are named
    for one, TOGETHER for a helper and the product that it is made for, and APART for a database
    and somebody's own program.
    """
    for container in context.classified_containers:
        entry = context.catalogue_entry(container)
        if entry is not None:
            yield from _by_role(context, container, entry)
        elif not context.is_repurposed(container):
            yield from _named_for_server(context, container)
            yield from _made_for_store(context, container)
        yield from _behind_web_server(context, container)
        if context.keeps_state(container):
            yield from _database_beside_program(context, container)


def _by_role(context: PodContext, container: Container, entry: Entry) -> Iterator[Observation]:
    """What the catalogue says of an image."""
    if entry.role is ImageRole.HELPER:
        kind = f"a known {entry.pattern} helper" if entry.pattern else "a known helper"
        yield Observation(
            case="known-image.helper",
            claim=Claim.HELPER,
            subject=container,
            message=f"its image is {entry.title}, {kind} that runs beside the container that it"
            " serves",
            place=context.lazy_location_of(container, "image"),
            pattern=entry.pattern,
        )
        yield from _helper_made_for_product(context, container, entry)
    elif entry.role is ImageRole.TOOL:
        yield Observation(
            case="known-image.tool",
            claim=Claim.HELPER,
            subject=container,
            message=f"its image is {entry.title}, a tool that does what its command says; tools in"
            " a Pod usually help its application",
            place=context.lazy_location_of(container, "image"),
        )
    elif entry.stands_alone:
        kind = (entry.category or "application").replace("-", " ")
        article = "an" if kind[0] in "aeiou" else "a"
        yield Observation(
            case=f"known-image.{_server_case(context, container, entry)}",
            claim=Claim.APPLICATION,
            subject=container,
            message=f"its image is {entry.title}, {article} {kind} that is commonly run as a"
            " workload of its own",
            place=context.lazy_location_of(container, "image"),
        )


def _server_case(context: PodContext, container: Container, entry: Entry) -> str:
    """The case of a server that stands alone."""
    if context.keeps_state(container):
        return "datastore"
    if entry.category in _CATEGORIES_WITH_WEIGHTS:
        return entry.category
    return "either" if entry.role is ImageRole.EITHER else "application"


def _helper_made_for_product(
    context: PodContext, helper: Container, entry: Entry
) -> Iterator[Observation]:
    """A helper that is named for another container's product, as `redis-exporter` is for Redis."""
    words = {
        _without_daemon(word)
        for word in words_of(entry.id)
        if word not in load_words().helpers and len(word) > 2
    }
    for other in context.classified_containers:
        product = context.catalogue_entry(other)
        if product is None or not product.stands_alone:
            continue
        if words & set(map(_without_daemon, words_of(product.id))):
            yield Observation(
                case="known-image.made-for",
                claim=Claim.TOGETHER,
                subject=helper,
                message=f"its image {entry.title} is made for {product.title}, which {other.name}"
                " runs",
                place=context.lazy_location_of(helper, "image"),
                other=other,
            )


def _without_daemon(word: str) -> str:
    """A word without the letter for a daemon behind it: `mysqld` and `mysql` are one product."""
    return word.rstrip("d")


def _named_for_server(context: PodContext, container: Container) -> Iterator[Observation]:
    """An image that is named for the server that it is built on, such as `shop/mysql-seeded`."""
    image_name = base_name(container.image)
    words = words_of(image_name)
    if helper_words(container.name) or helper_words(image_name) or len(words) < 2:
        return
    if next(_made_for_store(context, container), None) is not None:
        return
    for word in words:
        entry = context.catalogue.match(word)
        if entry is not None and entry.stands_alone:
            yield Observation(
                case="known-image.derived",
                claim=Claim.APPLICATION,
                subject=container,
                message=f"its image is named for {entry.title}, which is commonly run as a workload"
                " of its own",
                place=context.lazy_location_of(container, "image"),
            )
            return


def _database_beside_program(context: PodContext, store: Container) -> Iterator[Observation]:
    """A database beside somebody's own program, which nothing calls a helper; not one that listens
    for its neighbours alone.
    """
    if private_address(context, store) is not None:
        return
    for other in context.classified_containers:
        if context.image_role(other) not in (None, ImageRole.RUNTIME) or helper_words(other.name):
            continue
        if _helps_store(context, other, store):
            continue
        yield Observation(
            case="known-image.datastore-beside",
            claim=Claim.APART,
            subject=store,
            message=f"it keeps state of its own, and {other.name} is no known helper of it: they"
            " are kept and scaled by different rules",
            place=context.lazy_location_of(store, "image"),
            other=other,
        )


def _made_for_store(context: PodContext, container: Container) -> Iterator[Observation]:
    """A container that is named for the store beside it, and serves and keeps nothing itself."""
    store = _named_store(context, container)
    if store is None or _has_work_of_its_own(context, container):
        return
    yield Observation(
        case="known-image.made-for",
        claim=Claim.TOGETHER,
        subject=container,
        message=f"it is named for what {store.name} runs, and has no port or data of its own",
        place=context.lazy_location_of(container, "name"),
        other=store,
    )


def _helps_store(context: PodContext, container: Container, store: Container) -> bool:
    """Whether a container is there for a store: named for it, or beside the store of a
    StatefulSet, which is what that was made for.
    """
    if _has_work_of_its_own(context, container):
        return False
    if _named_store(context, container) is store:
        return True
    is_of_store = context.workload.resource.kind == "StatefulSet"
    return is_of_store and not looks_like_application(context, container)


def _has_work_of_its_own(context: PodContext, container: Container) -> bool:
    is_served = bool(context.traffic_ports(container))
    return is_served or context.own_claim(container) is not None


def _named_store(context: PodContext, container: Container) -> Container | None:
    """The store beside a container that its name or image is named for, as a `redis-joiner` is for
    Redis; None without one. A `shop-redis` may be a shop that uses it, and a `redis-api` serves.
    """
    phrases = (words_of(container.name), words_of(base_name(container.image)))
    known = load_words()
    for store in context.classified_containers:
        entry = context.catalogue_entry(store)
        if store is container or entry is None or not context.is_store(store):
            continue
        products = set(words_of(entry.id))
        for words in phrases:
            is_for_it = bool(products & set(words[:-1]))
            if is_for_it and words[-1] not in known.applications | known.empty:
                return store
    return None


def _behind_web_server(context: PodContext, container: Container) -> Iterator[Observation]:
    """A FastCGI server (php-fpm), which only a web server calls, and the one beside it."""
    if "fpm" not in re.split(r"[-_./:]", container.image):
        return
    for other in context.classified_containers:
        entry = context.catalogue_entry(other)
        if other is not container and entry is not None and entry.category == "web-server":
            yield Observation(
                case="known-image.made-for",
                claim=Claim.TOGETHER,
                subject=container,
                message=f"it speaks FastCGI, which the web server {other.name} hands on to",
                place=context.lazy_location_of(container, "image"),
                other=other,
            )
