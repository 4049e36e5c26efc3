"""Whose address is it? What becomes of a place that names the container's own Pod.

The container calls it: it is rewired where the listener goes elsewhere. A browser reads it, a
server listens there, nobody calls it: it is left, and the proposal says so. A server hands it to
its clients, or it can't be told: the split is held back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from service.actions.context import Refused
from service.actions.split.address_uses import AddressUse, load_address_uses
from service.actions.split.mentions import Mention, Text
from service.actions.split.plan import SplitPlan
from service.actions.split.service_addresses import check_single
from service.change import LeftBecause
from service.classification.listening import PortBasis
from service.kube.config_maps import readers_of_config_map
from service.kube.containers import Container
from service.kube.objects import as_mappings, as_text, in_same_namespace
from service.kube.references import (
    LISTENING_WORDS,
    LoopbackReference,
    is_address_to_listen_on,
    ports_beside,
)
from service.refusals import Refusal

_BINDING_NAME = re.compile(r"(?i)bind|listen")
_OWN_ADDRESS_WORDS = re.compile(
    r"(?i)bind|listen|server_?name|serveralias|allow|trust|real_ip|no_?proxy|exclude|ignore"
    r"|interface|whitelist|hosts\b"
)
"""Words of lines that name a host to listen there, to be called so, or to trust it."""
_CALLING_WORDS = re.compile(
    r"(?i)upstream|backend|target|remote|endpoint|connect|dsn|database|(?<![a-z])db(?![a-z])"
)
"""Words before an address that show that somebody calls it."""
_BINDING_LINE = re.compile(r"(?i)\s*[\w.-]*(?:bind|listen_addr)[\w-]*\s*[:=]?\s*[\"']?\Z")
"""What stands before a host that a configuration binds a server to, whatever its port."""
_DATABASE_WORDS = frozenset({"db", "database", "sql"})
"""Words in the names of variables that stand for any database."""
_KEY = re.compile(r"([A-Za-z_][\w.-]*)[\"']?\s*(?:=>|[:=])(?!//)")
_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w.-]*)(?=[= ])")
_STATEMENT = re.compile(r"[;{}]")
_TOKEN = re.compile(r"[A-Za-z_][\w.-]*")


@dataclass(frozen=True, slots=True)
class Rewire:
    """The address is to be a Service's."""

    target: Container
    """Who listens there, in another Pod from now on."""
    port: int
    """The port on which it listens."""
    sources: frozenset[int]
    """The groups that call."""


@dataclass(frozen=True, slots=True)
class Keep:
    """The address stays as it is."""

    because: LeftBecause
    """Why."""


Decision: TypeAlias = Rewire | Keep


def decide_address(plan: SplitPlan, mention: Mention) -> Decision:
    """What becomes of an address.

    Raises:
        Refused: it can't be told, or nothing can be done about it.
    """
    use = _use(mention)
    text, container = mention.text, mention.text.container
    if use is AddressUse.NOT_CALLED:
        return Keep(LeftBecause.NOT_CALLED)
    if use is AddressUse.BROWSER:
        return Keep(LeftBecause.BROWSER)
    if use is AddressUse.ADVERTISED:
        message = (
            f"{container.name} is told an address on localhost that a server hands to its clients"
            f" ({text.where}): they would call it in their own Pod"
        )
        raise Refused(Refusal.ADVERTISED_ADDRESS, message)
    reference = _reference(plan, mention)
    if mention.is_all_addresses:
        return _decide_all_addresses(plan, mention, reference)
    if reference.listens or _is_bound_by_config(mention):
        return _decide_listening(plan, mention, reference)
    context = plan.candidate.classification.context
    if reference.port is None and not (
        reference.variable and context.target_of(_as_call(reference, None)) is not None
    ):
        return _decide_without_port(plan, mention)
    return _decide_call(plan, mention, reference)


# Who uses it


def _use(mention: Mention) -> AddressUse | None:
    """Who uses an address, by what it stands in; None if that doesn't tell."""
    uses, text = load_address_uses(), mention.text
    if uses.advertising.search(text.value):
        return AddressUse.ADVERTISED
    if text.path and uses.is_for_browsers(text.path):
        return AddressUse.BROWSER
    for name in _names_of(mention):
        use = uses.by_name(name)
        if use is not None:
            return use
    return None


def _names_of(mention: Mention) -> Iterator[str]:
    """What holds an address, the nearest first: an option or key before it, the statement's first
    word, the word before it, the variable.
    """
    text, line = mention.text, mention.line_before
    named = [
        (match.start(), match[1]) for pattern in (_KEY, _FLAG) for match in pattern.finditer(line)
    ]
    if named:
        yield max(named)[1]
    else:
        if text.before.startswith("-"):
            yield text.before.lstrip("-")
        tokens = _TOKEN.findall(_STATEMENT.split(line)[-1])
        if tokens:
            yield tokens[0]
            yield tokens[-1]
    if text.name:
        yield text.name


