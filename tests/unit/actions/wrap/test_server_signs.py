"""What shows that a Pod which may end is a server all the same."""

from __future__ import annotations

import pytest

from service.actions.wrap.server_signs import sign_of_server
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, refusal_of


def sign(text: str) -> str | None:
    return sign_of_server(candidate_of(text))


@pytest.mark.parametrize(
    ("words", "is_server"),
    [
        ("command: [mysqld]", True),
        ("command: [docker-entrypoint.sh], args: [mysqld]", True),
        ("command: [/usr/local/bin/docker-entrypoint.sh, apache2-foreground]", True),
        ("args: [/usr/sbin/nginx, -g, daemon off;]", True),
        ("command: [gunicorn, -b, ':8000', 'app:app']", True),
        ("command: [mysqld, --initialize-insecure]", False),
        ("command: [nginx, -t]", False),
        ("command: [docker-entrypoint.sh, sh, -c, mysqld --bootstrap]", False),
        ("command: [mysqldump, shop]", False),
        ("command: [echo, mysqld]", False),
        ("", False),
    ],
)
def test_a_servers_own_program_shows_it_in_any_image(words: str, *, is_server: bool) -> None:
    """Home-made images are the rule."""
    assert bool(sign(bare_pod(words))) is is_server


def test_a_host_port_shows_it_wherever_podman_wrote_it() -> None:
    """All ports of a Pod stand at its first container, be it an init container."""
    init = (
        "initContainers: [{name: prepare, image: acme/p, ports: [{containerPort: 1, hostPort: 2}]}]"
    )
    assert sign(bare_pod(pod=init)) == "the host port of prepare"
    assert sign(bare_pod("ports: [{containerPort: 1, hostPort: 2}]")) == "the host port of web"
    assert sign(bare_pod("ports: [{containerPort: 1}]")) is None


def test_a_server_beside_what_ends_makes_no_server() -> None:
    """It would keep a Job from ending, so that it can't be told."""
    text = bare_pod(
        metadata="annotations: {podsplit.dev/roles: 'web=main,db=sidecar'}",
        others=["name: db, image: acme/db, command: [mysqld]"],
    )
    assert refusal_of(lambda: sign(text)) is Refusal.SERVER_BESIDE_JOB
