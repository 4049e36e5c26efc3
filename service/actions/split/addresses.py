"""Point what was reached on localhost at a Service.

Every place that names the container's own Pod is decided on, by `address_decisions`. What is called
and would be in another Pod is rewired; what stays is listed with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from service.actions.context import Refused
from service.actions.split.address_decisions import Keep, Rewire, decide_address
from service.actions.split.address_uses import load_address_uses
from service.actions.split.mentions import Mention, find_mentions, texts_of
from service.actions.split.plan import SplitPlan
from service.actions.split.service_addresses import (
    ServiceAddress,
    about_variables,
    existing_address,
    new_service,
)
from service.assumptions import Assumption, AssumptionCode
from service.change import LeftAddress, LeftBecause, NewObject, TrafficFlow
from service.kube.objects import Resource
from service.refusals import Refusal
from service.yamldoc.nodes import Route

_WEB_SCHEME = re.compile(r"(?i)\b(?:https?|wss?)://(?:[^/\s@]*@)?$")
"""What stands before a host that a browser may call."""
_WEB_ADDRESS_NAME = re.compile(r"(?i)(?:url|uri|endpoint|host|api|base|backend|server)s?\Z")
"""Names of variables that hold the address of a server for the web."""


@dataclass(frozen=True, slots=True)
class ConfigMapValue:
    """A value of a ConfigMap with addresses changed."""

    resource: Resource
    """The ConfigMap."""
    route: Route
    """Where in it."""
    text: str
    """What stands there afterwards; may hold secrets."""
    group: int
    """The group that reads it."""


@dataclass(frozen=True, slots=True)
class AddressChanges:
    """What the groups need to go on talking to each other."""

    values: Mapping[int, Mapping[Route, str]] = field(default_factory=dict)
    """By container index, then by route within the workload's object: the text that stands there
    afterwards.
    """
    config_values: Mapping[tuple[Resource, Route], ConfigMapValue] = field(default_factory=dict)
    """By ConfigMap and route within it."""
    objects: tuple[NewObject, ...] = ()
    """Services that had to be made."""
    assumptions: tuple[Assumption, ...] = ()
    """What has to hold."""
    traffic: frozenset[TrafficFlow] = frozenset()
    """Which group calls which, where that didn't leave the Pod."""
    possible_traffic: frozenset[TrafficFlow] = frozenset()
    """Which group may call which, though nothing shows it."""
    addresses: Mapping[tuple[int, int], ServiceAddress] = field(default_factory=dict)
    """By group and container port: the Service that leads there."""
    left: tuple[LeftAddress, ...] = ()
    """The loopback addresses that stay."""

    @property
    def are_any(self) -> bool:
        """Whether containers are told the names of Services."""
        return bool(self.values or self.config_values or self.objects)

    def with_assumption(self, assumption: Assumption | None) -> AddressChanges:
        """These and an assumption, if there is one."""
        if assumption is None or assumption in self.assumptions:
            return self
        return replace(self, assumptions=(*self.assumptions, assumption))

    def with_service(self, plan: SplitPlan, service: NewObject) -> AddressChanges:
        """These and a new Service."""
        added = replace(self, objects=(*self.objects, service))
        return added.with_assumption(about_variables(plan.candidate, service))


@dataclass(frozen=True, slots=True)
class _Replacement:
    """A piece of a text that becomes another one."""

    mention: Mention
    """What is replaced."""
    text: str
    """What stands there afterwards."""
    sources: frozenset[int]
    """The groups that read it."""


def rewire_addresses(plan: SplitPlan) -> AddressChanges:
    """How the groups reach each other once they are apart.

    Raises:
        Refused: somewhere an address can't be seen, can't be judged or can't be changed.
    """
    candidate = plan.candidate
    changes = AddressChanges()
    replacements: list[_Replacement] = []
    for container in candidate.workload.containers:
        for text in texts_of(candidate.workload, container, candidate.manifests):
            for mention in find_mentions(text):
                match decide_address(plan, mention):
                    case Keep() as keep:
                        changes = _with_left(changes, mention, keep)
                    case Rewire() as rewire:
                        changes, replacement = _rewire(plan, mention, rewire, changes)
                        replacements.append(replacement)
    return _with_texts(changes, replacements)