def _reference(plan: SplitPlan, mention: Mention) -> LoopbackReference:
    """The address as classification sees it, where it does; else as it is read here."""
    text = mention.text
    # Who is told a password beside a host logs in there: nobody needs one to listen.
    is_named_host = mention.is_whole and text.where == "env" and text.name.upper() == "HOST"
    logs_in = is_named_host and any(
        as_text(variable.get("name")).upper() == "PASSWORD"
        for variable in as_mappings(text.container.data.get("env"))
    )
    if mention.is_whole and text.name:
        place = (text.resource, text.route, text.container.index)
        known = plan.candidate.classification.context.variables_by_place.get(place)
        if known is not None:
            return _as_call(known, known.port) if logs_in else known
    before = f"--{text.name}" if text.name and _BINDING_NAME.search(text.name) else text.before
    is_named_to_listen = is_named_host and not logs_in
    return LoopbackReference(
        container=text.container,
        host=mention.host,
        port=mention.port,
        where=text.where,
        resource=text.resource,
        route=text.route,
        listens=is_named_to_listen
        or is_address_to_listen_on(mention.line_before, before if before.startswith("-") else ""),
        variable=text.name if mention.is_whole else "",
    )


def _is_bound_by_config(mention: Mention) -> bool:
    return mention.text.is_config and bool(_BINDING_LINE.search(mention.line_before))


# Servers


def _decide_all_addresses(
    plan: SplitPlan, mention: Mention, reference: LoopbackReference
) -> Decision:
    """0.0.0.0 is where servers listen; a client that calls it reaches its own host.

    Raises:
        Refused: it is called, and another container may answer.
    """
    text, context = mention.text, plan.candidate.classification.context
    own = context.listening_ports.get(text.container.index, {})
    is_to_listen = LISTENING_WORDS.search(f"{text.before} {text.name} {mention.line_before}")
    if reference.listens or is_to_listen or mention.port in own:
        return Keep(LeftBecause.LISTENS)
    port = mention.port
    if port is None and mention.is_whole and text.name:
        values = {variable.name: variable.value for variable in text.container.env}
        port = next(iter(ports_beside(text.name, values)), None)
    target = context.target_of(_as_call(reference, port)) if port else None
    is_named = mention.is_whole and _names_another(plan, text)
    is_to_call = _CALLING_WORDS.search(f"{text.before} {text.name} {mention.line_before}")
    if target is None and not (is_named or is_to_call or mention.has_scheme):
        return Keep(LeftBecause.LISTENS)
    message = (
        f"{text.container.name} calls its own Pod by another name than localhost ({text.where}):"
        " put a Service's name there first"
    )
    raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)


def _names_another(plan: SplitPlan, text: Text) -> bool:
    """Whether a variable is named for a server that is to be in another Pod."""
    context = plan.candidate.classification.context
    words = set(re.split(r"[^a-z0-9]+", text.name.lower()))
    if words & _DATABASE_WORDS:
        return True
    return any(
        context.is_named_in(text.name, other)
        for other in context.classified_containers
        if other is not text.container
        and not plan.groups_of(text.container) <= plan.groups_of(other)
    )


def _as_call(reference: LoopbackReference, port: int | None) -> LoopbackReference:
    return replace(reference, port=port, listens=False)


def _decide_listening(plan: SplitPlan, mention: Mention, reference: LoopbackReference) -> Decision:
    """A server that listens on loopback alone is reached by nobody in another Pod.

    Raises:
        Refused: it is one that others reach.
    """
    text, context = mention.text, plan.candidate.classification.context
    container = text.container
    is_served = (
        container.index in context.listening_ports
        and reference.port in context.traffic_ports(container)
    )
    if not text.is_config or is_served or _is_bound_by_config(mention):
        raise _loopback_server(text)
    return Keep(LeftBecause.LISTENS)


def _loopback_server(text: Text) -> Refused:
    message = (
        f"{text.container.name} is told to listen on loopback, where only its own Pod reaches it"
        f" ({text.where})"
    )
    return Refused(Refusal.LOOPBACK_SERVER, message)


# Calls


def _decide_without_port(plan: SplitPlan, mention: Mention) -> Decision:
    """A host whose port can't be seen.

    Raises:
        Refused: it may be the port of a container that goes elsewhere.
    """
    text, context = mention.text, plan.candidate.classification.context
    container = text.container
    around = f"{text.before} {text.name} {mention.line_before}"
    if text.where in ("probe", "hook") and context.listening_ports.get(container.index):
        # What a container is probed by is the container itself.
        return Keep(LeftBecause.SAME_POD)
    if text.is_invocation and LISTENING_WORDS.search(f"{text.before} {mention.line_before}"):
        raise _loopback_server(text)
    if not text.is_invocation and _OWN_ADDRESS_WORDS.search(around):
        return Keep(LeftBecause.NOT_CALLED)
    if text.is_config and context.is_store(container):
        # A store's own scripts call the store.
        return Keep(LeftBecause.SAME_POD)
    if text.is_config:
        message = (
            f"the {text.where} gives {container.name} localhost as a host without a port that can"
            " be seen: put a Service's name there"
        )
        raise Refused(Refusal.LOCALHOST_IN_CONFIGMAP, message)
    message = f"{container.name} calls localhost without a port that can be seen ({text.where})"
    raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)


