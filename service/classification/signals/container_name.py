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

import re
from collections.abc import Iterator
from functools import lru_cache

from service.classification.context import PodContext
from service.classification.knowledge.words import load_words
from service.classification.observation import Claim, Observation
from service.kube.containers import Container

_BETWEEN = re.compile(r"[-_.]+")


@lru_cache(maxsize=10_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case, trailing numbers cut off."""
    return tuple(word.rstrip("0123456789") or word for word in _BETWEEN.split(name.lower()) if word)


@lru_cache(maxsize=10_000)
def hints(name: str) -> tuple[str, ...]:
    """The words of a name that people give to helpers, the certain ones last."""
    known = load_words()
    return tuple(
        sorted(
            (word for word in words_of(name) if word in known.helpers),
            key=lambda word: word in known.certain,
        )
    )


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container in context.classified_containers:
        words = hints(container.name)
        whom = _whom(context, container)
        place = context.within(container, "name")
        entry = context.catalogue_entry(container)
        word = words[-1] if words else ""
        if word and (word in load_words().certain or entry is None or not entry.stands_alone):
            case = "certain-word" if word in load_words().certain else "word"
            message = f"its name has the word {word!r}, which people give to helpers"
            pattern = load_words().helpers[word]
            yield Observation(
                f"container-name.{case}",
                Claim.HELPER,
                container,
                message,
                place,
                about=whom,
                pattern=pattern,
            )
        if whom is not None:
            message = f"its name is built on that of {whom.name}"
            yield Observation(
                "container-name.built-on", Claim.TOGETHER, container, message, place, about=whom
            )


def _whom(context: PodContext, container: Container) -> Container | None:
    """The container on whose name this one's is built, by whole words, numbered copies left out."""
    for other in context.classified_containers:
        rest = container.name.removeprefix(other.name + "-")
        if other is not container and other.name and rest != container.name and not rest.isdigit():
            return other
    return None
