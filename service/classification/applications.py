"""Which containers look like applications of their own, whatever they stand beside."""

from __future__ import annotations

from typing import NamedTuple

from service.classification.context import PodContext
from service.classification.knowledge import Entry, ImageRole
from service.classification.knowledge.words import load_words
from service.classification.name_words import helper_words, words_of
from service.findings import Pattern
from service.kube.containers import Container, base_name, repository
from service.kube.references import LoopbackReference


class RoleWord(NamedTuple):
    """A word that says which part of a product a container is."""

    field: str
    """Where it stands: `name` or `image`."""
    word: str
    """The word."""
    role: str
    """What it stands for, as `words.yaml` sorts them."""


def role_word(context: PodContext, container: Container) -> RoleWord | None:
    """The word that says which part of a product a container is, of its name or else of its
    image; None without one, and for images that are known better.
    """
    if is_known_by_image(context, container):
        return None
    roles = load_words().roles
    for field, name in (("name", container.name), ("image", base_name(container.image))):
        for word in words_of(name):
            if word in roles:
                return RoleWord(field, word, roles[word])
    return None


def looks_like_application(context: PodContext, container: Container) -> bool:
    """Whether a container looks like an application of its own: it serves traffic, or is named for
    a part of a product, and neither name nor image has a sign of a helper.
    """
    entry = context.catalogue_entry(container)
    is_named = role_word(context, container) is not None
    if entry is not None and not _may_be_application(entry, is_named=is_named):
        return False
    if has_sign_of_helper(container) or context.is_repurposed(container):
        return False
    if _is_private_cache(context, container) or private_address(context, container) is not None:
        return False
    return is_named or bool(context.traffic_ports(container))


def _is_private_cache(context: PodContext, container: Container) -> bool:
    """Whether a container is a cache that keeps nothing and has no Service: often a part of the
    application beside it.
    """
    if not context.is_store(container) or context.keeps_state(container):
        return False
    return not any(port.container is container for link in context.services for port in link.ports)


def has_sign_of_helper(container: Container) -> bool:
    """Whether a container's name, its image's or its subcommand has a word that people give to
    helpers.
    """
    subcommand = next((word.text for word in container.invocation), "")
    names = (container.name, base_name(container.image), subcommand.rpartition("/")[2][:64])
    return any(map(helper_words, names))


def _may_be_application(entry: Entry, *, is_named: bool) -> bool:
    """Whether a known image may be an application's: parts of the cluster and what is made to stand
    in front of others, log, or look after secrets, are put beside others on purpose. A web server
    that is named for a part of a product holds that part.
    """
    if is_named and entry.category == "web-server":
        return True
    if entry.role not in (ImageRole.APPLICATION, ImageRole.EITHER, ImageRole.RUNTIME):
        return False
    return entry.category != "infrastructure" and entry.pattern in (None, Pattern.OTHER)


def is_known_by_image(context: PodContext, container: Container) -> bool:
    """Whether a container's image says more than its name: known, and no mere base of somebody's
    program, as a language or a web server is; or a server's that runs something else.
    """
    entry = context.catalogue_entry(container)
    is_base = entry is None or entry.role is ImageRole.RUNTIME or entry.category == "web-server"
    return not is_base or context.is_repurposed(container)


def are_two_applications(context: PodContext, one: Container, other: Container) -> bool:
    """Whether two containers each look like an application of their own, and run images of
    different repositories.
    """
    if not (one.image and other.image) or repository(one.image) == repository(other.image):
        return False
    if not (looks_like_application(context, one) and looks_like_application(context, other)):
        return False
    # A web server holds a part of a product only where another part is beside it.
    entries = map(context.catalogue_entry, (one, other))
    is_web_server = any(entry is not None and entry.category == "web-server" for entry in entries)
    return not is_web_server or different_parts(context, one, other) is not None


def different_parts(
    context: PodContext, one: Container, other: Container
) -> tuple[RoleWord, RoleWord] | None:
    """The words by which two containers are named for different parts of a product; None if they
    aren't.
    """
    own, others = role_word(context, one), role_word(context, other)
    if own is None or others is None or own.role == others.role:
        return None
    return own, others


def private_address(context: PodContext, container: Container) -> LoopbackReference | None:
    """The loopback address that a container is told by its command to listen on, where it declares
    no port and is known to listen there; None without one.
    """
    first = next(
        (
            reference
            for reference in context.references
            if reference.container is container
            and reference.listens
            and reference.where in ("command", "args")
        ),
        None,
    )
    is_private = (
        first is not None
        and not container.ports
        and first.port in context.listening_ports[container.index]
    )
    return first if is_private else None
