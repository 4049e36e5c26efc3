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
_SUFFIXES = (".yaml", ".yml", ".json")


def read_files(path: Path) -> dict[str, str]:
    """The text of a file, or of the manifests of a folder, by path."""
    if path.is_file():
        return {path.name: path.read_bytes().decode()}
    return {
        str(file.relative_to(path)): file.read_bytes().decode()
        for file in sorted(path.rglob("*"))
        if file.suffix in _SUFFIXES
    }


def case_inputs() -> list[Path]:
    """The inputs of the cases that wrap or split, and the examples."""
    cases = [
        path
        for action in ("split", "wrap")
        for path in (ROOT / "tests" / "cases" / action).glob("*/input*")
    ]
    return [*sorted(cases), *sorted(ROOT.glob("examples/*.[yj]*"))]


def reported_inputs() -> list[Path]:
    """The inputs of the cases that people reported."""
    return sorted((ROOT / "tests" / "cases" / "reported").glob("*/input*"))


def corpus_inputs() -> list[Path]:
    """The whole applications of the corpus, a folder each, and its single manifests."""
    applications = [path for path in sorted((CORPUS / "whole_sets").iterdir()) if path.is_dir()]
    single = (*CORPUS.glob("pods/*.yaml"), *CORPUS.glob("more/pods/*.yaml"))
    return applications + sorted(single)


def changing_rewrites(paths: Iterable[Path]) -> Iterator[tuple[Path, Rewritten]]:
    """The rewrites of some files and folders, where they change anything."""
    for path in paths:
        rewritten = rewrite(read_files(path))
        if rewritten.actions:
            yield path, rewritten
