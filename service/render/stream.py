"""The rewritten set as YAML: a single file as it is, several files as a stream with lines
`# Source: path`. Where something couldn't be read or wasn't looked at, the first line says so.
"""

from __future__ import annotations

import re

from service.errors import InputError
from service.findings import FileResult, FileStatus, Report
from service.render.explanations import place_of
from service.render.markdown_text import spelt_out

_BOM = "\ufeff"
_REMARK_END = "; format=json says why"
_OLD_REMARK = re.compile(rf"\A# Podsplit: .*{_REMARK_END}\n")
"""What an earlier answer said of the same text."""
_MOST_NAMED = 5
"""Places that the first line names."""


def render_stream(report: Report) -> str:
    """The rewritten files as one text.

    Files that are not manifests are left out of a stream: `kubectl apply -f -` would refuse them.

    Raises:
        InputError: a file could not be decoded, and the text without it would look like the whole
            set.
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    paths = {item.path for item in report.rewrite.files}
    for item in report.rejected:
        if item.location.path not in paths:
            raise InputError(item.code, item.message)
    files = [item for item in report.rewrite.files if item.status is not FileStatus.DELETED]
    if len(files) == 1:
        return _with_remark(files[0].content, report)
    skipped = {item.path for item in report.skipped if item.document is None}
    text = "".join(_with_source(item) for item in files if item.path not in skipped)
    return _with_remark(text, report)


def _with_remark(text: str, report: Report) -> str:
    """A text with a comment at its start on what is missing in it or wasn't looked at."""
    remark = _remark(report)
    # JSON has no comments.
    if not remark or text.lstrip(_BOM).lstrip().startswith(("{", "[")):
        return text
    bom = _BOM if text.startswith(_BOM) else ""
    rest = _OLD_REMARK.sub("", text.removeprefix(_BOM))
    return f"{bom}{remark}{rest}"


def _remark(report: Report) -> str:
    parts = []
    if report.rejected:
        places = [spelt_out(place_of(report, item.location)) for item in report.rejected]
        named = ", ".join(places[:_MOST_NAMED]) + (", ..." if len(places) > _MOST_NAMED else "")
        parts.append(f"{len(places)} not readable ({named})")
    if report.skipped:
        parts.append(f"{len(report.skipped)} not looked at")
    return f"# Podsplit: {', '.join(parts)}{_REMARK_END}\n" if parts else ""


def _with_source(file: FileResult) -> str:
    """A file as a part of a stream."""
    text = file.content.removeprefix(_BOM)
    # The file's own first separator would make the line with its source an empty document.
    first_line, newline, rest = text.partition("\n")
    if newline and first_line.rstrip("\r") == "---":
        text = rest
    if text and not text.endswith("\n"):
        text += "\n"
    return f"---\n# Source: {file.path}\n{text}"
