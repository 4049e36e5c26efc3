"""Operations on a document to edits of its text.

Only what an operation means changes: everything else, comments and quotes included, keeps its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Sequenced
from dataclasses import replace

from service.errors import CrossesAnchor, EditError
from service.text import Edit, Span, apply_edits
from service.yamldoc import layout
from service.yamldoc.emit import Emitter, Slice
from service.yamldoc.layout import Habits, column, content_start, is_block, line_end, line_start
from service.yamldoc.nodes import Alias, Mapping, Node, Route, Scalar, Sequence
from service.yamldoc.operations import HOLE, AddEntry, AddItem, Enlist, Nest, Operation, Remove, RenameKey, SetValue, Tree, Verbatim
from service.yamldoc.reading import Found, is_merge, merge_sources, read
from service.yamldoc.scalars import plain_is_safe, quote, read_key, scalar_text
from service.yamldoc.stream import Document


def compile_operations(document: Document, operations: Iterable[Operation], habits: Habits, around: Iterable[Operation] = ()) -> list[Edit]:
    """The edits of the document's file that carry out the operations.

    Args:
        document: the document.
        operations: what to do.
        habits: how the file is written.
        around: operations of other changes on the same document; those that put text deeper count for the indentation.

    Raises:
        CrossesAnchor: the text is shared through an anchor.
        EditError: the document has duplicate keys, or no such place.
    """
    if document.duplicates:
        raise EditError("a document with duplicate keys is not edited: remove one of them")
    patcher = _Patcher(document, habits)
    base = document.span.start
    edits = patcher.edits(list(operations), around)
    return [edit.moved(base) for edit in edits]


def emit_json_item(tree: Tree, habits: Habits) -> str:
    """The text of an object as a further item of the List that `Enlist` makes, the comma before it included."""
    indent = habits.json_indent
    pad = habits.newline + " " * (2 * indent) if indent is not None else " "
    return "," + pad + Emitter(habits, lambda leaf: cut_out(leaf, habits)).flow(tree, 2 * (indent or 0))


def emit_document(tree: Tree, habits: Habits) -> str:
    """The text of a new document, with a final line break and without a separator line."""
    return Emitter(habits, lambda leaf: cut_out(leaf, habits)).document(tree)


def cut_out(leaf: Verbatim, habits: Habits) -> Slice:
    """The text of a `Verbatim` leaf, its operations carried out, aliases to anchors outside it written out.

    Raises:
        EditError: there is nothing at its route.
    """
    document = leaf.document
    text = document.text
    found = document.find(leaf.route)
    if found is None:
        raise EditError("there is nothing to carry over")
    node, parent = found.node, found.parent
    written = found.written
    data = read(node)
    if written is None:
        # It came in by an alias or a merge key: there is no text of its own here.
        lines = _emitted(data, habits)
        return Slice([], lines, lines, None, isinstance(data, dict | list) and bool(data), isinstance(data, list), data)
    edits = _Patcher(document, habits).edits([*leaf.operations]) + list(_written_out(text, written, habits))
    start = found.key.start if found.key is not None else written.start
    in_flow = parent is not None and not is_block(parent)
    own = layout.indentation(text, start) if in_flow else column(text, start)
    comments: list[str] = []
    end = max(written.end, start)
    if not in_flow:
        comments, end = _comments(document, leaf.route, found)
    whole = _cut(text, Span(start, end), edits, own)
    value_start = written.start
    if found.key is not None:
        own = column(text, value_start) if is_block(node) and not in_flow else own
    value = ["null"] if written.start == written.end else _cut(text, Span(value_start, end), edits, own)
    key = read_key(found.key) if found.key is not None else None
    return Slice(comments, whole, value, key, is_block(written), isinstance(node, Sequence), data)


def _comments(document: Document, route: Route, found: Found) -> tuple[list[str], int]:
    """The comment lines above a block node, and where the node ends with the comments that belong to it."""
    text = document.text
    extent = _Patcher(document, Habits()).extent(found, route)
    start = found.key.start if found.key is not None else found.node.start
    top = text[extent.start : line_start(text, start)]
    if found.key is None and isinstance(found.parent, Sequence):
        # The dash may stand on a line of its own.
        at = layout.dash(text, found.parent, int(route[-1]))
        top = text[extent.start : at] + text[at + 1 : line_start(text, start)]
    return [line.strip() for line in top.splitlines() if line.strip().startswith("#")], extent.end


def _cut(text: str, span: Span, edits: Iterable[Edit], own_column: int) -> list[str]:
    inside = [
        replace(moved, stage=0)
        for edit in edits
        for moved in (edit.moved(-span.start),)
        if span.start <= edit.span.start and edit.span.end <= span.end
    ]
    cut = apply_edits(text[span.start : span.end], inside)
    return layout.reindent(cut, -own_column).replace("\r\n", "\n").split("\n")


def _emitted(data: Tree, habits: Habits) -> list[str]:
    emitter = Emitter(habits, lambda leaf: cut_out(leaf, habits))
    if isinstance(data, dict) and data:
        return emitter.entries(data, 0)
    if isinstance(data, list) and data:
        return [line for item in data for line in emitter.item(item, 0)]
    return [emitter.flow(data, 0)]


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Mapping):
        for _, value in node.entries:
            yield from _walk(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _walk(item)


def _written_out(text: str, node: Node, habits: Habits) -> Iterator[Edit]:
    """Edits that write out the aliases in a slice whose anchors are outside of it."""
    parents: list[tuple[Node, Scalar | None, Node]] = []
    for parent in _walk(node):
        if isinstance(parent, Mapping):
            parents += [(parent, key, value) for key, value in parent.entries]
        elif isinstance(parent, Sequence):
            parents += [(parent, None, item) for item in parent.items]
    emitter = Emitter(habits, lambda leaf: cut_out(leaf, habits))
    yield from _without_anchors(text, node)
    for parent, key, value in parents:
        if key is not None and is_merge(key):
            yield from _merge_written_out(text, node, parent, key, value, emitter)
        elif isinstance(value, Alias) and not node.start <= value.target.start < node.end:
            data = read(value)
            if not is_block(parent) or not isinstance(data, dict | list) or not data:
                yield Edit(Span(value.start, value.end), emitter.flow(data, 0))
            elif key is not None:
                lines = emitter.entry(read_key(key), data, column(text, key.start))
                yield Edit(Span(_colon(text, key), value.end), "\n" + "\n".join(lines[1:]))
            else:
                yield Edit(Span(value.start, value.end), emitter.flow(data, 0))


def _without_anchors(text: str, node: Node) -> Iterator[Edit]:
    """Edits that drop anchors to which nothing in a slice refers: aliases elsewhere go on meaning the original."""
    inside = list(_walk(node))
    wanted = {each.name for each in inside if isinstance(each, Alias)}
    for each in inside:
        if each.anchor is not None and each.anchor not in wanted and each.tag is None and not isinstance(each, Alias):
            start = content_start(text, each)
            # Before a block collection the properties end their line.
            end = start if "\n" not in text[each.start : start] else each.start + len(each.anchor) + 1
            yield Edit(Span(each.start, end), "")


def _merge_written_out(text: str, node: Node, parent: Node, key: Scalar, value: Node, emitter: Emitter) -> Iterator[Edit]:
    if all(node.start <= source.start < node.end for source in merge_sources(value)):
        return
    assert isinstance(parent, Mapping)
    later = False
    hidden = set()
    for other, _ in parent.entries:
        later = later or other is key
        if later and not is_merge(other):
            hidden.add(read_key(other))
    data = {name: each for source in merge_sources(value) for name, each in read(source).items() if name not in hidden}
    # An earlier key that the merge overrides would be written twice; kubectl reads the merged one.
    for other, _ in parent.entries:
        if other is key:
            break
        data.pop(read_key(other), None)
    if not data:
        # All that it brings in is written beside it.
        entries = parent.entries
        place = next(index for index, (other, _) in enumerate(entries) if other is key)
        if place + 1 < len(entries):
            yield Edit(Span(key.start, entries[place + 1][0].start), "")
        elif place:
            yield Edit(Span(entries[place - 1][1].end, value.end), "")
        return
    if is_block(parent):
        lines = emitter.entries(data, column(text, key.start))
        yield Edit(Span(key.start, value.end), "\n".join(lines).lstrip())
    else:
        yield Edit(Span(key.start, value.end), emitter.flow(data, 0)[1:-1])


def _colon(text: str, key: Scalar) -> int:
    """The offset behind the colon of an entry."""
    return text.index(":", key.end) + 1


class _Patcher:
    """Works in the offsets of one piece."""

    def __init__(self, document: Document, habits: Habits) -> None:
        self._document = document
        self._text = document.text
        self._habits = habits
        self._emit = Emitter(habits, lambda leaf: cut_out(leaf, habits))
        self._shifts: list[tuple[Route, int]] = []

    def edits(self, operations: list[Operation], around: Iterable[Operation] = ()) -> list[Edit]:
        operations = _gathered(self._document, operations)
        for operation in (*operations, *(each for each in around if each not in operations)):
            if isinstance(operation, Nest):
                self._shifts.append((operation.route, self._nest_shift(operation)))
            elif isinstance(operation, Enlist):
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
                name = quote(operation.name, style) if style else scalar_text(operation.name, json_style=self._habits.json)
                return [Edit(Span(key.start, key.end), name, stage)]
            case AddEntry():
                return [self._shifted(self._add_entry(found, operation), operation.route)]
            case AddItem():
                return [self._shifted(self._add_item(found, operation), operation.route)]
            case Remove():
                if len(operation.route) == 1 and all((step,) in removed for step in self._document.read()):
                    raise EditError("a document does not lose its last entry: remove the document")
                self._check_removable(found)
                return [Edit(self._removal(found, operation.route, removed), "", stage)]
            case Nest():
                return [edit if edit.content.isspace() else self._shifted_inside(edit, operation) for edit in self._nest(found, operation)]
            case Enlist():
                return self._enlist(operation)

    # Looking up

    def _found(self, route: Route) -> Found:
        found = self._document.find(route)
        if found is None:
            raise EditError("there is nothing at the place to edit")
        if found.shared:
            raise CrossesAnchor("the text is shared through an anchor or a merge key: write it out first")
        return found

    def _key(self, found: Found) -> Scalar:
        if found.key is None:
            raise EditError("the place to edit has no key")
        return found.key

    def _check_removable(self, found: Found) -> None:
        if not self._document.composed.aliased:
            return
        node = found.node
        for other in _walk(self._document.root):
            if isinstance(other, Alias) and not node.start <= other.start < node.end and node.start <= other.target.start < node.end:
                raise CrossesAnchor("an alias elsewhere refers to an anchor in what would be removed: write it out first")

    def _shifted(self, edit: Edit, route: Route) -> Edit:
        shift = sum(by for outer, by in self._shifts if route[: len(outer)] == outer)
        return replace(edit, content=layout.reindent(edit.content, shift))

    def _shifted_inside(self, edit: Edit, operation: Nest) -> Edit:
        """What a nesting adds is moved by the nestings around it, not by itself."""
        shift = sum(by for outer, by in self._shifts if outer != operation.route and operation.route[: len(outer)] == outer)
        return replace(edit, content=layout.reindent(edit.content, shift))

    # Extents

    def extent(self, found: Found, route: Route) -> Span:
        """The text of an entry or item in block style, on lines of its own, with the comments that belong to it.

        Ends before the line break of its last line. Where it starts in the middle of a line, so does the extent.
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
        return Span(layout.above(text, top, own, self._floor(found, route)), layout.below(text, end, own))

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
                return Edit(Span(start, node.end), gap + content, operation.stage)
        if in_flow:
            gap = " " if start == node.end and text[start - 1 : start] == ":" else ""
            return Edit(Span(start, node.end), gap + self._emit.flow(value, layout.indentation(text, start)), operation.stage)
        if found.key is not None:
            lines = self._emit.entry(
                operation.route[-1] if isinstance(operation.route[-1], str) else "", value, column(text, found.key.start)
            )
            while lines[0].lstrip().startswith("#"):
                lines.pop(0)
            head = re.match(r"\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^:]*|.*?)(?=:(?:\s|$))", lines[0])
            assert head is not None
            lines[0] = lines[0][head.end() + 1 :]
            return self._replaced(_colon(text, found.key), node.end, lines, operation.stage)
        if isinstance(found.parent, Sequence):
            at = layout.dash(text, found.parent, int(operation.route[-1]))
            lines = self._emit.item(value, column(text, at))
            lines[0] = lines[0].lstrip()[1:]
            return self._replaced(at + 1, node.end, lines, operation.stage)
        raise EditError("a whole document is not replaced: insert a new one")

    def _replaced(self, start: int, end: int, lines: list[str], stage: int) -> Edit:
        """A block value in place of the text from `start` to `end`; a comment behind that stays on the first line."""
        if len(lines) > 1:
            stop = line_end(self._text, end)
            lines[0] += self._text[end:stop].rstrip()
            end = stop
        return Edit(Span(start, end), self._habits.newline.join(lines), stage)

    def _restyled(self, node: Scalar, value: Tree, in_flow: bool) -> str | None:
        """The new scalar in the old one's style; None where that style can't hold it."""
        if not isinstance(value, str):
            return scalar_text(value, json_style=self._habits.json)
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

    def _reblocked(self, node: Scalar, value: str) -> str | None:
        """A literal block scalar with the old one's indentation; lines that stay the same keep their text."""
        text = self._text
        body_start = line_end(text, node.start)
        old = text[body_start : node.end]
        inner = next((len(line) - len(line.lstrip(" ")) for line in re.split("\r?\n", old) if line.strip()), None)
        header = text[content_start(text, node) : body_start]
        explicit = re.search("[1-9]", header.split("#")[0])
        if inner is None or explicit or node.style == ">" or value.startswith((" ", "\n")) or not value.strip():
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
        keys = [(key, value) for key, value in node.entries if not is_merge(key) and read_key(key) == operation.after]
        key, value = keys[-1] if keys else node.entries[-1]
        if node.flow:
            name = scalar_text(operation.key, preferred=self._habits.quote, flow=True, json_style=self._habits.json)
            inner = layout.indentation(text, node.entries[0][0].start)
            content = f"{name}: {self._emit.flow(operation.value, inner)}"
            at = max(key.end, value.end)
            return Edit(
                self._at(at), self._between(node, node.entries[0][0].start) + content, operation.stage, inside=Span(node.start, node.end)
            )
        own = column(text, node.entries[0][0].start)
        at = layout.below(text, max(key.end, value.end), own)
        lines = self._emit.entry(operation.key, operation.value, own)
        content = self._habits.newline + self._habits.newline.join(lines)
        return Edit(self._at(at), content, operation.stage, inside=Span(node.start, at))

    def _add_item(self, found: Found, operation: AddItem) -> Edit:
        text, node = self._text, found.node
        if not isinstance(node, Sequence):
            raise EditError("the place to add an item to is not a sequence")
        index = len(node.items) if operation.index is None else min(operation.index, len(node.items))
        newline = self._habits.newline
        inside = Span(node.start, node.end)
        if node.flow:
            content = self._emit.flow(operation.value, layout.indentation(text, node.items[0].start))
            separator = self._between(node, node.items[0].start)
            if index == 0:
                return Edit(self._at(node.items[0].start), content + separator, operation.stage, inside=inside)
            return Edit(self._at(node.items[index - 1].end), separator + content, operation.stage, inside=inside)
        first = layout.dash(text, node, 0)
        own = column(text, first)
        lines = self._emit.item(operation.value, own)
        if index == 0:
            if text[line_start(text, first) : first].strip(" "):
                return Edit(self._at(first), newline.join(lines)[own:] + newline + " " * own, operation.stage, inside=inside)
            start = layout.above(text, line_start(text, first), own, 0)
            at = start - (2 if text[start - 2 : start] == "\r\n" else 1)
        else:
            at = layout.below(text, node.items[index - 1].end, own)
        return Edit(self._at(at), newline + newline.join(lines), operation.stage, inside=Span(node.start, max(at, node.start)))

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
        index = next(i for i, start in enumerate(starts) if start == (found.key.start if found.key else _item_start(parent, route)))
        kept_before = any((*route[:-1], step) not in removed for step in steps[:index])
        if parent.flow:
            if kept_before:
                return Span(ends[index - 1], ends[index])
            following = starts[index + 1] if index + 1 < len(starts) else None
            return Span(starts[index], following) if following is not None else Span(starts[index], ends[index])
        extent = self.extent(found, route)
        if not kept_before and text[line_start(text, self._first(parent)) : self._first(parent)].strip(" "):
            return self._inline_removal(found, route, parent, index)
        if extent.start == 0:
            return Span(0, layout.next_line(text, extent.end))
        return Span(extent.start - (2 if text[extent.start - 2 : extent.start] == "\r\n" else 1), extent.end)

    def _first(self, parent: Mapping | Sequence) -> int:
        return parent.entries[0][0].start if isinstance(parent, Mapping) else layout.dash(self._text, parent, 0)

    def _inline_removal(self, found: Found, route: Route, parent: Mapping | Sequence, index: int) -> Span:
        """The first child of a collection that starts behind a dash: its line stays, for the dash."""
        text = self._text
        start = self._own_start(found, route)
        if isinstance(parent, Mapping):
            following = parent.entries[index + 1][0].start if index + 1 < len(parent.entries) else None
        else:
            following = layout.dash(text, parent, index + 1) if index + 1 < len(parent.items) else None
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
        return depth * ((self._habits.json_indent or 0) if self._habits.json else self._habits.indent)

    def _nest(self, found: Found, operation: Nest) -> list[Edit]:
        text = self._text
        written = found.node
        key = self._key(found)
        in_flow = found.parent is not None and not is_block(found.parent)
        shift = self._nest_shift(operation)
        if in_flow:
            opening, closing = self._emit.around_hole(self._emit.flow(operation.tree, layout.indentation(text, key.start)))
            result = [Edit(self._at(written.start), opening, operation.stage), Edit(self._at(written.end), closing, operation.stage)]
            region = Span(written.start, written.end)
        else:
            lines = self._emit.entries(operation.tree, column(text, key.start) + self._habits.indent)
            opening, closing = self._emit.around_hole(self._habits.newline.join(lines))
            if closing.strip():
                raise EditError("the old value is not the last leaf")
            result = [Edit(self._at(_colon(text, key)), self._habits.newline + opening, operation.stage)]
            region = Span(_colon(text, key), layout.below(text, written.end, column(text, key.start), over_blanks=True))
        result += [
            Edit(self._at(offset), " " * shift, operation.stage, gives_way=True) for offset in layout.indent_offsets(text, region) if shift
        ]
        return result

    def _enlist(self, operation: Enlist) -> list[Edit]:
        root = self._document.root
        indent, newline = self._habits.json_indent, self._habits.newline
        one = newline + " " * indent if indent is not None else ""
        two = newline + " " * (2 * indent) if indent is not None else ""
        gap = "" if indent is not None else " "
        opening = f'{{{one}"apiVersion": "v1",{one or gap}"kind": "List",{one or gap}"items": [{two}'
        closing = f"{one}]{newline if indent is not None else ''}}}"
        result = [Edit(self._at(root.start), opening, operation.stage), Edit(self._at(root.end), closing, operation.stage)]
        offsets = layout.indent_offsets(self._text, Span(root.start, root.end)) if indent else []
        return result + [Edit(self._at(offset), " " * (2 * (indent or 0)), operation.stage, gives_way=True) for offset in offsets]


