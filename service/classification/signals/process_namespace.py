"""Process namespace.

Looks for: `shareProcessNamespace: true`, and containers whose command signals, traces or inspects
processes (`kill`, `pkill`, `nsenter`, `strace`, `gdb`, `jattach`, `SYS_PTRACE`).

Matters because: processes can only be seen and signalled within one Pod.

Example:
    spec:
      shareProcessNamespace: true
      containers:
        - name: nginx
        - name: reloader
          args: ["sh", "-c", "inotifyd reload /etc/nginx; pkill -HUP nginx"]

Comes out: the containers of the Pod belong together, surely those that signal or trace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.kube.containers import Container
from service.kube.objects import LazyLocation, as_list, value_at

_TRACING_COMMAND = re.compile(
    r"(?:^|[\s;&|/])(?:kill|pkill|killall|nsenter|strace|gdb|jattach|perf|py-spy|dlv)\b|/proc/\$?\w+/root"
)


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each two containers of a Pod that shares its process namespace."""
    workload = context.workload
    if workload.pod.get("shareProcessNamespace") is not True:
        return
    for one, other in combinations(context.classified_containers, 2):
        tracer = next((container for container in (one, other) if _is_tracing(container)), None)
        message = "the containers share a process namespace"
        if tracer is not None:
            message += f", and {tracer.name} signals or traces processes"
        yield Observation(
            case=f"process-namespace.{'shared' if tracer is None else 'traced'}",
            claim=Claim.TOGETHER,
            subject=one,
            message=message,
            place=LazyLocation(workload.resource, (*workload.pod_route, "shareProcessNamespace")),
            other=other,
        )


def _is_tracing(container: Container) -> bool:
    """Whether a container may trace processes, or runs a command that signals or traces them."""
    capabilities = as_list(value_at(container.data, "securityContext", "capabilities", "add"))
    return "SYS_PTRACE" in capabilities or any(
        _TRACING_COMMAND.search(word.text) for word in container.words if word.where != "env"
    )