def _with_left(changes: AddressChanges, mention: Mention, keep: Keep) -> AddressChanges:
    """The changes with an address that stays."""
    text = mention.text
    container = text.container
    route = container.route_within(text.route)
    left = LeftAddress(container.name, text.resource, route, keep.because)
    changes = replace(changes, left=(*changes.left, left))
    if keep.because is not LeftBecause.BROWSER:
        return changes
    where = f"{text.name} ({text.where})" if text.name else text.where
    message = (
        f"the address on localhost that {container.name} is told by {where} is for browsers,"
        " and stays: they know no Service's name"
    )
    return changes.with_assumption(Assumption(AssumptionCode.ADDRESS_FOR_BROWSERS, message))


def _rewire(
    plan: SplitPlan, mention: Mention, rewire: Rewire, changes: AddressChanges
) -> tuple[AddressChanges, _Replacement]:
    """The changes with an address that becomes a Service's, and what is replaced.

    Raises:
        Refused: its text can't be changed.
    """
    text, caller = mention.text, mention.text.container
    group = plan.group_of(rewire.target)
    flows = {TrafficFlow(source, group, rewire.port) for source in rewire.sources}
    changes = replace(changes, traffic=changes.traffic | flows)
    key = (group, rewire.port)
    if key not in changes.addresses:
        address = existing_address(plan, rewire.target, rewire.port)
        if address is None:
            service = new_service(plan, rewire.target, rewire.port)
            changes = changes.with_service(plan, service)
            address = ServiceAddress(service.name, rewire.port)
        changes = replace(changes, addresses={**changes.addresses, key: address})
    address = changes.addresses[key]
    if mention.line_before.endswith("https://") and mention.is_port_glued:
        message = (
            f"the certificate that {caller.name} is shown is valid for {address.name}, too, as it"
            " was for localhost"
        )
        certificate = Assumption(AssumptionCode.CERTIFICATE_NAME, message)
        changes = changes.with_assumption(certificate)
    is_web_address = bool(
        _WEB_SCHEME.search(mention.line_before) and _WEB_ADDRESS_NAME.search(text.name)
    )
    if is_web_address and load_address_uses().is_frontend(caller.name, caller.image):
        message = (
            f"{text.name} of {caller.name} is an address that {caller.name} calls itself, and not"
            f" one that its pages hand to browsers: it names the Service {address.name} now"
        )
        changes = changes.with_assumption(
            Assumption(AssumptionCode.ADDRESS_MAY_BE_BROWSERS, message)
        )
    return changes, _Replacement(
        mention, _replacement_text(mention, rewire, address), rewire.sources
    )


def _replacement_text(mention: Mention, rewire: Rewire, address: ServiceAddress) -> str:
    """What stands in an address's place.

    Raises:
        Refused: the port stands elsewhere, and would have to change too.
    """
    if mention.is_port_glued:
        glued = mention.text.value[mention.start + len(mention.host) : mention.end]
        separator = glued.rstrip("0123456789").lstrip(".")
        return f"{address.name}{separator}{address.port}"
    if address.port == rewire.port:
        return address.name
    if mention.has_scheme and mention.port_place is None and not mention.is_port_elsewhere:
        return f"{address.name}:{address.port}"
    message = (
        f"{mention.text.container.name} is told host and port apart, and the Service"
        f" {address.name} has another port: change both"
    )
    raise Refused(Refusal.LOCALHOST_SPLIT_ADDRESS, message)


def _with_texts(changes: AddressChanges, replacements: Iterable[_Replacement]) -> AddressChanges:
    """The changes with the texts that all replacements make."""
    by_text: dict[tuple[Resource, Route], dict[int, _Replacement]] = {}
    for replacement in replacements:
        text = replacement.mention.text
        # Several containers of a group may read one ConfigMap: its addresses are replaced once.
        known = by_text.setdefault((text.resource, text.route), {})
        known[replacement.mention.start] = replacement
    values: dict[int, dict[Route, str]] = {}
    config_values: dict[tuple[Resource, Route], ConfigMapValue] = {}
    for (resource, route), by_place in by_text.items():
        in_order = [by_place[start] for start in sorted(by_place)]
        text = in_order[0].mention.text
        new, position = "", 0
        for replacement in in_order:
            new += text.value[position : replacement.mention.start] + replacement.text
            position = replacement.mention.end
        new += text.value[position:]
        if text.is_config:
            (group,) = in_order[0].sources
            setting = ConfigMapValue(resource, route, new, group)
            config_values[resource, route] = setting
        else:
            values.setdefault(text.container.index, {})[route] = new
    return replace(changes, values=values, config_values=config_values)
