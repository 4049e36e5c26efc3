"""What holds of every rewrite, over the cases, the examples and what people have published."""

from __future__ import annotations

from tests.support.programs import usual
from tests.support.proving import KEPT, kept, names, untouched
from tests.support.real import cases, changed, needs_corpus, published
from tests.support.rewritten import Rewritten, Truth


def wrong(rewritten: Rewritten) -> list[str]:
    """What is not as it was."""
    found = [*kept(rewritten, Truth(usual), KEPT), *untouched(rewritten)]
    return found + [
        each for files in rewritten.stages[1:] for each in names(rewritten.stages[0], files)
    ]


def test_cases_and_examples() -> None:
    """All of it holds of them; folders may be several environments, of which the whole is no
    cluster.
    """
    found = {
        str(path): wrong(rewritten)
        for path, rewritten in changed(each for each in cases() if each.is_file())
    }
    assert len(found) > 40
    assert {path: messages for path, messages in found.items() if messages} == {}


@needs_corpus
def test_published_manifests() -> None:
    """And of whole applications and single manifests."""
    found = {path.name: wrong(rewritten) for path, rewritten in changed(published())}
    assert len(found) > 150
    assert {path: messages for path, messages in found.items() if messages} == {}
