"""The rewritten set as YAML: the text of a single file as it is, several files as a stream with
`# Source: path` lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import InputError
from service.findings import FileResult, FileStatus, Report

_BOM = "\ufeff"


def render_stream(report: Report) -> str:
    """The rewritten files as one text.

    Files that aren't manifests are left out of a stream: `kubectl apply -f -` would refuse them.

    Raises:
        InputError: a file could not be decoded: without it the text would pass for the whole set.
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    there = {item.path for item in report.rewrite.files}
    for item in report.rejected:
        if item.location.path not in there:
            raise InputError(item.code, item.message)
    files = [item for item in report.rewrite.files if item.status is not FileStatus.DELETED]
    if len(files) == 1:
        return files[0].content
    skipped = {item.path for item in report.skipped if item.document is None}
    return "".join(_pieces(item for item in files if item.path not in skipped))


def _pieces(files: Iterable[FileResult]) -> Iterable[str]:
    for item in files:
        text = item.content.removeprefix(_BOM)
        # The file's own first separator would make an empty document of the line with its source.
        head, newline, rest = text.partition("\n")
        if newline and head.rstrip("\r") == "---":
            text = rest
        yield f"---\n# Source: {item.path}\n{text}"
        if text and not text.endswith("\n"):
            yield "\n"
