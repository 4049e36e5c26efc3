"""Operations on a document to edits of its text.

Only what an operation means changes: everything else, comments and quotes included, keeps its
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Sequenced
from dataclasses import replace

from service.errors import CrossesAnchor, EditError
from service.text import Edit, Span
from service.yamldoc import layout
from service.yamldoc.emit import Emitter, Slice
from service.yamldoc.layout import (
    Formatting,
    colon,
    column,
    content_start,
    is_block,
    line_end,
    line_start,
)
from service.yamldoc.merging import merge_operations
from service.yamldoc.nodes import Alias, Mapping, Node, Route, Scalar, Sequence, walk
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
    Tree,
    Verbatim,
    WrapInList,
)
from service.yamldoc.reading import Found, is_merge
from service.yamldoc.scalars import plain_is_safe, quote, read_key, scalar_text
from service.yamldoc.stream import Document

_PLAIN_PART = re.compile(r"[\w./:-]+", re.ASCII)
_BREAKS = re.compile(r"[^\w./:-]", re.ASCII)
"""What ends a part of a scalar that reads the same in every style."""


class Patcher:
    """Compiles operations on one document; works in the offsets of its piece.

    Args:
        document: the document.
        formatting: how the file is written.
        slices: gives `Verbatim` leaves as text (see `slices.cut_out`).
    """

    def __init__(
        self, document: Document, formatting: Formatting, slices: Callable[[Verbatim], Slice]
    ) -> None:
        self._document = document
        self._text = document.text
        self._habits = formatting
        self._emit = Emitter(formatting, slices)
        self._shifts: list[tuple[Route, int]] = []

    def edits(self, operations: list[Operation], around: Iterable[Operation] = ()) -> list[Edit]:
        """The edits that carry out the operations, among other changes' operations on the same
        document.
        """
        operations = merge_operations(self._document, operations)
        for operation in (*operations, *(each for each in around if each not in operations)):
            if isinstance(operation, Nest):
                self._shifts.append((operation.route, self._nest_shift(operation)))
            elif isinstance(operation, WrapInList):
                self._shifts.append((operation.route, 2 * (self._habits.json_indent or 0)))
        removed = {operation.route for operation in operations if isinstance(operation, Remove)}
        result: list[Edit] = []
        for operation in operations:
            result += self._compile(operation, removed)
        return result

    def _compile(self, operation: Operation, removed: set[Route]) -> list[Edit]:
        found = self._found(operation.route)
        stage = operation.stage
        match operation:
            case SetValue():
                return [self._shifted(self._set(found, operation), operation.route)]
            case RenameKey():
                key = self._key(found)
                style = key.style if key.style in ("'", '"') else ""
                name = (
                    quote(operation.name, style)
                    if style
                    else scalar_text(operation.name, json_style=self._habits.json)
                )
                return [Edit(Span(key.start, key.end), name, stage)]
            case AddEntry():
                return [self._shifted(self._add_entry(found, operation), operation.route)]
            case AddItem():
                return [self._shifted(self._add_item(found, operation), operation.route)]
            case Remove():
                if len(operation.route) == 1 and all(
                    (step,) in removed for step in self._document.read()
                ):
                    raise EditError("a document does not lose its last entry: remove the document")
                self._check_removable(found)
                return [Edit(self._removal(found, operation.route, removed), "", stage)]
            case Nest():
                return [
                    edit if edit.content.isspace() else self._shifted_inside(edit, operation)
                    for edit in self._nest(found, operation)
                ]
            case WrapInList():
                return self._enlist(operation)

    # Looking up

    def _found(self, route: Route) -> Found:
        found = self._document.find(route)
        if found is None:
            raise EditError("there is nothing at the place to edit")
        if found.shared:
            raise CrossesAnchor(
                "the text is shared through an anchor or a merge key: write it out first"
            )
        return found

    def _key(self, found: Found) -> Scalar:
        if found.key is None:
            raise EditError("the place to edit has no key")
        return found.key

    def _check_removable(self, found: Found) -> None:
        if not self._document.composed.aliased:
            return
        node = found.node
        for other in walk(self._document.root):
            if (
                isinstance(other, Alias)
                and not node.start <= other.start < node.end
                and node.start <= other.target.start < node.end
            ):
                raise CrossesAnchor(
                    "an alias elsewhere refers to an anchor in what would be removed: write it out"
                    " first"
                )

    def _shifted(self, edit: Edit, route: Route) -> Edit:
        shift = sum(by for outer, by in self._shifts if route[: len(outer)] == outer)
        return replace(edit, content=layout.reindent(edit.content, shift))

    def _shifted_inside(self, edit: Edit, operation: Nest) -> Edit:
        """What a nesting adds is moved by the nestings around it, not by itself."""
        shift = sum(
            by
            for outer, by in self._shifts
            if outer != operation.route and operation.route[: len(outer)] == outer
        )
        return replace(edit, content=layout.reindent(edit.content, shift))

    # Extents

    def extent(self, found: Found, route: Route) -> Span:
        """The text of an entry or item in block style, on lines of its own, with the comments that
        belong to it.

        Ends before the line break of its last line. Where it starts in the middle of a line, so
        does the extent.
        """
        text = self._text
        start = self._own_start(found, route)
        own = column(text, start)
        end = max(found.node.end, found.key.end if found.key is not None else 0, start)
        written = found.written
        if written is not None:
            end = max(written.end, found.key.end if found.key is not None else 0)
        top = line_start(text, start)
        if text[top:start].strip(" "):
            return Span(start, layout.below(text, end, own))
        return Span(
            layout.above(text, top, own, self._floor(found, route)), layout.below(text, end, own)
        )

    def _own_start(self, found: Found, route: Route) -> int:
        """Where the key or the dash stands."""
        if found.key is not None:
            return found.key.start
        if isinstance(found.parent, Sequence) and is_block(found.parent):
            return layout.dash(self._text, found.parent, int(route[-1]))
        return found.node.start

    def _floor(self, found: Found, route: Route) -> int:
        """Above this offset other nodes' lines begin."""
        parent = found.parent
        previous: Node | None = None
        if isinstance(parent, Sequence):
            index = int(route[-1])
            previous = parent.items[index - 1] if index else None
        elif isinstance(parent, Mapping):
            for key, value in parent.entries:
                if key is found.key:
                    break
                previous = value
        if previous is None:
            return 0
        return layout.next_line(self._text, line_end(self._text, previous.end))

    # Setting

    def _set(self, found: Found, operation: SetValue) -> Edit:
        text, node, value = self._text, found.node, operation.value
        in_flow = found.parent is not None and not is_block(found.parent)
        start = content_start(text, node)
        if isinstance(node, Scalar) and not isinstance(value, dict | list | Verbatim):
            content = self._restyled(node, value, in_flow)
            if content is not None:
                gap = " " if start == node.end and text[start - 1 : start] in (":", "-") else ""
                return Edit(Span(start, self._scalar_end(node)), gap + content, operation.stage)
        if in_flow:
            gap = " " if start == node.end and text[start - 1 : start] == ":" else ""
            return Edit(
                Span(start, node.end),
                gap + self._emit.flow(value, layout.indentation(text, start)),
                operation.stage,
            )
        if found.key is not None:
            lines = self._emit.entry(
                operation.route[-1] if isinstance(operation.route[-1], str) else "",
                value,
                column(text, found.key.start),
            )
            while lines[0].lstrip().startswith("#"):
                lines.pop(0)
            head = re.match(r"\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^:]*|.*?)(?=:(?:\s|$))", lines[0])
            assert head is not None
            lines[0] = lines[0][head.end() + 1 :]
            return self._replaced(colon(text, found.key), node.end, lines, operation.stage)
        if isinstance(found.parent, Sequence):
            at = layout.dash(text, found.parent, int(operation.route[-1]))
            lines = self._emit.item(value, column(text, at))
            lines[0] = lines[0].lstrip()[1:]
            return self._replaced(at + 1, node.end, lines, operation.stage)
        raise EditError("a whole document is not replaced: insert a new one")

    def _replaced(self, start: int, end: int, lines: list[str], stage: int) -> Edit:
        """A block value in place of the text from `start` to `end`; a comment behind that stays
        on the first line.
        """
        if len(lines) > 1:
            stop = line_end(self._text, end)
            lines[0] += self._text[end:stop].rstrip()
            end = stop
        content = self._habits.newline.join(lines)
        if len(lines) > 1 and end == len(self._text) and re.search(r"[|>]\+?$", lines[0].rstrip()):
            # A block scalar keeps its last line break only if the file has one.
            content += self._habits.newline
        return Edit(Span(start, end), content, stage)

    def _scalar_end(self, node: Scalar) -> int:
        """Where a scalar's text ends; blanks at the end of a block scalar's last line are part
        of it.
        """
        return line_end(self._text, node.end) if node.style in ("|", ">") else node.end

    def _restyled(self, node: Scalar, value: Tree, in_flow: bool) -> str | None:
        """The new scalar in the old one's style; None where that style can't hold it."""
        if not isinstance(value, str):
            return scalar_text(value, json_style=self._habits.json)
        spliced = self._spliced(node, value)
        if spliced is not None:
            return spliced
        if self._habits.json:
            return scalar_text(value, json_style=True)
        if node.style == '"' or (node.style == "'" and not in_flow and "\n" in value):
            return quote(value, "" if node.style == '"' else self._habits.quote)
        if node.style == "'":
            return quote(value, "'")
        if node.style in ("|", ">"):
            return self._reblocked(node, value)
        if "\n" in value and not in_flow:
            return None
        return value if plain_is_safe(value, flow=in_flow) else quote(value, self._habits.quote)

    def _spliced(self, node: Scalar, value: str) -> str | None:
        """The old text with the one part changed that differs, where that part is written plainly;
        None where it isn't.

        A part of letters, digits and `.:/_-` reads the same in every quoting style, and the line
        breaks of folded text stay.
        """
        old, written = (
            node.text,
            self._text[content_start(self._text, node) : self._scalar_end(node)],
        )
        head = _common(old, value)
        tail = _common(old[head:][::-1], value[head:][::-1])
        # A part that is too short to be found again is taken with the word before it.
        start = max((match.end() for match in _BREAKS.finditer(old, 0, head)), default=0)
        before, after = old[start : len(old) - tail], value[start : len(value) - tail]
        plain = _PLAIN_PART.fullmatch(before) and _PLAIN_PART.fullmatch(after)
        if node.style == "" or not plain or old.count(before) != 1 or written.count(before) != 1:
            return None
        return written.replace(before, after)

    def _reblocked(self, node: Scalar, value: str) -> str | None:
        """A literal block scalar with the old one's indentation; lines that stay the same keep
        their text.
        """
        text = self._text
        body_start = line_end(text, node.start)
        old = text[body_start : node.end]
        inner = next(
            (len(line) - len(line.lstrip(" ")) for line in re.split("\r?\n", old) if line.strip()),
            None,
        )
        header = text[content_start(text, node) : body_start]
        explicit = re.search("[1-9]", header.split("#")[0])
        if (
            inner is None
            or explicit
            or node.style == ">"
            or value.startswith((" ", "\n"))
            or not value.strip()
        ):
            return quote(value, "")
        stripped = value.rstrip("\n")
        count = len(value) - len(stripped)
        chomp = "-" if count == 0 else "" if count == 1 else "+"
        comment = header[header.index("#") :] if "#" in header else ""
        lines = stripped.split("\n") + [""] * (count - 1)
        body = self._habits.newline.join(" " * inner + line if line else "" for line in lines)
        return f"|{chomp}{' ' + comment if comment else ''}{self._habits.newline}{body}"

    # Adding

    def _add_entry(self, found: Found, operation: AddEntry) -> Edit:
        text, node = self._text, found.node
        if not isinstance(node, Mapping):
            raise EditError("the place to add an entry to is not a mapping")
        keys = [
            (key, value)
            for key, value in node.entries
            if not is_merge(key) and read_key(key) == operation.after
        ]
        key, value = keys[-1] if keys else node.entries[-1]
        if node.flow:
            name = scalar_text(
                operation.key, preferred=self._habits.quote, flow=True, json_style=self._habits.json
            )
            inner = layout.indentation(text, node.entries[0][0].start)
            content = f"{name}: {self._emit.flow(operation.value, inner)}"
            at = max(key.end, value.end)
            return Edit(
                self._at(at),
                self._between(node, node.entries[0][0].start) + content,
                operation.stage,
                inside=Span(node.start, node.end),
            )
        own = column(text, node.entries[0][0].start)
        at = layout.below(text, max(key.end, value.end), own)
        layout.check_open_end(self._document, at)
        lines = self._emit.entry(operation.key, operation.value, own)
        content = self._habits.newline + self._habits.newline.join(lines)
        return Edit(self._at(at), content, operation.stage, inside=Span(node.start, node.end))

    def _add_item(self, found: Found, operation: AddItem) -> Edit:
        text, node = self._text, found.node
        if not isinstance(node, Sequence):
            raise EditError("the place to add an item to is not a sequence")
        index = (
            len(node.items) if operation.index is None else min(operation.index, len(node.items))
        )
        newline = self._habits.newline
        inside = Span(node.start, node.end)
        if node.flow:
            content = self._emit.flow(
                operation.value, layout.indentation(text, node.items[0].start)
            )
            separator = self._between(node, node.items[0].start)
            if index == 0:
                return Edit(
                    self._at(node.items[0].start),
                    content + separator,
                    operation.stage,
                    inside=inside,
                )
            return Edit(
                self._at(node.items[index - 1].end),
                separator + content,
                operation.stage,
                inside=inside,
            )
        first = layout.dash(text, node, 0)
        own = column(text, first)
        lines = self._emit.item(operation.value, own)
        if index == 0:
            if text[line_start(text, first) : first].strip(" "):
                return Edit(
                    self._at(first),
                    newline.join(lines)[own:] + newline + " " * own,
                    operation.stage,
                    inside=inside,
                )
            start = layout.above(text, line_start(text, first), own, 0)
            at = start - (2 if text[start - 2 : start] == "\r\n" else 1)
        else:
            at = layout.below(text, node.items[index - 1].end, own)
            layout.check_open_end(self._document, at)
        return Edit(self._at(at), newline + newline.join(lines), operation.stage, inside=inside)

    def _between(self, node: Node, first: int) -> str:
        """What stands between two entries or items of a flow collection."""
        text = self._text
        if "\n" in text[node.start : first]:
            return "," + self._habits.newline + " " * layout.indentation(text, first)
        return ", "

    @staticmethod
    def _at(offset: int) -> Span:
        return Span(offset, offset)

    # Removing

    def _removal(self, found: Found, route: Route, removed: set[Route]) -> Span:
        text, parent = self._text, found.parent
        if not isinstance(parent, Mapping | Sequence):
            raise EditError("a whole document is not removed by a route")
        starts, ends, steps = _children(parent)
        index = next(
            i
            for i, start in enumerate(starts)
            if start == (found.key.start if found.key else _item_start(parent, route))
        )
        kept_before = any((*route[:-1], step) not in removed for step in steps[:index])
        if parent.flow:
            if kept_before:
                return Span(ends[index - 1], ends[index])
            following = starts[index + 1] if index + 1 < len(starts) else None
            return (
                Span(starts[index], following)
                if following is not None
                else Span(starts[index], ends[index])
            )
        extent = self.extent(found, route)
        if not kept_before and text[
            line_start(text, self._first(parent)) : self._first(parent)
        ].strip(" "):
            return self._inline_removal(found, route, parent, index)
        if extent.start == 0:
            return Span(0, layout.next_line(text, extent.end))
        return Span(layout.without_double_blank(text, extent.start, extent.end), extent.end)

    def _first(self, parent: Mapping | Sequence) -> int:
        return (
            parent.entries[0][0].start
            if isinstance(parent, Mapping)
            else layout.dash(self._text, parent, 0)
        )

    def _inline_removal(
        self, found: Found, route: Route, parent: Mapping | Sequence, index: int
    ) -> Span:
        """The first child of a collection that starts behind a dash: its line stays, for the
        dash.
        """
        text = self._text
        start = self._own_start(found, route)
        if isinstance(parent, Mapping):
            following = (
                parent.entries[index + 1][0].start if index + 1 < len(parent.entries) else None
            )
        else:
            following = (
                layout.dash(text, parent, index + 1) if index + 1 < len(parent.items) else None
            )
        if following is None:
            return Span(start, max(found.node.end, start))
        end = layout.below(text, found.node.end, column(text, start))
        if "#" in text[end:following]:
            # Comments stand between: they stay, below the dash.
            return Span(start, end)
        return Span(start, following)

    # Nesting

    def _nest_shift(self, operation: Nest) -> int:
        depth = _hole_depth(operation.tree)
        return depth * (
            (self._habits.json_indent or 0) if self._habits.json else self._habits.indent
        )

    def _nest(self, found: Found, operation: Nest) -> list[Edit]:
        text = self._text
        written = found.node
        key = self._key(found)
        in_flow = found.parent is not None and not is_block(found.parent)
        shift = self._nest_shift(operation)
        if in_flow:
            opening, closing = self._emit.around_hole(
                self._emit.flow(operation.tree, layout.indentation(text, key.start))
            )
            result = [
                Edit(self._at(written.start), opening, operation.stage),
                Edit(self._at(written.end), closing, operation.stage),
            ]
            region = Span(written.start, written.end)
        else:
            lines = self._emit.entries(
                operation.tree, column(text, key.start) + self._habits.indent
            )
            opening, closing = self._emit.around_hole(self._habits.newline.join(lines))
            if closing.strip():
                raise EditError("the old value is not the last leaf")
            result = [
                Edit(self._at(colon(text, key)), self._habits.newline + opening, operation.stage)
            ]
            region = Span(
                colon(text, key),
                layout.below(text, written.end, column(text, key.start), over_blanks=True),
            )
        result += [
            Edit(self._at(offset), " " * shift, operation.stage, gives_way=True)
            for offset in layout.indent_offsets(text, region)
            if shift
        ]
        return result

    def _enlist(self, operation: WrapInList) -> list[Edit]:
        root = self._document.root
        indent, newline = self._habits.json_indent, self._habits.newline
        one = newline + " " * indent if indent is not None else ""
        two = newline + " " * (2 * indent) if indent is not None else ""
        gap = "" if indent is not None else " "
        opening = (
            f'{{{one}"apiVersion": "v1",{one or gap}"kind": "List",{one or gap}"items": [{two}'
        )
        closing = f"{one}]{newline if indent is not None else ''}}}"
        result = [
            Edit(self._at(root.start), opening, operation.stage),
            Edit(self._at(root.end), closing, operation.stage),
        ]
        offsets = layout.indent_offsets(self._text, Span(root.start, root.end)) if indent else []
        return result + [
            Edit(self._at(offset), " " * (2 * (indent or 0)), operation.stage, gives_way=True)
            for offset in offsets
        ]


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    return next(
        (
            place
            for place, (left, right) in enumerate(zip(one, other, strict=False))
            if left != right
        ),
        min(len(one), len(other)),
    )


def _item_start(parent: Node, route: Route) -> int:
    assert isinstance(parent, Sequence)
    return parent.items[int(route[-1])].start


def _children(parent: Mapping | Sequence) -> tuple[list[int], list[int], Sequenced[str | int]]:
    """Where a collection's children start and end, and the steps that lead to them."""
    if isinstance(parent, Sequence):
        return (
            [item.start for item in parent.items],
            [item.end for item in parent.items],
            range(len(parent.items)),
        )
    entries = parent.entries
    return (
        [key.start for key, _ in entries],
        [max(key.end, value.end) for key, value in entries],
        [read_key(key) for key, _ in entries],
    )


def _hole_depth(tree: Tree) -> int:
    """How many keys lead to the hole.

    Raises:
        EditError: the hole is missing or not the last leaf.
    """
    depth = 0
    while isinstance(tree, dict) and tree:
        tree = tree[next(reversed(tree))]
        depth += 1
    if tree is not HOLE:
        raise EditError("the old value has no place in the new one")
    return depth
