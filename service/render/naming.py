"""What to call workloads that others have the name of."""

from __future__ import annotations

from collections import Counter

from service.findings import Report


class Naming:
    """What to call the workloads of a report: kind and name, with the file where there are several
    of them, and with the namespace where the file has several too.
    """

    def __init__(self, report: Report) -> None:
        self._of_title = Counter(workload.title for workload in report.workloads)
        self._of_file = Counter(
            (workload.title, workload.location.path) for workload in report.workloads
        )

    def full(self, title: str, path: str, namespace: str | None) -> str:
        """The name of one of them.

        Args:
            title: its kind and name.
            path: of its file.
            namespace: its namespace; None if it names none.
        """
        if self._of_title[title] == 1:
            return title
        if self._of_file[title, path] == 1 or namespace is None:
            return f"{title} in {path}"
        return f"{title} in {path}, namespace {namespace}"
