"""The cost of one document is bounded: inputs made to be costly end soon, with the right error or
none.

The work runs in a process of its own, because a hang inside of libyaml or of a regular expression
can't be stopped from within. The time limit measures nothing: what grows with the square of these
inputs would take hours.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from multiprocessing.connection import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import DeadlineExceeded, InputError, LimitExceeded
from service.options import Options
from service.pipeline import run
from service.text import SourceFile
from service.yamldoc.compose import Limits
from service.yamldoc.stream import Document, parse

SIZE = 2_000_000
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n    "
    "  image: nginx\n"
)
NINES = "".join(
    f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 30)
)


def chain(head: str, link: str) -> str:
    """A chain of anchors, each holding the one before it."""
    return head + "".join(
        link.format(this=number, last=number - 1) for number in range(1, SIZE // 30)
    )


CASES: dict[str, tuple[str, str]] = {
    "flow sequences": ("a: " + "[" * SIZE, "depth"),
    "flow mappings": ("{a: " * (SIZE // 4), "depth"),
    "sequences": ("- " * (SIZE // 2), "depth"),
    "mappings": ("".join(" " * level + "a:\n" for level in range(2000)), "depth"),
    "JSON": ('{"a":' * (SIZE // 5), "depth"),
    "closed flow sequences": ("a: " + "[" * 150 + "]" * 150 + "\n" + "b: []\n" * (SIZE // 6), ""),
    "a long key": ("a" * SIZE + ": 1\n", "yaml-syntax"),
    "a long explicit key": ("? " + "a" * SIZE + "\n: 1\n", ""),
    "a scalar over the limit": ("a: " + "b" * 5_000_000, "scalar-length"),
    "words": ("a: " + "b " * (SIZE // 2), ""),
    "escapes": ('a: "' + "\\x41" * (SIZE // 4) + '"\n', ""),
    "folded lines": ("a: >\n" + "  b\n" * (SIZE // 4), ""),
    "plain lines": ("a: b\n" + "  b\n" * (SIZE // 4), ""),
    "blanks in a block scalar": ("a: |\n  x" + " " * SIZE + "y\n", ""),
    "line breaks in a block scalar": ("a: |\n  x\n" + "\n" * SIZE + "  y\n", ""),
    "line breaks behind a block scalar": ("a: |\n  x\n" + "\n" * SIZE, ""),
    "unicode line breaks": ("a: |\n  x" + "\u2028\x85" * (SIZE // 2) + "y\n", "yaml-syntax"),
    "unicode line breaks in quotes": ("a: 'x" + "\u2028\u2029" * (SIZE // 2) + "y'\n", ""),
    "block scalars": ("".join(f"k{number}: |\n  x  \n\n\n" for number in range(SIZE // 16)), ""),
    "tabs": ("a:" + "\t" * SIZE + "b\n", ""),
    "anchors": ("".join(f"k{number}: &a{number} 1\n" for number in range(SIZE // 16)), ""),
    "aliases": ("a: &x 1\n" + "".join(f"k{number}: *x\n" for number in range(SIZE // 16)), ""),
    "a billion laughs": (f"a0: &a0 [1,1,1,1,1,1,1,1,1]\n{NINES}", "aliases"),
    "aliases in aliases": (chain("a0: &a0 [1]\n", "a{this}: &a{this} [*a{last}]\n"), "aliases"),
    "merges of merges": (
        chain("a0: &a0 {x: 1}\n", "a{this}: &a{this} {{<<: *a{last}}}\n"),
        "aliases",
    ),
    "a list of merges": (
        "a: &a {x: 1}\nb: {<<: [" + ",".join(["*a"] * (SIZE // 4)) + "]}\n",
        "aliases",
    ),
    "an anchor in itself": ("a: &a {<<: *a}\n", "recursive-alias"),
    "tag directives": (
        "".join(f"%TAG !a{number}! tag:x,2000:\n" for number in range(SIZE // 24)) + "---\na: 1\n",
        "directive",
    ),
    "tag directives further down": ("a: 1\n...\n" + "%TAG !a! x\n" * (SIZE // 11), "directive"),
    "other directives": ("%FOO bar\n" * (SIZE // 9), "yaml-syntax"),
    "a key again and again": (POD + "a: 1\n" * (SIZE // 5), ""),
    "containers": (
        POD
        + "".join(
            f"    - name: c{number}\n      image: x/y{number}\n" for number in range(SIZE // 40)
        ),
        "containers",
    ),
    "digits": ("a: " + "9" * SIZE + "\n", ""),
    "digits of another base": ("a: 0x" + "f" * SIZE + "\n", ""),
    "times": ("a: " + "1:" * (SIZE // 2) + "1\n", ""),
    "underscores": ("a: " + "1_" * (SIZE // 2) + ".e\n", ""),
    "comments": (POD + "# x\n" * (SIZE // 4), ""),
    "braces": ("{{" * (SIZE // 2), "depth"),
    "quotes": ("a: " + "'' " * (SIZE // 3), "yaml-syntax"),
    "empty documents": ("---\n" * (SIZE // 4), ""),
    # Under a million characters they are read line by line first.
    "open quotes": ("a: 'b\n" * (SIZE // 14), "yaml-syntax"),
    "open double quotes": ('a: "b\n' * (SIZE // 14), "yaml-syntax"),
    "quotes in brackets": ("a: ['b\n" * (SIZE // 18), "yaml-syntax"),
    "open brackets": ("a: [b\n" * (SIZE // 14), "yaml-syntax"),
    "colons": ("a: " + "b:" * (SIZE // 5) + " \n", "yaml-syntax"),
    "hashes": ("a: " + "b#" * (SIZE // 5) + ": c\n", "yaml-syntax"),
    "dashes": ("a:\n" + "  " + "-" * (SIZE // 3) + " b: c: d\n", "yaml-syntax"),
    "block scalars in block scalars": (
        "".join(" " * level + "a: |\n" for level in range(1300)) + "b\n",
        "yaml-syntax",
    ),
    "many keys": (
        "".join(f"k{number}: b\n" for number in range(SIZE // 20)) + "b\n",
        "yaml-syntax",
    ),
    "escaped JSON": ('{"a":"' + "\\u0041" * (SIZE // 6) + '"}', ""),
}
"""A text, and the code that it is rejected with; empty where it is read."""


def run_case(name: str, channel: Connection) -> None:
    """Run the pipeline on a case and send the codes of what it rejects."""
    text, _ = CASES[name]
    report = run([("a.yaml", text.encode())], Options(), rewrite=True)
    channel.send(sorted({item.code for item in report.rejected}))


@pytest.mark.parametrize("name", CASES)
def test_a_document_made_to_be_costly(name: str) -> None:
    """It ends within the deadline of a request, with the right error."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_case, args=(name, sender))
    process.start()
    sender.close()
    try:
        assert receiver.poll(60), "it hangs"
        codes = receiver.recv()
    finally:
        process.kill()
        process.join(10)

    assert codes == [code for code in [CASES[name][1]] if code]


