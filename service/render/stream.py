"""The rewritten set as YAML: a single file as it is, several files as a stream with lines
`# Source: path`.
"""

from __future__ import annotations

from service.errors import InputError
from service.findings import FileResult, FileStatus, Report

_BOM = "\ufeff"


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
        return files[0].content
    skipped = {item.path for item in report.skipped if item.document is None}
    return "".join(_with_source(item) for item in files if item.path not in skipped)


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