def _decide_call(plan: SplitPlan, mention: Mention, reference: LoopbackReference) -> Decision:
    context, container = plan.candidate.classification.context, mention.text.container
    call = _as_call(reference, reference.port)
    target = context.target_of(call)
    if target is None:
        _check_unknown(plan, call)
        return Keep(LeftBecause.SAME_POD)
    callers = plan.groups_of(container)
    if callers <= plan.groups_of(target):
        return Keep(LeftBecause.SAME_POD)
    if callers & plan.groups_of(target) or (len(callers) > 1 and mention.text.is_config):
        message = (
            f"{container.name} helps several groups and calls {target.name} on localhost, which is"
            " in one of them: say with podsplit.dev/roles whom it helps"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    _check_changeable(plan, mention, target)
    if call.port is None and not _is_named_for(plan, call, target):
        message = (
            f"{container.name} is told a host on localhost without a port, and it can't be told"
            f" that {target.name} is meant"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    port = call.port or next(iter(context.traffic_ports(target)), None)
    if port is None:
        message = f"{container.name} reaches {target.name} on localhost, and the port can't be seen"
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    return Rewire(target, port, callers)


def _check_unknown(plan: SplitPlan, reference: LoopbackReference) -> None:
    """A port that nobody is known to listen on may be that of a container which is to be elsewhere.

    Raises:
        Refused: it may.
    """
    context = plan.candidate.classification.context
    groups = plan.groups_of(reference.container)
    away = [
        container
        for container in context.classified_containers
        if not groups <= plan.groups_of(container)
    ]
    if reference.where in ("probe", "hook") or _is_own_port(plan, reference, away):
        return
    # What a known server listens on is known; another one may listen on more than it declares.
    is_unsure = any(
        not (context.catalogue_entry(container) and context.listening_ports[container.index])
        for container in away
    )
    # Services that are made here speak TCP.
    is_unsure |= any(
        declared.number == reference.port for container in away for declared in container.ports
    )
    if is_unsure or reference.port is None:
        port = f"port {reference.port}" if reference.port else "no port that can be seen"
        message = (
            f"{reference.container.name} calls localhost with {port} ({reference.where}), and it"
            " can't be told who answers: declare the port on that container alone which listens"
            " there"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)


def _is_own_port(plan: SplitPlan, reference: LoopbackReference, away: list[Container]) -> bool:
    """Whether a container is the one of its Pod that listens on a port that it calls.

    Args:
        plan: the split.
        reference: the call.
        away: the containers that are to be elsewhere.
    """
    ports, port = plan.candidate.classification.context.listening_ports, reference.port
    own = ports.get(reference.container.index, {}).get(port) if port is not None else None
    if port is None or own is None or own is PortBasis.DEFAULT:
        return False
    # Of two that declare a port, which can't be, anybody may be meant.
    others = (ports[container.index].get(port) for container in away)
    return not any(other is not None and other.doubt <= own.doubt for other in others)


def _is_named_for(plan: SplitPlan, reference: LoopbackReference, target: Container) -> bool:
    """Whether the variable that holds a host is named for a database, or for what the target
    runs.
    """
    words = set(re.split(r"[-_.]", reference.variable.lower()))
    context = plan.candidate.classification.context
    return bool(words & _DATABASE_WORDS) or context.is_named_in(reference.variable, target)


def _check_changeable(plan: SplitPlan, mention: Mention, target: Container) -> None:
    text = mention.text
    if text.is_config:
        _check_config_map(plan, text)
    if text.where in ("probe", "hook"):
        message = (
            f"a {text.where} of {text.container.name} calls {target.name} on localhost: apart it"
            " would fail for ever"
        )
        raise Refused(Refusal.LOCALHOST_IN_PROBE, message)
    check_single(plan.candidate, target)


def _check_config_map(plan: SplitPlan, text: Text) -> None:
    """A ConfigMap is changed where nobody but the group that is told reads it.

    Raises:
        Refused: somebody else does, or it can't be changed.
    """
    config, candidate = text.resource, plan.candidate
    told = plan.groups_of(text.container)
    own = candidate.own_resources
    others = [
        container
        for workload, container in readers_of_config_map(config, candidate.manifests)
        if workload.resource not in own
        or (workload.resource is candidate.resource and plan.groups_of(container) != told)
    ]
    is_unsure = not in_same_namespace(config, candidate.resource, strictly=True)
    if others or is_unsure or config.data.get("immutable") is True:
        why = (
            f"{others[0].name} reads it too"
            if others
            else "it can't be told to be this workload's alone, or can't be changed"
        )
        message = (
            f"{text.container.name} is told of localhost by the {text.where}, and {why}: put a"
            " Service's name there first"
        )
        raise Refused(Refusal.LOCALHOST_IN_CONFIGMAP, message)