def test_documents_are_counted_before_more_are_read() -> None:
    """Many small documents cost no more than the limit lets in."""
    with pytest.raises(LimitExceeded) as caught:
        run([("a.yaml", b"---\na: 1\n" * 100_000)], Options(max_documents=100), rewrite=True)
    assert caught.value.code == "documents"


def test_the_deadline_holds_between_documents() -> None:
    """Once the deadline has passed, no document is read."""
    with pytest.raises(DeadlineExceeded):
        run([("a.yaml", POD.encode())], Options(deadline=time.monotonic() - 1), rewrite=False)


WORDS = (
    "- |: |, |? |b: |&a |*a|<<: |!!str |\n |\n  |---\n|...\n|%TAG ! x\n|0x|{{|\\u0041|\r\n|null|>\n"
)
PIECES = st.sampled_from([*"[]{}'\"#~a9.\t\n\x85\u2028\ufeff😀", *WORDS.split("|"), "|\n"])


@given(
    st.lists(PIECES, max_size=60).map("".join),
    st.integers(1, 20),
    st.integers(1, 50),
    st.integers(1, 20),
)
def test_tight_limits_hold(text: str, depth: int, nodes: int, length: int) -> None:
    """What is read is within the limits, and what isn't has a code."""
    limits = Limits(depth=depth, expanded_nodes=nodes, scalar_length=length)
    for entry in parse(SourceFile("a.yaml", text), limits):
        if isinstance(entry, Document):
            # A merge of what is no mapping is an error when it is read.
            with contextlib.suppress(InputError):
                assert nesting_depth(entry.read()) <= depth + nodes
        else:
            assert entry.code


def nesting_depth(data: object) -> int:
    """How deep data nests; 0 for a scalar."""
    match data:
        case dict():
            return 1 + max(map(nesting_depth, data.values()), default=0)
        case list():
            return 1 + max(map(nesting_depth, data), default=0)
        case _:
            return 0