def _item_start(parent: Node, route: Route) -> int:
    assert isinstance(parent, Sequence)
    return parent.items[int(route[-1])].start


def _children(parent: Mapping | Sequence) -> tuple[list[int], list[int], Sequenced[str | int]]:
    """Where a collection's children start and end, and the steps that lead to them."""
    if isinstance(parent, Sequence):
        return [item.start for item in parent.items], [item.end for item in parent.items], range(len(parent.items))
    entries = parent.entries
    return [key.start for key, _ in entries], [max(key.end, value.end) for key, value in entries], [read_key(key) for key, _ in entries]


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


def _gathered(document: Document, operations: list[Operation]) -> list[Operation]:
    """Operations that only make sense together, put together.

    Additions to an empty or null collection become one new value; removals of everything in one become an empty one.
    """
    result: list[Operation] = []
    filled: dict[Route, SetValue] = {}
    emptied = _emptied(document, operations)
    for operation in operations:
        if isinstance(operation, AddEntry | AddItem):
            found = document.find(operation.route)
            node = found.node if found else None
            empty = (isinstance(node, Scalar) and read(node) is None) or (isinstance(node, Mapping) and not node.entries)
            if empty or (isinstance(node, Sequence) and not node.items):
                _fill(filled, result, operation)
                continue
        elif isinstance(operation, Remove) and operation.route[:-1] in emptied:
            parent = operation.route[:-1]
            if parent not in filled:
                filled[parent] = SetValue(parent, emptied[parent], operation.stage)
                result.append(filled[parent])
            continue
        result.append(operation)
    return result


