"""What several formats share: who made a report."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

TOOL = "podsplit"
"""The name of the tool, as reports give it."""


@dataclass(frozen=True, slots=True)
class Producer:
    """What a report says of the service that made it."""

    version: str = ""
    """The release; empty if it isn't told."""
    docs: str = ""
    """The address of its page of docs, as readers reach it; empty if it isn't known."""

    def help_uri(self, anchor: str) -> str:
        """The address of an entry of the docs, such as `rules-bare-pod`; empty if not known."""
        return f"{self.docs}#{quote(anchor)}" if self.docs else ""

    def link(self, text: str, anchor: str) -> str:
        """A link in Markdown to an entry of the docs; the text alone where they have no address."""
        return f"[{text}]({self.help_uri(anchor)})" if self.docs else text


NOBODY = Producer()
"""Who makes reports that say nothing of their service."""
