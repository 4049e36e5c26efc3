"""The YAML engine on every manifest of the corpus: its edits keep what the manifests say."""

from __future__ import annotations

from collections.abc import Iterator

from service.kube.kinds import known_kind
from service.kube.objects import objects_of
from service.text import SourceFile, apply_edits
from service.yamldoc.compose import Limits
from service.yamldoc.editing import compile_operations, emit_documents
from service.yamldoc.formatting import formatting_of
from service.yamldoc.operations import HOLE, Nest, Verbatim
from service.yamldoc.stream import Document, parse
from tests.support.real_manifests import CORPUS, needs_corpus

pytestmark = needs_corpus


def documents() -> Iterator[Document]:
    """Every document of the corpus that can be read."""
    for path in sorted(CORPUS.rglob("*.yaml")):
        source = SourceFile(str(path.relative_to(CORPUS)), path.read_text())
        for entry in parse(source, Limits()):
            if isinstance(entry, Document):
                yield entry


def test_a_spec_two_levels_deeper_says_the_same() -> None:
    """Every spec can be indented deeper, with block scalars, comments and flow style."""
    count = 0
    for document in documents():
        if document.duplicates or not isinstance(document.read(("spec",)), dict):
            continue
        edits = compile_operations(
            document, [Nest(("spec",), {"template": {"spec": HOLE}})], formatting_of([document])
        )
        text = apply_edits(document.source.text, edits)
        entries = [
            entry
            for entry in parse(SourceFile("x", text), Limits())
            if entry.index == document.index
        ]
        assert isinstance(entries[0], Document), document.source.path
        assert entries[0].read() == {
            **document.read(),
            "spec": {"template": {"spec": document.read(("spec",))}},
        }, document.source.path
        count += 1
    assert count > 500


def test_every_container_can_be_carried_over() -> None:
    """The text of each container says the same in a new document."""
    count = 0
    for document in documents():
        for resource in objects_of(document):
            kind = known_kind(resource.api_version, resource.kind)
            if kind is None:
                continue
            route = (*resource.route, *kind.template, "spec", "containers")
            for index, data in enumerate(document.read(route) or ()):
                leaf = Verbatim(document, (*route, index))
                tree = {"kind": "X", "spec": {"containers": [leaf]}}
                (text,) = emit_documents([tree], formatting_of([document]))
                (copy,) = parse(SourceFile("x", text), Limits())
                assert isinstance(copy, Document), text
                assert copy.read(("spec", "containers", 0)) == data, (document.source.path, text)
                count += 1
    assert count > 500
