"""Whether no container is left with a loopback address whose listener is elsewhere now.

Every word of every container is walked, by a looser rule than what planned the rewrite: each
address needs a reason to be there that this page finds by itself, and the plan has to have judged
it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.change import WorkloadPlan
from service.classification.knowledge import Catalogue
from service.findings import ContainerType
from service.kube.config_maps import config_values_of
from service.kube.containers import Container
from service.kube.objects import ManifestSet
from service.kube.workloads import Workload
from service.verification.loopback import LooseMention, find_loose_mentions
from service.yamldoc.nodes import Route

_FOR_BROWSERS = re.compile(
    r"(?i)\b(?:REACT_APP|NEXT_PUBLIC|NUXT_PUBLIC|VITE|VUE_APP|GATSBY|EXPO_PUBLIC|PUBLIC|NG_APP"
    r"|STORYBOOK|PREACT_APP|RAZZLE)_|cors|origin|csrf|refer|redirect|callback|logout|browser"
    r"|frontend|front_end|client_ur|public|external|root_ur|site_?ur|app_ur|web_ur|ui_ur|portal"
    r"|nextauth|canonical|homepage|kc_hostname|wp_home|cookie|\.m?js\b|\.html?\b|\.css\b|/html/|/www/"
)
"""Words that show a browser to be the reader."""
_NOT_CALLED = re.compile(
    r"(?i)bind|listen|addr(?:ess)?\b|server_?name|serveralias|allow|deny|trust|real_ip|no_?proxy"
    r"|nonproxy|exclude|ignore|interface|whitelist|hosts\b|domain|pod_?(?:ip|name)|node_?name"
    r"|(?:\A|[\W_])host(?:name)?[\"']?\s*[=:]?\s*\Z"
)
"""Words that show that a server listens there, is called so, or trusts it."""
_COMMENT = re.compile(r"\s*(?:#|;|//)")


@dataclass(frozen=True, slots=True)
class _ContainerText:
    """A text that a container is told."""

    text: str
    """The text."""
    context: str
    """The name of the variable, key or file that holds it."""
    others: str
    """The words beside it in command or args."""
    where: str
    """Where it is, for a message."""
    route: Route
    """Where in its object."""


def find_lost_listeners(
    plan: WorkloadPlan,
    successors: Sequence[Workload],
    manifests: ManifestSet,
    catalogue: Catalogue,
) -> Iterator[str]:
    """The loopback addresses that lead nowhere, now that groups are apart.

    Args:
        plan: what was planned; it lists the addresses that stay.
        successors: the workloads that the containers are in.
        manifests: the set as it is now.
        catalogue: the known images.
    """
    if len(successors) < 2:
        return
    listening = {
        successor: {
            port for container in _running(successor) for port in _ports(container, catalogue)
        }
        for successor in successors
    }
    for successor in successors:
        here = listening[successor]
        others = {
            port for other, ports in listening.items() if other is not successor for port in ports
        }
        disputed = _disputed_ports(successor, successors)
        for container in successor.containers:
            for told in _texts(successor, container, manifests):
                for mention in find_loose_mentions(told.text, told.others):
                    # What probes a container calls that container.
                    is_own_probe = told.where in ("probe", "hook")
                    elsewhere = others - (here if is_own_probe else here - disputed)
                    if _has_reason(mention, told, here, elsewhere):
                        continue
                    place = (container.name, container.route_within(told.route))
                    is_judged = place in plan.left_addresses
                    if mention.ports & elsewhere or not is_judged:
                        yield (
                            f"{container.name} of {successor.title} is still told of its own Pod"
                            f" ({told.where}), where nobody listens any more"
                        )


def _has_reason(
    mention: LooseMention, told: _ContainerText, here: set[int], elsewhere: set[int]
) -> bool:
    """Whether an address may stand where it does."""
    if mention.ports & here and not mention.ports & elsewhere:
        return True
    if _COMMENT.match(mention.line):
        return True
    around = f"{told.context} {mention.before}"
    if _FOR_BROWSERS.search(around):
        return True
    return bool(_NOT_CALLED.search(around)) and not mention.ports & elsewhere


def _disputed_ports(workload: Workload, successors: Sequence[Workload]) -> set[int]:
    """The ports that containers of a workload declare and containers that aren't in it as well: in
    the Pod that they were in, only one of them can have listened there.
    """
    own = {container.name for container in workload.containers}
    away = {
        port.number
        for other in successors
        for container in _running(other)
        if container.name not in own
        for port in container.ports
    }
    return away & {port.number for container in _running(workload) for port in container.ports}


def _running(workload: Workload) -> list[Container]:
    return [
        container
        for container in workload.containers
        if container.type in (ContainerType.REGULAR, ContainerType.NATIVE_SIDECAR)
    ]


def _ports(container: Container, catalogue: Catalogue) -> set[int]:
    """The ports on which a container may listen: those that it declares, or its image has."""
    entry = catalogue.match(container.image)
    known = (*entry.ports, *entry.metrics_ports) if entry is not None else ()
    return {*(port.number for port in container.ports), *known}


def _texts(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[_ContainerText]:
    names: Mapping[Route, str] = {variable.route: variable.name for variable in container.env}
    invocation = " ".join(word.text for word in container.invocation)
    for word in container.words:
        is_invocation = word.where in ("command", "args")
        before = invocation.partition(word.text)[0][-100:] if is_invocation and word.text else ""
        yield _ContainerText(
            word.text,
            f"{names.get(word.route, '')} {before}",
            invocation[:2000] if is_invocation else "",
            word.where,
            word.route,
        )
    paths = " ".join(f"{mount.path}/" for mount in container.mounts)
    for config, key, value in config_values_of(workload, container, manifests):
        where = f"ConfigMap {config.name}"
        yield _ContainerText(value, f"{key} {paths}", "", where, ("data", key))