def _fill(filled: dict[Route, SetValue], result: list[Operation], operation: AddEntry | AddItem) -> None:
    known = filled.get(operation.route)
    if known is None or known.stage != operation.stage:
        value: Tree = {} if isinstance(operation, AddEntry) else []
        known = filled[operation.route] = SetValue(operation.route, value, operation.stage)
        result.append(known)
    if isinstance(operation, AddEntry):
        known.value[operation.key] = operation.value
    else:
        known.value.append(operation.value)


def _emptied(document: Document, operations: list[Operation]) -> dict[Route, Tree]:
    """The collections that lose all their children at one stage and get no new ones, with the empty value they become."""
    gone: dict[Route, set[int]] = {}
    counts: dict[Route, int] = {}
    for operation in operations:
        if isinstance(operation, Remove):
            gone.setdefault(operation.route[:-1], set()).add(operation.stage)
            counts[operation.route[:-1]] = counts.get(operation.route[:-1], 0) + 1
    grown = {operation.route for operation in operations if isinstance(operation, AddEntry | AddItem)}
    result: dict[Route, Tree] = {}
    for route, stages in gone.items():
        found = document.find(route)
        node = found.node if found else None
        size = len(node.entries) if isinstance(node, Mapping) else len(node.items) if isinstance(node, Sequence) else 0
        if route and counts[route] == size and len(stages) == 1 and route not in grown:
            result[route] = {} if isinstance(node, Mapping) else []
    return result
