"""Pieces of Markdown."""

from __future__ import annotations

import pytest

from service.render.markdown_text import bounded, code, counted, escape, fenced, folded_patch


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b *c* <img> [x](y) `z`", r"a\|b \*c\* \<img\> \[x\](y) \`z\`"),
        ("two\nlines  and\tblanks ", "two lines and blanks"),
        ("@team", "@\u200bteam"),
        ("# a_b \\", r"\# a\_b \\"),
    ],
)
def test_text_from_manifests_is_shown_as_it_is(text, expected):
    """No markup, no table cell, no mention comes out of a name or a message."""
    assert escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a`b|c", "``a`b\\|c``"),
        ("`a", "`` `a ``"),
        ("a``", "``` a`` ```"),
        ("a\nb", "`a b`"),
    ],
)
def test_code(text, expected):
    """Its fence is longer than any run of backticks inside."""
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "fence"),
    [("a\n", "```"), ("``\n", "```"), ("```\n", "````"), ("a ````` b\n", "``````")],
)
def test_a_fence_is_longer_than_what_it_holds(text, fence):
    """Three backticks at least, and one more than any run inside."""
    assert fenced(text, "diff") == f"{fence}diff\n{text}{fence}\n"


def test_a_folded_patch():
    """The element is closed, and the fence stands on lines of its own."""
    assert folded_patch("+a\n") == (
        "<details><summary>Patch, for <code>git apply</code></summary>\n\n```diff\n+a\n```\n\n"
        "</details>\n"
    )


@pytest.mark.parametrize(
    ("most", "expected"),
    [(6, "aabbcc"), (5, "aabb- and 1 more\n"), (2, "aa- and 2 more\n"), (1, "- and 3 more\n")],
)
def test_as_many_parts_as_fit(most, expected):
    """Once one doesn't, none of the others is taken, and it says how many there are."""
    assert bounded(["aa", "bb", "cc"], most) == expected


def test_a_part_that_would_fit_behind_one_that_does_not():
    """Is left out, as a list without its middle would mislead."""
    assert bounded(["aaa", "bbbb", "c"], 4, "+{}") == "aaa+2"
    assert bounded([], 0) == ""


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 changes"), (1, "1 change"), (2, "2 changes")]
)
def test_numbers_with_their_words(number, expected):
    """In the plural but for one."""
    assert counted(number, "change") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &amp; b", "a &amp;amp; b"),
        ("see https://a.example/x", "see https:\u200b//a.example/x"),
        ("www.example.org", "www.\u200bexample.org"),
        ("GH-12", "GH-\u200b12"),
        ("!12 ~bug %v1 $3", "\\!12 \\~bug \\%v1 \\$3"),
        ("a! 5% b", "a! 5% b"),
        ("a\u202eb", "a(U+202E)b"),
        ("a\x1b[31mb", "a(U+001B)\\[31mb"),
    ],
)
def test_text_makes_no_link_and_hides_nothing(text: str, expected: str) -> None:
    """References of GitHub and GitLab, entities, and characters that turn text around."""
    assert escape(text) == expected


def test_code_hides_nothing_either() -> None:
    """A name may be read from right to left."""
    assert code("a\u202eb") == "`a(U+202E)b`"
