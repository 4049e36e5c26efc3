"""The rewrite as a unified diff that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from service.errors import OverlappingEdits
from service.findings import FileStatus, Report, Rewrite, Stage
from service.text import Edit, SourceFile, Span, apply_edits, effective_edits

_CONTEXT = 3
_MAX_COMPARED = 2_000
"""Lines of a changed region up to which it is compared line by line. A longer one is replaced as a
whole, as the comparison takes quadratic time.
"""
_ESCAPES = {"\n": r"\n", "\t": r"\t", "\r": r"\r", '"': r"\"", "\\": r"\\"}

Region = tuple[int, int, list[str]]
"""A range of old lines (start and end, 0-based, half-open), and the new lines."""


def render_diff(report: Report) -> str:
    """The difference between what was sent and the rewritten set; empty if there is none.

    Raises:
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    parts: list[str] = []
    edits = _edits_by_path(report.rewrite)
    for item in report.rewrite.files:
        source = report.sources.get(item.path)
        match item.status:
            case FileStatus.MODIFIED if source is not None:
                parts += _diff_modified_file(source, item.content, edits.get(item.path, []))
            case FileStatus.ADDED:
                parts += _diff_added_file(item.path, item.content)
            case FileStatus.DELETED if source is not None:
                parts += _diff_deleted_file(source)
            case _:
                pass
    return "".join(parts)


def render_patch(report: Report, edits: Mapping[str, Sequence[Edit]]) -> str:
    """The diff of some edits only.

    Args:
        report: of a rewrite.
        edits: the edits of each file, by path, in order and without overlaps.
    """
    parts: list[str] = []
    for path, items in edits.items():
        source = report.sources[path]
        parts += _diff_modified_file(
            source, apply_edits(source.text, items, max(Stage)), list(items)
        )
    return "".join(parts)


def _edits_by_path(rewrite: Rewrite) -> dict[str, list[Edit]]:
    """All edits of each file, in the order of the changes."""
    found: dict[str, list[Edit]] = {}
    for change in rewrite.changes:
        for path, edits in change.edits.items():
            found.setdefault(path, []).extend(edits)
    return found


