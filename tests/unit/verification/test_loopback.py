"""Which texts differ in nothing but loopback addresses, and what stands in their place."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from service.verification.loopback import replaced_addresses

Pair = tuple[tuple[str, int | None], tuple[str, int | None]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "redis://localhost:6379/0",
            "redis://shop-redis:6379/0",
            [(("localhost", 6379), ("shop-redis", 6379))],
            id="within a URL",
        ),
        pytest.param(
            "localhost:80", "shop:8080", [(("localhost", 80), ("shop", 8080))], id="another port"
        ),
        pytest.param(
            "http://localhost/x",
            "http://shop/x",
            [(("localhost", None), ("shop", None))],
            id="no port in either",
        ),
        pytest.param(
            "localhost:6379:1",
            "shop:6379:1",
            [(("localhost", 6379), ("shop", 6379))],
            id="a number behind the port",
        ),
        pytest.param(
            "http://localhost:80x/",
            "http://shop:80x/",
            [(("localhost", None), ("shop", None))],
            id="what is behind the host is no port",
        ),
        pytest.param(
            "http://localhost:$(PORT)/",
            "http://shop:$(PORT)/",
            [(("localhost", None), ("shop", None))],
            id="a port from a variable",
        ),
        pytest.param(
            "a=127.0.0.1:80,b=localhost:81 c",
            "a=front:80,b=back:82 c",
            [(("127.0.0.1", 80), ("front", 80)), (("localhost", 81), ("back", 82))],
            id="several addresses",
        ),
        pytest.param(
            "a=127.0.0.1:80,b=localhost:81",
            "a=127.0.0.1:80,b=back:81",
            [(("127.0.0.1", 80), ("127.0.0.1", 80)), (("localhost", 81), ("back", 81))],
            id="one of several, in front of it an IPv4 address",
        ),
        pytest.param(
            "a=[::1]:80,b=localhost:81",
            "a=[::1]:80,b=back:81",
            [(("[::1]", 80), ("[::1]", 80)), (("localhost", 81), ("back", 81))],
            id="one of several, in front of it an IPv6 address",
        ),
        pytest.param(
            "a=LocalHost:80,b=localhost:81",
            "a=LocalHost:80,b=back:81",
            [(("LocalHost", 80), ("LocalHost", 80)), (("localhost", 81), ("back", 81))],
            id="one of several, in front of it one in upper case",
        ),
        pytest.param(
            "LOCALHOST:80 x", "shop:80 x", [(("LOCALHOST", 80), ("shop", 80))], id="upper case"
        ),
        pytest.param("tcp://[::1]:80", "tcp://shop:80", [(("[::1]", 80), ("shop", 80))], id="IPv6"),
        pytest.param(
            "127.1.22.254:80;", "shop:80;", [(("127.1.22.254", 80), ("shop", 80))], id="127/8"
        ),
        pytest.param("localhost", "shop", [(("localhost", None), ("shop", None))], id="host alone"),
        pytest.param("::1", "shop", [(("::1", None), ("shop", None))], id="IPv6 host alone"),
        pytest.param("[::1]", "shop", [(("[::1]", None), ("shop", None))], id="in brackets"),
        pytest.param("127.0.0.1", "s", [(("127.0.0.1", None), ("s", None))], id="IPv4 host alone"),
        pytest.param("LOCALHOST", "shop", [(("LOCALHOST", None), ("shop", None))], id="alone, up"),
        pytest.param(
            "localhost", "shop:8080", [(("localhost", None), ("shop", 8080))], id="a port as well"
        ),
        pytest.param(
            "localhost:65535", "shop:1", [(("localhost", 65535), ("shop", 1))], id="highest port"
        ),
        pytest.param(
            "localhost:65536", "shop:1", [(("localhost", None), ("shop", 1))], id="no port at all"
        ),
    ],
)
def test_addresses_are_given_with_what_replaces_them(
    old: str, new: str, expected: list[Pair]
) -> None:
    """Where the texts are equal in all else."""
    assert [
        ((each.loopback, each.port), (each.host, each.new_port))
        for each in replaced_addresses(old, new)
    ] == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("level=info", "level=debug", id="no address at all"),
        pytest.param("redis://localhost:6379/0", "redis://shop:6379/1", id="the end differs"),
        pytest.param("redis://localhost:6379/", "redis://shop:6379/0", id="the end is longer"),
        pytest.param("redis://localhost:6379/", "redis://shop:6379", id="the end is shorter"),
        pytest.param("redis://u:p@localhost:1", "redis://shop:1", id="the beginning differs"),
        pytest.param("a:localhost:1", "b:shop:1", id="the first character differs"),
        pytest.param("redis://localhost:1", "rediss://shop:1", id="the beginning is longer"),
        pytest.param("localhost:1,localhost:2", "a:1;b:2", id="what is between differs"),
        pytest.param("localhost:1,localhost:2", "a:1,", id="one of two is gone"),
        pytest.param("localhost:1,localhost:2", "a:1", id="all behind the first is gone"),
        pytest.param("http://localhost:1/", "http:///", id="nothing stands in its place"),
        pytest.param("http://localhost:1/", "http://Shop:1/", id="no name of a Service"),
        pytest.param("http://localhost:1/", "http://-shop:1/", id="no name, a dash in front"),
        pytest.param("http://localhost:1/", "http://shop-:1/", id="no name, a dash behind"),
        pytest.param("http://localhost:1/", "http://shop:123456/", id="no port"),
        pytest.param("http://localhost:80x/", "http://shop:81x/", id="not a port, but other"),
        pytest.param("localhost:6379:1", "shop:6379:2", id="another number behind the port"),
        pytest.param("localhost", "shop db", id="host alone, and two words"),
        pytest.param("localhost", "", id="host alone, and nothing"),
        pytest.param("localhost", "shop:", id="host alone, and half a port"),
        pytest.param("localhost", "shop:123456", id="host alone, and no port"),
        pytest.param("localhost", "shop:80/", id="host alone, and a path"),
        pytest.param("my-localhost:80", "my-shop:80", id="part of a longer name"),
        pytest.param("localhost.example:80", "shop.example:80", id="a domain"),
        pytest.param("128.0.0.1:80", "shop:80", id="not in 127/8"),
        pytest.param("10.127.0.0.1:80", "10.shop:80", id="numbers in front"),
        pytest.param("::1:80", "shop:80", id="IPv6 without brackets"),
    ],
)
def test_nothing_is_given_where_texts_differ_in_anything_else(old: str, new: str) -> None:
    """Then the second text isn't the first with other addresses."""
    assert replaced_addresses(old, new) == []


class CountedText(str):
    """A text that counts the characters that are taken out of it."""

    __slots__ = ("copied",)
    copied: int

    def __getitem__(self, key: Any) -> str:
        part = super().__getitem__(key)
        self.copied = getattr(self, "copied", 0) + len(part)
        return part


def work(number: int) -> int:
    """The calls made and characters copied for a text of so many addresses."""
    old = CountedText("".join(f"a{place}=localhost:80," for place in range(1000, 1000 + number)))
    new = CountedText("".join(f"a{place}=shop-back:80," for place in range(1000, 1000 + number)))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        replaced = replaced_addresses(old, new)
    finally:
        sys.setprofile(before)
    assert len(replaced) == number
    return calls + old.copied + new.copied


def test_the_work_is_linear_in_the_addresses() -> None:
    """Twice as many addresses cost twice as much, not four times."""
    once, twice = work(200), work(400)
    assert once > 200, "nothing was counted"
    assert twice <= 2 * once
