"""Container name.

Looks for: whole words that people give to helpers (`sidecar`, `proxy`, `exporter`, `agent`,
`logger`, `reloader`, `sync`, ...), and names built on another container's name (`db` and
`db-backup`).

Matters because: where the image is somebody's own, the name is often the only place that says what
it is for.

Example:
    containers:
      - name: orders
        image: shop/orders:1.4
      - name: orders-log-shipper
        image: shop/shipper:2.0

Comes out: a sidecar with the pattern that the word says, and whom it serves if the name says so
too.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.applications import role_word
from service.classification.context import PodContext
from service.classification.knowledge.words import load_words
from service.classification.name_words import helper_words
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, base_name


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for each container with a helper's word in its name, unless the word is no
    certain one and the image is known as a server; and TOGETHER for each whose name is built on a
    neighbour's.
    """
    known = load_words()
    for container in context.classified_containers:
        words = helper_words(container.name)
        helped = _container_named_in(context, container)
        place = context.lazy_location_of(container, "name")
        entry = context.catalogue_entry(container)
        word = words[-1] if words else ""
        if word and (word in known.certain or entry is None or not entry.stands_alone):
            case = "certain-word" if word in known.certain else "word"
            yield Observation(
                case=f"container-name.{case}",
                claim=Claim.HELPER,
                subject=container,
                message=f"its name has the word {word!r}, which people give to helpers",
                place=place,
                other=helped,
                pattern=known.helpers[word],
            )
        elif not word:
            yield from _called_helper_by_image(context, container)
        if helped is not None:
            yield Observation(
                case="container-name.built-on",
                claim=Claim.TOGETHER,
                subject=container,
                message=f"its name is built on that of {helped.name}",
                place=place,
                other=helped,
            )


def _container_named_in(context: PodContext, container: Container) -> Container | None:
    """The container on whose name this one's is built, by whole words, numbered copies left out."""
    for other in context.classified_containers:
        prefix = f"{other.name}-"
        if (
            other.name
            and container.name.startswith(prefix)
            and not container.name.removeprefix(prefix).isdigit()
        ):
            return other
    return None


def _called_helper_by_image(context: PodContext, container: Container) -> Iterator[Observation]:
    """A container whose unknown image is named as a helper, and for no part of a product."""
    known = load_words()
    words = helper_words(base_name(container.image))
    if not words or context.catalogue_entry(container) or role_word(context, container):
        return
    yield Observation(
        case="container-name.image-word",
        claim=Claim.HELPER,
        subject=container,
        message=f"its image's name has the word {words[-1]!r}, which people give to helpers",
        place=context.lazy_location_of(container, "image"),
        pattern=known.helpers[words[-1]],
    )
