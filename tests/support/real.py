"""Manifests that tests run over: the cases, the examples, and what people have published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.rewritten import Rewritten, rewrite

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
"""The labelled corpus; it is not part of the repository."""
needs_corpus = pytest.mark.skipif(
    not CORPUS.exists(), reason="the labelled corpus is not beside this checkout"
)
_MANIFESTS = (".yaml", ".yml", ".json")


def files_of(path: Path) -> dict[str, str]:
    """A file, or those of a folder, by path."""
    found = (
        [path]
        if path.is_file()
        else [each for each in sorted(path.rglob("*")) if each.suffix in _MANIFESTS]
    )
    return {
        str(each.relative_to(path if path.is_dir() else path.parent)): each.read_bytes().decode()
        for each in found
    }


def cases() -> list[Path]:
    """The inputs of the cases that wrap or split, and the examples."""
    kept = [
        each
        for name in ("split", "wrap")
        for each in (ROOT / "tests" / "cases" / name).glob("*/input*")
    ]
    return [*sorted(kept), *sorted(ROOT.glob("examples/*.[yj]*"))]


def published() -> list[Path]:
    """The whole applications of the corpus, a folder each, and its single manifests."""
    return [each for each in sorted((CORPUS / "whole_sets").iterdir()) if each.is_dir()] + sorted(
        (CORPUS / "pods").glob("*.yaml")
    )


def changed(paths: Iterable[Path]) -> Iterator[tuple[Path, Rewritten]]:
    """Those that are changed."""
    for path in paths:
        rewritten = rewrite(files_of(path))
        if rewritten.changes:
            yield path, rewritten
