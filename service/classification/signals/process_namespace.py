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

_TRACES = re.compile(
    r"(?:^|[\s;&|/])(?:kill|pkill|killall|nsenter|strace|gdb|jattach|perf|py-spy|dlv)\b|/proc/\$?\w+/root"
)


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    workload = context.workload
    if workload.pod.get("shareProcessNamespace") is not True:
        return
    place = LazyLocation(workload.resource, (*workload.pod_route, "shareProcessNamespace"))
    for one, other in combinations(context.classified_containers, 2):
        tracer = one if _traces(one) else other if _traces(other) else None
        if tracer is not None:
            message = (
                f"the containers share a process namespace, and {tracer.name} signals or traces"
                " processes"
            )
            yield Observation(
                "process-namespace.traced", Claim.TOGETHER, one, message, place, about=other
            )
        else:
            yield Observation(
                "process-namespace.shared",
                Claim.TOGETHER,
                one,
                "the containers share a process namespace",
                place,
                about=other,
            )


def _traces(container: Container) -> bool:
    added = as_list(value_at(container.data, "securityContext", "capabilities", "add"))
    return "SYS_PTRACE" in added or any(
        _TRACES.search(word.text) for word in container.words if word.where != "env"
    )
