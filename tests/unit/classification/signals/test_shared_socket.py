"""The signal that sees containers which talk over a unix socket."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.shared_socket import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(web: str = "tty: true", php: str = "tty: true", *, path: str = "/run/php") -> str:
    """A workload with two containers that mount one volume, each told something."""
    return workload(f"""
    containers:
    - name: web
      image: shop/web
      volumeMounts: [{{name: other, mountPath: /other}}, {{name: run, mountPath: {path}}}]
      {web}
    - {{name: php, image: shop/php, volumeMounts: [{{name: run, mountPath: /php}}], {php}}}
    volumes: [{{name: run, emptyDir: {{}}}}, {{name: other, emptyDir: {{}}}}]
    """)


@pytest.mark.parametrize(
    "web",
    [
        "args: ['--fpm=/run/php/fpm.sock']",
        "command: [run, /run/php/a/b.socket]",
        "env: [{name: A, value: b}, {name: FPM, value: 'unix:/run/php/fpm.sock'}]",
        "env: [{name: FPM, value: 'unix:///run/php/fpm.sock'}]",
        "livenessProbe: {exec: {command: [check, /run/php/fpm.sock]}}",
    ],
)
def test_a_socket_on_a_volume_of_both_ties_the_two(web: str) -> None:
    """Wherever one of them is told of it."""
    context = context_of(pod(web))
    assert seen(observe, context) == [("shared-socket.path", Claim.TOGETHER, "web", "php")]


def test_the_message_names_the_volume() -> None:
    """And the place is the text with the path."""
    [observation] = observe(context_of(pod("args: ['/run/php/fpm.sock']")))
    assert observation.message == (
        "is told of a unix socket on the volume 'run', which php mounts too"
    )
    assert text_at(observation.place) == "'/run/php/fpm.sock'"


def test_the_second_may_be_told_instead() -> None:
    """The path is that of its own mount."""
    context = context_of(pod(php="args: ['/php/fpm.sock']"))
    assert seen(observe, context) == [("shared-socket.path", Claim.TOGETHER, "php", "web")]


def test_two_that_are_both_told_are_tied_once() -> None:
    """By what the first one is told, with the first word."""
    context = context_of(
        pod("args: ['/run/php/a.sock', '/run/php/b.sock']", "args: ['/php/a.sock']")
    )
    assert seen(observe, context) == [("shared-socket.path", Claim.TOGETHER, "web", "php")]
    assert text_at(next(observe(context)).place) == "'/run/php/a.sock'"


def test_a_slash_behind_the_mount_path_does_not_matter() -> None:
    """It is the same folder."""
    context = context_of(pod("args: ['/run/php/a.sock']", path="/run/php/"))
    assert seen(observe, context) == [("shared-socket.path", Claim.TOGETHER, "web", "php")]


def test_every_pair_is_looked_at() -> None:
    """One that is told of nothing doesn't end the search."""
    context = context_of(
        workload("""
        containers:
        - {name: a, image: shop/a, volumeMounts: [{name: run, mountPath: /run}]}
        - {name: b, image: shop/b, volumeMounts: [{name: run, mountPath: /run}]}
        - name: c
          image: shop/c
          args: [serve, /run/c.sock]
          volumeMounts: [{name: run, mountPath: /run}]
        volumes: [{name: run, emptyDir: {}}]
        """)
    )
    assert seen(observe, context) == [
        ("shared-socket.path", Claim.TOGETHER, "c", "a"),
        ("shared-socket.path", Claim.TOGETHER, "c", "b"),
    ]


def test_a_pair_that_is_seen_does_not_end_the_search() -> None:
    """The container behind it is held against the others as well."""
    context = context_of(
        workload("""
        containers:
        - {name: a, image: shop/a, args: [/r/a.sock], volumeMounts: [{name: v, mountPath: /r}]}
        - {name: b, image: shop/b, args: [/r/b.sock], volumeMounts: [{name: v, mountPath: /r}]}
        - {name: c, image: shop/c, volumeMounts: [{name: v, mountPath: /r}]}
        volumes: [{name: v, emptyDir: {}}]
        """)
    )
    assert seen(observe, context) == [
        ("shared-socket.path", Claim.TOGETHER, "a", "b"),
        ("shared-socket.path", Claim.TOGETHER, "a", "c"),
        ("shared-socket.path", Claim.TOGETHER, "b", "c"),
    ]


@pytest.mark.parametrize(
    "web",
    [
        "args: ['/run/other/fpm.sock']",
        "args: ['/run/phpx/fpm.sock']",
        "args: ['/other/fpm.sock']",
        "args: ['/run/php/fpm.sockets']",
        "args: ['/run/php/fpm.pid']",
        "args: ['/run/php']",
        f"args: ['/run/php/{'x' * 101}.sock']",
        "tty: true",
    ],
)
def test_other_paths_say_nothing(web: str) -> None:
    """No volume, a volume of its own, no socket, longer than a socket's path can be."""
    assert seen(observe, context_of(pod(web))) == []
