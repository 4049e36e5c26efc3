"""Pieces of Markdown: escaped text, code, fences, and lists of bounded length."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#]|[!~%$](?=\w))")
"""What Markdown reads, and what GitLab takes for the start of a reference."""
_LINK = re.compile(r"(?i)(?<=\w):(?=//)|(?<=www)\.|(?<=\bGH)-(?=\d)")
"""Where GitHub and GitLab make a link of a bare address or reference."""
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Characters that are not seen, or turn the text around them (Trojan Source, CVE-2021-42574)."""
_BACKTICKS = re.compile("`+")


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line. It mentions nobody, links to nothing, and
    hides nothing.
    """
    plain = spelt_out(" ".join(text.split())).replace("&", "&amp;")
    marked = _SPECIAL.sub(r"\\\1", plain)
    return _LINK.sub(lambda match: f"{match[0]}\u200b", marked).replace("@", "@\u200b")


def spelt_out(text: str) -> str:
    """Text with the characters that aren't seen written as their numbers."""
    return _HIDDEN.sub(lambda match: f"(U+{ord(match[0]):04X})", text)


def code(text: str) -> str:
    """Text as inline code, which may stand in a table."""
    plain = spelt_out(" ".join(text.split())).replace("|", "\\|")
    fence = "`" * (1 + _longest_run(plain))
    padding = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{padding}{plain}{padding}{fence}"


def fenced(text: str, info: str) -> str:
    """A block of code, its fence longer than any in the text.

    Args:
        text: the lines, with a line feed at the end of each.
        info: the word after the opening fence, such as `diff`.
    """
    fence = "`" * max(3, 1 + _longest_run(text))
    return f"{fence}{info}\n{text}{fence}\n"


def folded(title: str, content: str, *, html: bool = True) -> str:
    """A section that is shown when a reader asks for it, or always where HTML isn't read.

    Args:
        title: what it is, as Markdown shows it.
        content: Markdown, with a line feed at its end.
        html: whether the reader's platform takes HTML.
    """
    if not html:
        return f"**{title}**\n\n{content}"
    return f"<details><summary>{title}</summary>\n\n{content}\n</details>\n"


def folded_patch(diff: str, *, html: bool = True) -> str:
    """A patch that is shown when a reader asks for it."""
    name = "<code>git apply</code>" if html else "`git apply`"
    return folded(f"Patch, for {name}", fenced(diff, "diff"), html=html)


def joined(sections: Iterable[str], most: int) -> tuple[str, int]:
    """Sections with a blank line behind each, as many as fit, and the number of those that don't.

    Args:
        sections: each with a line feed at its end; empty ones count for nothing.
        most: characters of all that are taken.
    """
    text = ""
    left_out = 0
    for section in sections:
        if section and len(text) + len(section) > most:
            left_out += 1
        elif section:
            text += section + "\n"
    return text, left_out


def bounded(parts: Iterable[str], most: int, more: str = "- and {} more\n") -> str:
    """Parts one after another, as many as fit.

    Args:
        parts: the parts, such as lines of a list.
        most: characters of all parts that are taken.
        more: the last part where some did not fit; `{}` stands for their number.
    """
    taken: list[str] = []
    left_out = 0
    for part in parts:
        most -= len(part)
        if most < 0 or left_out:
            left_out += 1
        else:
            taken.append(part)
    return "".join(taken) + (more.format(left_out) if left_out else "")


def counted(number: int, word: str) -> str:
    """A number and its word, in the plural where needed."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
