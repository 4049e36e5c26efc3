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
