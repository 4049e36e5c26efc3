"""The signal that sees containers which share their processes."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.process_namespace import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(more: str = "", shares: str = "shareProcessNamespace: true") -> str:
    """A workload with two containers, the second with more fields."""
    return workload(f"""
    {shares}
    containers: [{{name: web, image: shop/web}}, {{name: x, image: shop/x{more}}}]
    """)


def test_containers_that_see_each_others_processes_belong_together() -> None:
    """It was asked for on purpose."""
    context = context_of(pod())
    assert seen(observe, context) == [("process-namespace.shared", Claim.TOGETHER, "web", "x")]
    [observation] = observe(context)
    assert observation.message == "the containers share a process namespace"
    assert text_at(observation.place) == "true"


@pytest.mark.parametrize(
    "more",
    [
        *(
            f", args: [sh, -c, 'sleep 9; {command} 1']"
            for command in (
                "kill", "pkill", "killall", "nsenter", "strace", "gdb", "jattach", "perf", "py-spy",
                "dlv", "/usr/bin/kill", "cat /proc/$PID/root",
            )
        ),
        ", command: [kill, '1']",
        ", livenessProbe: {exec: {command: [ls, /proc/1/root]}}",
        ", lifecycle: {preStop: {exec: {command: [sh, -c, 'true&&pkill app']}}}",
        ", securityContext: {capabilities: {add: [NET_ADMIN, SYS_PTRACE]}}",
    ],
)  # fmt: skip
def test_one_that_signals_or_traces_ties_the_two_more(more: str) -> None:
    """By its command, its probes and hooks, or the capability that it is given."""
    context = context_of(pod(more))
    assert seen(observe, context) == [("process-namespace.traced", Claim.TOGETHER, "web", "x")]
    [observation] = observe(context)
    assert observation.message == (
        "the containers share a process namespace, and x signals or traces processes"
    )


@pytest.mark.parametrize(
    "more",
    [
        ", args: [skill, overkill, killer, /perfect, --kill-timeout]",
        ", args: [/proc/1/roo/t]",
        ", env: [{name: STOP, value: pkill web}]",
        ", securityContext: {capabilities: {drop: [SYS_PTRACE]}}",
        ", securityContext: {capabilities: {add: [NET_ADMIN]}}",
    ],
)
def test_words_that_only_look_so_say_no_more(more: str) -> None:
    """Parts of other words, and what only stands in a variable."""
    context = context_of(pod(more))
    assert seen(observe, context) == [("process-namespace.shared", Claim.TOGETHER, "web", "x")]


def test_the_first_of_two_that_trace_is_named() -> None:
    """One is enough."""
    context = context_of(
        workload("""
        shareProcessNamespace: true
        containers:
        - {name: web, image: shop/web, command: [gdb]}
        - {name: x, image: shop/x, command: [strace]}
        - {name: z, image: shop/z}
        """)
    )
    assert seen(observe, context) == [
        ("process-namespace.traced", Claim.TOGETHER, "web", "x"),
        ("process-namespace.traced", Claim.TOGETHER, "web", "z"),
        ("process-namespace.traced", Claim.TOGETHER, "x", "z"),
    ]
    assert [observation.message.split()[-5] for observation in observe(context)] == [
        "web", "web", "x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "shares", ["", "shareProcessNamespace: false", "shareProcessNamespace: 'true'", "hostPID: true"]
)
def test_containers_with_processes_of_their_own_say_nothing(shares: str) -> None:
    """Even where one of them would trace."""
    assert seen(observe, context_of(pod(", command: [gdb]", shares))) == []
