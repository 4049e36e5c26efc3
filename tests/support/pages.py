"""The Markdown pages of the repository, parsed: blocks, links, anchors, tables."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    """The line of its fence, 1-based."""
    language: str
    """The first word behind the fence."""
    words: tuple[str, ...]
    """The other words behind the fence."""
    text: str
    """What is between the fences."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """A command and what it prints."""

    command: str
    """As it is typed; it has several lines where they end in a backslash."""
    expected: tuple[str, ...]
    """The lines below it."""


@cache
def pages() -> tuple[Path, ...]:
    """Every page of the repository, the README first."""
    folders = [ROOT / name for name in ("docs", "examples", "helm", "bench")]
    paths = [
        *ROOT.glob("*.md"),
        *(path for folder in folders for path in sorted(folder.rglob("*.md"))),
    ]
    return tuple(sorted(paths, key=lambda path: (path != ROOT / "README.md", path)))


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        lines = [
            text_line.removeprefix(match["indent"])
            for text_line in match["text"].splitlines(keepends=True)
        ]
        found.append(
            Block(page=page, line=line, language=language, words=tuple(words), text="".join(lines))
        )
    return tuple(found)


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    seen: Counter[str] = Counter()
    slugs = set()
    for heading in _HEADING.findall(prose(page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        slugs.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(slugs)


def steps(block: Block) -> tuple[Step, ...]:
    """The commands of a `console` block, each with the lines below it."""
    commands: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if commands and not commands[-1][1] and commands[-1][0][-1].endswith("\\"):
            commands[-1][0].append(line)
        elif line.startswith("$ "):
            commands.append(([line[2:]], []))
        else:
            assert commands, f"{block}: output before any command"
            commands[-1][1].append(line)
    return tuple(Step("\n".join(command), tuple(expected)) for command, expected in commands)


def tables(page: Path) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, without the line of dashes."""
    found: list[list[list[str]]] = []
    inside = False
    for line in prose(page).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [
            cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])
        ]
        if not inside:
            found.append([])
        inside = True
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            found[-1].append(cells)
    return found


def table(page: Path, *head: str) -> list[list[str]]:
    """The rows of the one table of a page whose first columns have these names."""
    [rows] = [rows for rows in tables(page) if rows[0][: len(head)] == list(head)]
    return rows[1:]


def matches_output(expected: tuple[str, ...], got: list[str]) -> bool:
    """Whether lines are what was expected; a line of three dots stands for any lines, or none."""
    pattern = "".join(
        "(?:.*\n)*" if line.strip() == "..." else re.escape(line) + "\n" for line in expected
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in got)) is not None
