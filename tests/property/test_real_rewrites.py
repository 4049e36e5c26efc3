"""What holds of every rewrite, over the cases, the examples and what people have published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import usual
from tests.support.proving import KEPT, kept, names, untouched
from tests.support.rewritten import Truth, rewrite

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


def files_of(path: Path) -> dict[str, str]:
    """A file, or those of a folder, by path."""
    found = [path] if path.is_file() else [each for each in sorted(path.rglob("*")) if each.suffix in (".yaml", ".yml", ".json")]
    return {str(each.relative_to(path if path.is_dir() else path.parent)): each.read_bytes().decode() for each in found}


def wrong(path: Path) -> list[str] | None:
    """What is not as it was; None if nothing was changed."""
    rewritten = rewrite(files_of(path))
    if not rewritten.changes:
        return None
    found = [*kept(rewritten, Truth(usual), KEPT), *untouched(rewritten)]
    return found + [each for files in rewritten.stages[1:] for each in names(rewritten.stages[0], files)]


def test_cases_and_examples() -> None:
    """All of it holds of them."""
    paths = [each for name in ("split", "wrap") for each in sorted((ROOT / "tests" / "cases" / name).glob("*/input.*"))]
    found = {str(path): messages for path in (*paths, *sorted(ROOT.glob("examples/*.[yj]*"))) if (messages := wrong(path)) is not None}
    assert len(found) > 40
    assert {path: messages for path, messages in found.items() if messages} == {}


@pytest.mark.skipif(not CORPUS.exists(), reason="the labelled corpus is not beside this checkout")
def test_published_manifests() -> None:
    """And of whole applications and single manifests."""
    paths = [each for each in sorted((CORPUS / "whole_sets").iterdir()) if each.is_dir()] + sorted((CORPUS / "pods").glob("*.yaml"))
    found = {path.name: messages for path in paths if (messages := wrong(path)) is not None}
    assert len(found) > 150
    assert {path: messages for path, messages in found.items() if messages} == {}
