"""Where containers are told of their own Pod."""

from __future__ import annotations

import pytest

from service.actions.split.mentions import Mention, Text, find_mentions, texts_of
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, manifest, refusal_of

CONTAINER = candidate_of(bare_pod()).workload.containers[0]
RESOURCE = candidate_of(bare_pod()).resource


def text(value: str, where: str = "env", **others: object) -> Text:
    return Text(CONTAINER, where, RESOURCE, ("spec",), value, **others)  # type: ignore[arg-type]


def mentions(value: str, where: str = "env", **others: object) -> list[Mention]:
    return find_mentions(text(value, where, **others))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("localhost:80", [("localhost", 80)]),
        ("http://LocalHost:80/a", [("LocalHost", 80)]),
        ("http://localhost", [("localhost", 80)]),
        ("wss://u:p@localhost/a", [("localhost", 443)]),
        ("localhost.:80", [("localhost", 80)]),
        ("localhost.localdomain:80", [("localhost.localdomain", 80)]),
        ("ip6-loopback:80", [("ip6-loopback", 80)]),
        ("127.1:80 127.0.0.53", [("127.1", 80), ("127.0.0.53", None)]),
        ("[::1]:80 ::1", [("[::1]", 80), ("::1", None)]),
        ("[0:0:0:0:0:0:0:1]:80", [("[0:0:0:0:0:0:0:1]", 80)]),
        ("[::]:80", [("[::]", 80)]),
        ("0.0.0.0:80 [::]:81", [("0.0.0.0", 80), ("[::]", 81)]),
        ("-hlocalhost -p 5432", [("localhost", 5432)]),
        ("psql -h localhost -P5432", [("localhost", 5432)]),
        ("host=localhost port=5432", [("localhost", 5432)]),
        ("nc -z localhost 5432", [("localhost", 5432)]),
        ("nc -z localhost; sleep 5432", [("localhost", None)]),
        ("echo >/dev/tcp/localhost/5432", [("localhost", 5432)]),
        ("redirect=http%3A%2F%2Flocalhost%3A80", [("localhost", 80)]),
        ("${HOST:-localhost}:80", [("localhost", None)]),
        ("localhost:$PORT", [("localhost", None)]),
        ("localhost:99999", [("localhost", None)]),
        ("mylocalhost:80", []),
        ("localhost-2:80", []),
        ("localhost.example.org", []),
        ("/etc/localhost", []),
        ("127.0.0.0/8", []),
        ("12127.0.0.1", []),
        ("fe80::1", []),
        ("1.2.3.4", []),
    ],
)
def test_every_spelling_is_found_with_its_port(
    value: str, found: list[tuple[str, int | None]]
) -> None:
    """Names that merely hold one, networks and paths are none."""
    assert [(mention.host, mention.port) for mention in mentions(value)] == found


def test_the_port_may_be_in_the_words_behind() -> None:
    """Of command and args, as a word or an option."""
    (mention,) = mentions("localhost", "args", after=("5432",))
    assert (mention.port, mention.is_port_elsewhere) == (5432, True)
    assert mentions("--host=localhost", "args", after=("-v", "--port=1234"))[0].port == 1234
    assert mentions("localhost", "args", after=("-p", "1234"))[0].port == 1234
    assert mentions("localhost", "args", after=("a", "5432"))[0].port is None
    assert mentions("localhost", "env", after=("5432",))[0].port is None


def test_comments_are_no_addresses() -> None:
    """In files; in a word a `#` may be anything."""
    config = "# localhost:1\n; localhost:2\na: localhost:3 # localhost:4\n"
    ports = [mention.port for mention in mentions(config, "ConfigMap a")]
    assert ports == [3, 4]
    assert len(mentions("# localhost", "args")) == 1


def test_a_mention_knows_its_surroundings() -> None:
    """Its line, its scheme, and whether it is all there is."""
    (mention,) = mentions("a: 1\nurl: http://localhost:80/a", "ConfigMap a")
    assert mention.line_before == "url: http://"
    assert mention.has_scheme
    assert not mention.is_whole
    assert mention.text.is_config
    assert not mention.text.is_invocation
    assert mentions(" localhost ")[0].is_whole
    assert mentions("0.0.0.0")[0].is_all_addresses
    assert not mentions("127.0.0.1")[0].is_all_addresses


def test_more_mentions_than_are_looked_at_hold_back() -> None:
    """Rather than going unseen."""
    assert len(mentions("localhost " * 200)) == 200
    assert refusal_of(lambda: mentions("localhost " * 201)) is Refusal.LOCALHOST_UNRESOLVED


CONFIG = manifest("v1 ConfigMap", "conf", "data: {a: one, b: two, c: three}")


@pytest.mark.parametrize(
    ("container", "pod", "expected"),
    [
        ("command: [a], args: [b]", "", [("command", "a", "", ""), ("args", "b", "", "")]),
        ("env: [{name: A, value: b}]", "", [("env", "b", "A", "")]),
        ("livenessProbe: {exec: {command: [a]}}", "", [("probe", "a", "", "")]),
        ("lifecycle: {preStop: {exec: {command: [a]}}}", "", [("hook", "a", "", "")]),
        (
            "env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: b}}}]",
            "",
            [("ConfigMap conf", "two", "A", "")],
        ),
        (
            "volumeMounts: [{name: v, mountPath: /etc/x, subPath: a}]",
            "volumes: [{name: v, configMap: {name: conf}}]",
            [("ConfigMap conf", "one", "a", "/etc/x")],
        ),
        (
            "volumeMounts: [{name: v, mountPath: /etc/}]",
            "volumes: [{name: v, configMap: {name: conf, items: [{key: c, path: d}]}}]",
            [("ConfigMap conf", "three", "c", "/etc/c")],
        ),
        ("envFrom: [{configMapRef: {name: other}}]", "", []),
    ],
)
def test_every_text_that_a_container_is_told(
    container: str, pod: str, expected: list[tuple[str, str, str, str]]
) -> None:
    """Words, variables, probes, hooks, and what it reads of ConfigMaps."""
    candidate = candidate_of(bare_pod(container, pod=pod) + CONFIG, "Pod/web")
    (own,) = candidate.workload.containers
    texts = texts_of(candidate.workload, own, candidate.manifests)
    assert [(found.where, found.value, found.name, found.path) for found in texts] == expected


def test_words_know_their_neighbours() -> None:
    """An option before, and eight words behind."""
    candidate = candidate_of(bare_pod("args: [a, b, c, d, e, f, g, h, i, j, k]"))
    (own,) = candidate.workload.containers
    first, second, *_ = texts_of(candidate.workload, own, candidate.manifests)
    assert (first.before, first.after) == ("", tuple("bcdefghi"))
    assert (second.before, second.after) == ("a", tuple("cdefghij"))
