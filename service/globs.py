"""Globs over the paths of files.

`*` and `?` stand for characters within a part of a path, `**` for any number of parts. A glob that
matches a folder matches everything in it. Matching takes at most the length of the glob times that
of the path, whatever they hold, which no regular expression promises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LENGTH = 256
"""Characters of a glob."""
_ANY_PARTS = "**"
_UNSUPPORTED = re.compile(r"[\[\]{}!\\,\x00-\x1f\x7f]")
_ONE = (
    r"(?!/)(?!(\.?/)*\.?(,|$))(?!([^,]*/)?\.\.(/|,|$))(?![^,]*[^/,]\*\*)(?![^,]*\*\*[^/,])"
    r"[^\[\]{}!\\,\x00-\x1f\x7f]+"
)
PATTERN = f"^{_ONE}$"
"""What `path_glob` takes, but for the length, as a pattern of ECMA 262 for openapi.yaml."""
LIST_PATTERN = f"^({_ONE}(,{_ONE})*)?$"
"""Likewise for globs with commas between them."""


@dataclass(frozen=True, slots=True)
class PathGlob:
    """A glob, and the folder that it is written in."""

    folder: str
    """A path with a slash at its end; empty for the top. The glob holds for what is in it."""
    parts: tuple[str, ...]
    """The glob's own parts."""

    def matches(self, path: str) -> bool:
        """Whether a file or a folder that it is in is meant.

        Args:
            path: relative, with forward slashes.
        """
        if not path.startswith(self.folder):
            return False
        last = len(self.parts) - 1
        # The places of the glob at which the next part of the path may go on.
        places = self._with_passed_over({0})
        for part in path[len(self.folder) :].split("/"):
            following = set()
            for place in places:
                glob = self.parts[place]
                # At the end `**` is what is in a folder, and not the folder.
                if glob == _ANY_PARTS and place < last:
                    following.add(place)
                elif glob == _ANY_PARTS or _part_matches(glob, part):
                    following.add(place + 1)
            if last + 1 in following:
                return True
            places = self._with_passed_over(following)
        return False

    def _with_passed_over(self, places: set[int]) -> set[int]:
        """Places, and those behind a `**` at them, as that may stand for no part at all."""
        found = set(places)
        for place in places:
            behind = place
            while behind < len(self.parts) - 1 and self.parts[behind] == _ANY_PARTS:
                behind += 1
                found.add(behind)
        return found


def path_glob(text: str, folder: str = "") -> PathGlob:
    """A glob from how it is written.

    Args:
        text: such as `charts`, `**/templates/*.yaml`.
        folder: the folder that it is relative to, with a slash at its end; empty for the top.

    Raises:
        ValueError: it is no glob over relative paths; the message says why.
    """
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    if text.startswith("/") or ".." in parts:
        raise ValueError("must be relative, and stay in its folder")
    if not parts or len(text) > MAX_LENGTH:
        raise ValueError(f"must have 1 to {MAX_LENGTH} characters")
    if any(_ANY_PARTS in part and part != _ANY_PARTS for part in parts):
        raise ValueError("** must stand alone between slashes")
    if _UNSUPPORTED.search(text):
        raise ValueError(
            r"must have none of [ ] { } ! \ and commas: *, ? and ** are all that is special"
        )
    return PathGlob(folder, parts)


def _part_matches(glob: str, part: str) -> bool:
    """Whether a part of a path matches a part of a glob: greedily, with one place to go back to, as
    an earlier star can take nothing that the last one can't.
    """
    at = in_part = 0
    star = resumed = -1
    while in_part < len(part):
        if at < len(glob) and glob[at] == "*":
            star, resumed = at, in_part
            at += 1
        elif at < len(glob) and glob[at] in ("?", part[in_part]):
            at += 1
            in_part += 1
        elif star >= 0:
            resumed += 1
            at, in_part = star + 1, resumed
        else:
            return False
    return not glob[at:].strip("*")
