"""The service's reading of YAML, compared with the real kubectl's."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from service.errors import InputError
from service.text import SourceFile
from service.yamldoc.compose import Limits
from service.yamldoc.reading import read
from service.yamldoc.scalars import plain_is_safe, quote, resolve_plain, scalar_text
from service.yamldoc.stream import Document, Rejected, parse

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
SEEDS = """
    yes no on off y n Y N true True TRUE false null Null ~ 0 1 -1 +1 0755 0o755 08 0b11 0x1F 0xFF
    -0x1f 1e3 1.0 1. .5 -.5 +.5 1_000 1__0 _1
    12:30:45 2001-01-01 2001-01-01T00:00:00Z = << 1e400 9223372036854775807 9223372036854775808
    18446744073709551615 18446744073709551616
    0. 1.e3 1e 1e+ 0x 0b 0o 0_7 1_ 0b2 0o8 00 007 0.10 1.5e-3 -0 +0 -0.0 1E5 1.0e+2 0X1f 0B1 0O7
    -0b11 -0755 +0755 1,000 v1 1.2.3 5m 100Mi
    nan inf .inf -.Inf .nan Infinity NaN -- a-b a_b
""".split()  # noqa: SIM905 - a list of a hundred quoted words is no easier to read


def kubectl_reads(kubectl: Path, text: str) -> list[Any] | None:
    """The objects that kubectl reads from a stream; None if it refuses the stream."""
    done = subprocess.run(
        [str(kubectl), "label", "--local", "-f", "-", "podsplit=test", "-o", "json"],
        input=text.encode(), capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    objects: list[Any] = []
    decoder, rest = json.JSONDecoder(), done.stdout.decode().strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        objects += value["items"] if value.get("kind") == "List" else [value]
        rest = rest[end:].strip()
    return objects


def scalars(count: int) -> list[str]:
    """Plain scalars that are nearly numbers, booleans and so on; the same in every run."""
    chance = random.Random(20)
    texts = dict.fromkeys(SEEDS)
    alphabet = "0123456789abxoeEfXB._+-:"
    while len(texts) < count:
        seed = list(chance.choice(SEEDS))
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(seed) + 1)
            if chance.random() < 0.5 and seed:
                seed[min(place, len(seed) - 1)] = chance.choice(alphabet)
            else:
                seed.insert(place, chance.choice(alphabet))
        text = "".join(seed)
        if (
            re.fullmatch(r"[\w.+=~,<-][\w.+:=~,<-]*", text)
            and not text.endswith(":")
            and not re.match(r"-{3}|\.{3}|-$|[-?:](?:\s|$)", text)
        ):
            texts[text] = None
    return list(texts)


def test_thousands_of_plain_scalars_read_as_kubectl_reads_them(kubectl: Path) -> None:
    """Each scalar has the same JSON value. What the service refuses, kubectl refuses."""
    good: list[tuple[str, Any]] = []
    refused: list[str] = []
    for text in scalars(4000):
        try:
            good.append((text, resolve_plain(text)))
        except InputError:
            refused.append(text)
    for start in range(0, len(good), 500):
        batch = good[start : start + 500]
        stream = (
            HEAD
            + "data:\n"
            + "".join(f"  k{index}: {text}\n" for index, (text, _) in enumerate(batch))
        )
        read_back = kubectl_reads(kubectl, stream)
        assert read_back is not None
        theirs = read_back[0]["data"]
        wrong = [
            (text, ours, theirs[f"k{index}"])
            for index, (text, ours) in enumerate(batch)
            if not _same(ours, theirs[f"k{index}"])
        ]
        assert wrong == []
    assert refused
    for text in refused[:10]:
        assert kubectl_reads(kubectl, HEAD + f"data: {text}\n") is None


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and isinstance(theirs, int):
        return ours == float(theirs)
    return (
        ours == theirs
        and isinstance(ours, bool) == isinstance(theirs, bool)
        and isinstance(ours, str) == isinstance(theirs, str)
    )


def test_emitted_strings_read_back_as_the_same_string(kubectl: Path) -> None:
    """A string that the service writes, plain or quoted, is that string for kubectl."""
    texts = [
        *scalars(1500),
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "it's",
        'say "x"',
        "tab\there",
        "line\nbreak",
        "é😀",
        "#c",
        "&a",
        "*a",
        "!t",
        "{x}",
        "%d",
        "@x",
        "`t",
    ]
    for style in ("'", '"'):
        stream = (
            HEAD
            + "data:\n"
            + "".join(
                f"  k{index}: {scalar_text(text, preferred=style)}\n"
                for index, text in enumerate(texts)
            )
        )
        read_back = kubectl_reads(kubectl, stream)
        assert read_back is not None
        wrong = [
            text for index, text in enumerate(texts) if read_back[0]["data"][f"k{index}"] != text
        ]
        assert wrong == []


SMALL_DOCUMENTS = [
    "data: {a: 'x'}\nmore: &x {q: r}\nb: {k: 1, <<: *x, q: z}\nc: {q: z, <<: *x}\n",
    "b: {y: yes, 80: x, 1.5: z, on: k}\n",
    "b: !!string False\nc: !Ref 5\nd: !Ref {a: b}\ne: !Ref [1]\nf: !vault |\n  x\ng: !Ref\n",
    "!!string 5: a\nb: !!omap [a: b]\nc: !!set {a: }\nd: !<tag:example.org,2002:x> 07\n",
    "b: !!binary aGk=\nc: !!str 12\nd: !!int '12'\ne: !!float 3\n",
    "b: |\n  a\n   b\n\nc: >-\n  x\n  y\n\n  z\nd: |+\n  k\n\n",
    "b: \"a\\u00e9\\n\\x41\"\nc: 'it''s'\n",
    "b:\n- 1\n- [a, {b: c}]\n-\n- - x\n  - y\n",
    "b: 1\nb: 2\n",
    "b: {<<: [{x: 1}, {x: 2, y: 3}]}\n",
    "b: {a: , c}\nd: ? \n",
    "'quoted key': \"tab\\there\"\n",
]


@pytest.mark.parametrize("body", SMALL_DOCUMENTS)
def test_small_documents_read_as_kubectl_reads_them(kubectl: Path, body: str) -> None:
    """Collections, anchors, merge keys and styles give the same JSON."""
    (document,) = parse(SourceFile("a.yaml", HEAD + body), Limits())
    theirs = kubectl_reads(kubectl, HEAD + body)
    if theirs is None:
        assert isinstance(document, Rejected)
        return
    assert isinstance(document, Document)
    ours = read(document.root)
    theirs[0]["metadata"].pop("labels")
    assert ours == theirs[0]


STREAMS = [
    f"{HEAD}---\n{HEAD}",
    f"---\n---\n{HEAD}---\n# only a comment\n---\nnull\n---\n{HEAD}",
    f"{HEAD}--- # comment\n{HEAD}",
    f"{HEAD}---   \r\n{HEAD}",
    f"{HEAD}...\n---\n{HEAD}",
    f"{HEAD}b: |\n---\n{HEAD}",
    f"\ufeff{HEAD}",
]


@pytest.mark.parametrize("text", STREAMS)
def test_streams_are_cut_as_kubectl_cuts_them(kubectl: Path, text: str) -> None:
    """The service finds as many documents as kubectl."""
    theirs = kubectl_reads(kubectl, text)
    ours = parse(SourceFile("a.yaml", text), Limits())
    assert theirs is not None
    assert [type(entry) for entry in ours] == [Document] * len(theirs)


REFUSED = [
    f"{HEAD}---- x\n{HEAD}",
    f"{HEAD}--- {{a: b}}\n{HEAD}",
    f"%YAML 1.1\n---\n{HEAD}",
    f"{HEAD}b: .inf\n",
    f"{HEAD}b: {{~: x}}\n",
    f"{HEAD}b: {{[a]: x}}\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_kubectl_refuses_is_rejected(kubectl: Path, text: str) -> None:
    """Some document is rejected, or its data can't be read."""
    assert kubectl_reads(kubectl, text) is None
    entries = parse(SourceFile("a.yaml", text), Limits())

    def is_refused(entry: Document | Rejected) -> bool:
        if isinstance(entry, Rejected):
            return True
        try:
            read(entry.root)
        except InputError:
            return True
        return False

    assert any(is_refused(entry) for entry in entries)


def test_what_kubectl_drops_is_rejected(kubectl: Path) -> None:
    """kubectl silently reads one document of these two; the service rejects both with a reason."""
    text = f"{HEAD}...\n{HEAD}"
    theirs = kubectl_reads(kubectl, text)
    assert theirs is not None
    assert len(theirs) == 1
    (entry,) = parse(SourceFile("a.yaml", text), Limits())
    assert isinstance(entry, Rejected)
    assert entry.code == "dropped-document"


def test_plain_and_quoted_agree_on_what_is_safe() -> None:
    """A scalar that is called safe resolves to itself, and quoting always quotes."""
    for text in scalars(4000):
        if plain_is_safe(text, flow=False):
            assert resolve_plain(text) == text
        assert quote(text)[0] in "\"'"
