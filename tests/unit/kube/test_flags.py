"""Flags: which name an address to listen on."""

from __future__ import annotations

import pytest

from service.kube.flags import is_listen_flag


@pytest.mark.parametrize(
    ("flag", "anywhere", "on_loopback"),
    [
        ("port", True, True),
        ("p", True, True),
        ("HTTP-Port", True, True),
        ("http.listen-address", True, True),
        ("web_addr", True, True),
        ("bind", True, True),
        # With a word for somebody else, an address of the Pod's own is one to call.
        ("mysqld.address", True, False),
        ("storage-port", True, False),
        # Listening and binding are said plainly, whatever else is.
        ("server-bind", True, True),
        ("redis.listen", True, True),
        # Words for calling, and no word at all.
        ("server-port", False, False),
        ("upstream.addr", False, False),
        ("http", False, False),
        ("config", False, False),
        ("support", False, False),
        ("", False, False),
    ],
)
def test_a_flag_is_judged_by_its_words(flag: str, anywhere: bool, on_loopback: bool) -> None:
    """Whole words, in any case."""
    assert is_listen_flag(flag, is_loopback=False) is anywhere
    assert is_listen_flag(flag, is_loopback=True) is on_loopback


LISTENED = "port ports listen listening bind addr address p"
OWN = (
    "http https web grpc rest metrics telemetry health healthz probe ready admin api insecure"
    " secure tls ssl debug pprof app main internal external public private status management"
    " webhook service proxy"
)
CALLED = (
    "server servers endpoint endpoints upstream target backend peer peers remote etcd client db"
    " database redis mysql postgres to forward advertise join connect"
)


def test_every_word_counts() -> None:
    """Each of its kind."""
    assert all(is_listen_flag(word, is_loopback=True) for word in LISTENED.split())
    assert all(is_listen_flag(f"{word}-port", is_loopback=True) for word in OWN.split())
    assert not any(is_listen_flag(f"{word}-port", is_loopback=False) for word in CALLED.split())