def split_lines(text: str) -> list[str]:
    """The lines of a text with their line feeds. Only a line feed ends a line, as in git."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def _regions(source: SourceFile, new: str, edits: list[Edit]) -> list[Region]:
    """The changed regions of lines, in order, each as small as can be found cheaply."""
    old_lines = split_lines(source.text)
    found: list[Region] = []
    for coarse in _coarse_regions(source, new, edits, old_lines):
        for region in _refine(old_lines, coarse):
            if found and found[-1][1] == region[0]:
                start, _, lines = found.pop()
                found.append((start, region[1], lines + region[2]))
            else:
                found.append(region)
    return found


def _coarse_regions(
    source: SourceFile, new: str, edits: list[Edit], old_lines: list[str]
) -> list[Region]:
    """The regions of the edits, if those up to a stage make the new text; else the whole file."""
    for stage in reversed(Stage):
        try:
            if apply_edits(source.text, edits, stage) == new:
                return list(_edited_regions(source, effective_edits(edits, stage), old_lines))
        except OverlappingEdits:
            continue
    return [(0, len(old_lines), split_lines(new))]


def _edited_regions(
    source: SourceFile, edits: list[Edit], old_lines: list[str]
) -> Iterator[Region]:
    """The regions of edits in order; edits on a common line make one region."""
    offsets = [0, *accumulate(len(line) for line in old_lines)]
    position = 0
    while position < len(edits):
        first = source.position(edits[position].span.start)[0] - 1
        last = source.position(edits[position].span.end)[0] - 1
        following = position + 1
        while (
            following < len(edits) and source.position(edits[following].span.start)[0] - 1 <= last
        ):
            last = max(last, source.position(edits[following].span.end)[0] - 1)
            following += 1
        end = min(last + 1, len(old_lines))
        start = min(first, end)
        base = offsets[start]
        moved = [
            Edit(Span(edit.span.start - base, edit.span.end - base), edit.content)
            for edit in edits[position:following]
        ]
        yield start, end, split_lines(apply_edits(source.text[base : offsets[end]], moved))
        position = following


def _refine(old_lines: list[str], region: Region) -> Iterator[Region]:
    """The parts of a region that differ."""
    start, end, new = region
    old = old_lines[start:end]
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    start += head
    if not old and not new:
        return
    if len(old) + len(new) > _MAX_COMPARED or not old or not new:
        yield start, start + len(old), new
        return
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            yield start + old_from, start + old_to, new[new_from:new_to]


def _diff_modified_file(source: SourceFile, new: str, edits: list[Edit]) -> Iterator[str]:
    old_lines = split_lines(source.text)
    changed = _regions(source, new, edits)
    if not changed:
        return
    yield f"diff --git {_quote('a/' + source.path)} {_quote('b/' + source.path)}\n"
    yield f"--- {_header_path('a/' + source.path)}\n+++ {_header_path('b/' + source.path)}\n"
    yield from _hunks(old_lines, changed)


def _hunks(old_lines: list[str], changed: list[Region]) -> Iterator[str]:
    """The hunks of a file, with three lines of context around the changes."""
    added_so_far = 0
    position = 0
    while position < len(changed):
        following = position + 1
        while (
            following < len(changed)
            and changed[following][0] - changed[following - 1][1] <= 2 * _CONTEXT
        ):
            following += 1
        group = changed[position:following]
        start = max(0, group[0][0] - _CONTEXT)
        end = min(len(old_lines), group[-1][1] + _CONTEXT)
        added = sum(len(lines) - (last - first) for first, last, lines in group)
        length = end - start
        old_range = _hunk_range(start, length)
        new_range = _hunk_range(start + added_so_far, length + added)
        yield f"@@ -{old_range} +{new_range} @@\n"
        cursor = start
        for first, last, lines in group:
            yield from (_line(" ", line) for line in old_lines[cursor:first])
            yield from (_line("-", line) for line in old_lines[first:last])
            yield from (_line("+", line) for line in lines)
            cursor = last
        yield from (_line(" ", line) for line in old_lines[cursor:end])
        added_so_far += added
        position = following


def _diff_added_file(path: str, text: str) -> Iterator[str]:
    lines = split_lines(text)
    yield f"diff --git {_quote('a/' + path)} {_quote('b/' + path)}\nnew file mode 100644\n"
    if lines:
        yield f"--- /dev/null\n+++ {_header_path('b/' + path)}\n"
        yield f"@@ -0,0 +{_hunk_range(0, len(lines))} @@\n"
        yield from (_line("+", line) for line in lines)


def _diff_deleted_file(source: SourceFile) -> Iterator[str]:
    lines = split_lines(source.text)
    yield (
        f"diff --git {_quote('a/' + source.path)} {_quote('b/' + source.path)}\ndeleted file mode"
        " 100644\n"
    )
    if lines:
        yield f"--- {_header_path('a/' + source.path)}\n+++ /dev/null\n"
        yield f"@@ -{_hunk_range(0, len(lines))} +0,0 @@\n"
        yield from (_line("-", line) for line in lines)


def _line(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _hunk_range(start: int, length: int) -> str:
    """Start and length as in a hunk's header: 1-based; the line before an empty range; no length
    of 1.
    """
    if length == 0:
        return f"{start},0"
    return str(start + 1) if length == 1 else f"{start + 1},{length}"


def _quote(path: str) -> str:
    """A path as git writes it: in quotes, with octal bytes, if it has special characters."""
    if all(" " <= char <= "~" and char not in '"\\' for char in path):
        return path
    quoted = "".join(
        _ESCAPES.get(char)
        or (char if " " <= char <= "~" else "".join(f"\\{byte:03o}" for byte in char.encode()))
        for char in path
    )
    return f'"{quoted}"'


def _header_path(path: str) -> str:
    """A path in a `---` or `+++` line. git ends one that has a blank with a tab."""
    quoted = _quote(path)
    return quoted + "\t" if " " in path and not quoted.startswith('"') else quoted
