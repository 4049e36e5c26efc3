"""Programs that people run in containers: the ports they listen on and the data they keep.

This holds whatever a manifest declares. The ports are the defaults that the images' own pages name.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.pods import Container, declared_ports


@dataclass(frozen=True)
class Program:
    """A program in an image."""

    image: str
    """The repository, without a tag."""
    names: tuple[str, ...]
    """What people call its container."""
    listens: tuple[tuple[str, int], ...] = ()
    """Names and numbers of its ports."""
    data: str | None = None
    """The folder of the data that must not be lost."""
    loopback_only: bool = False
    """Whether its arguments bind it to the loopback address."""


SERVERS = (
    Program("nginx", ("nginx", "web", "frontend", "static"), (("http", 80),)),
    Program("httpd", ("httpd", "site", "docs"), (("http", 80),)),
    Program(
        "postgres",
        ("postgres", "db", "database"),
        (("postgres", 5432),),
        "/var/lib/postgresql/data",
    ),
    Program("mysql", ("mysql", "db"), (("mysql", 3306),), "/var/lib/mysql"),
    Program("mongo", ("mongo", "db"), (("mongo", 27017),), "/data/db"),
    Program("redis", ("redis", "cache"), (("redis", 6379),), "/data"),
    Program("memcached", ("memcached", "cache"), (("memcache", 11211),)),
    Program(
        "rabbitmq",
        ("rabbitmq", "queue", "broker"),
        (("amqp", 5672), ("management", 15672)),
        "/var/lib/rabbitmq",
    ),
    Program("grafana/grafana", ("grafana", "dashboard"), (("web", 3000),), "/var/lib/grafana"),
    Program("prom/prometheus", ("prometheus",), (("web", 9090),), "/prometheus"),
    Program("wordpress", ("wordpress", "blog"), (("http", 80),), "/var/www/html"),
    Program("docker.io/library/tomcat", ("tomcat", "app"), (("http", 8080),)),
    Program(
        "docker.elastic.co/elasticsearch/elasticsearch",
        ("elasticsearch", "search"),
        (("rest", 9200),),
        "/usr/share/elasticsearch/data",
    ),
)
"""Servers that are run alone."""

HELPERS = (
    Program("fluent/fluent-bit", ("fluent-bit", "log-shipper", "logs"), (("metrics", 2020),)),
    Program("quay.io/oauth2-proxy/oauth2-proxy", ("oauth2-proxy", "auth"), (("auth", 4180),)),
    Program(
        "nginx/nginx-prometheus-exporter", ("nginx-exporter", "exporter"), (("metrics", 9113),)
    ),
    Program("oliver006/redis_exporter", ("redis-exporter", "metrics"), (("metrics", 9121),)),
    Program(
        "gcr.io/cloud-sql-connectors/cloud-sql-proxy",
        ("cloud-sql-proxy", "sql-proxy"),
        (("sql", 5433),),
        loopback_only=True,
    ),
    Program("registry.k8s.io/git-sync/git-sync", ("git-sync", "content"), ()),
    Program("jimmidyson/configmap-reload", ("config-reloader", "reloader"), ()),
    Program("busybox", ("tail", "logger", "debug"), ()),
)
"""Programs that run beside another one."""

IN_HOUSE = (
    Program("registry.example.com/shop/web", ("web", "frontend", "shop"), (("http", 8000),)),
    Program("registry.example.com/shop/api", ("api", "backend", "server"), (("http", 8081),)),
    Program("ghcr.io/acme/worker", ("worker", "consumer", "jobs"), ()),
    Program("ghcr.io/acme/ledger", ("ledger", "billing"), (("grpc", 50051),)),
    Program("acme/thing", ("thing", "main", "app"), (("", 7070),)),
)
"""Programs that no public catalogue knows."""

OTHER_SERVERS = (
    Program("couchbase", (), (("web", 8091),)),
    Program("jenkins/jenkins", (), (("http", 8080),)),
    Program("hashicorp/http-echo", (), (("http", 5678),)),
    Program("php", (), (("fpm", 9000),)),
    Program("mariadb", (), (("mysql", 3306),)),
    Program("consul", (), (("http", 8500),)),
)
"""Servers of real manifests that declare no port of them."""

_KNOWN = {
    program.image.removeprefix("docker.io/library/"): program
    for program in (*SERVERS, *HELPERS, *IN_HOUSE, *OTHER_SERVERS)
}


def program_of(container: Container) -> Program | None:
    """The program in a container, if it is known and the container starts it by default."""
    image = str(container.data.get("image", "")).partition("@")[0]
    repository = image if ":" not in image.rpartition("/")[2] else image.rpartition(":")[0]
    # A copy of an official image in another registry is the same program.
    known = _KNOWN.get(repository.removeprefix("docker.io/library/")) or _KNOWN.get(
        repository.rpartition("/")[2]
    )
    return None if container.data.get("command") else known


def default_ports(container: Container) -> frozenset[tuple[int, str]]:
    """What a container's program listens on by default, whatever the manifest declares."""
    program = program_of(container)
    return frozenset((number, "TCP") for _, number in (program.listens if program else ()))


def usual_ports(container: Container) -> frozenset[tuple[int, str]]:
    """What a container declares, and what its program listens on by default."""
    return declared_ports(container) | default_ports(container)
