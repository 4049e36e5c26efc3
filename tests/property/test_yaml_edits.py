"""Edits of YAML text, compared with their meaning on plain data."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.text import SourceFile, apply_edits
from service.yamldoc.compose import Limits
from service.yamldoc.editing import compile_operations, emit_documents
from service.yamldoc.formatting import formatting_of
from service.yamldoc.nodes import Route
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
    Verbatim,
)
from service.yamldoc.reading import read
from service.yamldoc.stream import Document, parse
from tests.support.editing_model import apply_operations
from tests.support.yamltext import SCALARS, data, documents


def parse_one(text: str) -> Document:
    """The one document of a text."""
    (document,) = parse(SourceFile("test.yaml", text), Limits())
    assert isinstance(document, Document), document
    return document


def edit(document: Document, operations: list[Operation], stage: int = 0) -> str:
    """The text of a document after some operations, in a stage."""
    return apply_edits(
        document.source.text,
        compile_operations(document, operations, formatting_of([document])),
        stage,
    )


def routes(value: Any, route: Route = ()) -> list[Route]:
    """Every route into a value, the root left out."""
    steps = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [
        deeper
        for step, child in steps
        for deeper in [(*route, step), *routes(child, (*route, step))]
    ]


def look_up(value: Any, route: Route) -> Any:
    """The value at a route."""
    for step in route:
        value = value[step]
    return value


def random_operation(value: Any, choose: random.Random, new: Any) -> Operation:
    """An operation that the value allows, at a random place."""
    route = choose.choice(routes(value))
    target = look_up(value, route)
    options: list[Operation] = [SetValue(route, new)]
    if len(route) > 1 or len(value) > 1:
        options.append(Remove(route))
    if isinstance(route[-1], str):
        options.append(RenameKey(route, "renamed"))
        options.append(
            Nest(route, {"first": "x", "template": {"labels": {"k": "v"}, "spec": HOLE}})
        )
    if isinstance(target, dict) or target is None:
        options.append(
            AddEntry(route, "added", new, after=choose.choice([*target, None]) if target else None)
        )
    if isinstance(target, list) or target is None:
        options.append(
            AddItem(route, new, index=choose.choice([None, *range(len(target or []) + 1)]))
        )
    return choose.choice(options)


@given(documents())
def test_the_generated_text_reads_as_the_generated_data(sample: tuple[str, Any]) -> None:
    """The strategy itself is right; otherwise the properties below would test nothing."""
    text, value = sample
    assert read(parse_one(text).root) == value


@settings(max_examples=1000)
@given(
    documents(),
    st.randoms(use_true_random=False),
    data(4) | SCALARS | st.lists(SCALARS, max_size=3),
)
def test_the_text_after_an_operation_reads_as_the_operation_on_the_data(
    sample: tuple[str, Any], choose: random.Random, new: Any
) -> None:
    """The edited text reads as the edited data, whatever the style."""
    text, value = sample
    document = parse_one(text)
    operation = random_operation(value, choose, new)
    result = edit(document, [operation])
    assert read(parse_one(result).root) == apply_operations(value, [operation]), (operation, result)


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_edits_of_disjoint_routes_commute(sample: tuple[str, Any], choose: random.Random) -> None:
    """The order of operations makes no difference, and together they mean what they mean alone."""
    text, value = sample
    document = parse_one(text)
    first, second = random_operation(value, choose, 1), random_operation(value, choose, {"n": "w"})
    shorter = min(len(first.route), len(second.route))
    if first.route[:shorter] == second.route[:shorter]:
        return
    if (
        isinstance(first, AddItem | Remove)
        and isinstance(second, AddItem | Remove)
        and first.route[:-1] == second.route[:-1]
    ):
        return
    result = edit(document, [first, second])
    assert result == edit(document, [second, first])
    assert read(parse_one(result).root) == apply_operations(value, [first, second]), (
        first,
        second,
        result,
    )


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_lines_outside_the_edited_node_survive(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Removing a node removes its lines and no others."""
    text, value = sample
    document = parse_one(text)
    route = choose.choice(routes(value))
    if len(route) == 1 and len(value) == 1:
        return
    result = edit(document, [Remove(route)])
    place = document.find(route)
    assert place is not None
    before, after = text.splitlines(), result.splitlines()
    start = document.source.position(place.key.start if place.key else place.node.start)[0]
    end = document.source.position(max(place.node.end - 1, 0))[0]
    assert before[end + 3 :] == after[len(after) - len(before[end + 3 :]) :]
    comments = [line for line in before[: max(start - 4, 0)] if line.strip().startswith("#")]
    assert all(line in after for line in comments)


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_a_moved_node_reads_the_same_in_a_new_document(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Text that is carried over keeps its meaning, wherever it lands."""
    text, value = sample
    document = parse_one(text)
    route = choose.choice(routes(value))
    leaf = Verbatim(document, route)
    formatting = formatting_of([document])
    name = route[-1] if isinstance(route[-1], str) else "moved"
    tree = {"kind": "X", "spec": {"deep": {name: leaf, "items": [leaf, 1]}}}
    (new,) = emit_documents([tree], formatting)
    moved = look_up(value, route)
    assert read(parse_one(new).root) == {
        "kind": "X",
        "spec": {"deep": {name: moved, "items": [moved, 1]}},
    }, new


@given(data())
def test_an_emitted_document_reads_as_its_tree(value: Any) -> None:
    """A new document reads as the data that it was made from."""
    document = parse_one("a:\n- b: c\n")
    (text,) = emit_documents([value], formatting_of([document]))
    assert read(parse_one(text).root) == value


@settings(max_examples=400)
@given(
    data(),
    st.randoms(use_true_random=False),
    data(4) | SCALARS | st.lists(SCALARS, max_size=3),
    st.sampled_from([None, 2, 4]),
)
def test_json_is_edited_as_json(
    value: Any, choose: random.Random, new: Any, indent: int | None
) -> None:
    """After any operation the text is still JSON, indented as before, and reads as the edited
    data.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    text = re.sub("[\x7f-\x9f\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)
    document = parse_one(text)
    operation = random_operation(value, choose, new)
    result = edit(document, [operation])
    assert json.loads(result) == apply_operations(value, [operation]), (operation, result)
    assert ("\n" in result.strip()) == (indent is not None) or not value


@given(documents(), st.randoms(use_true_random=False))
def test_the_text_of_a_stage_has_the_edits_up_to_it(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Operations of a later stage change nothing in the text of an earlier one."""
    text, value = sample
    document = parse_one(text)
    first, second = random_operation(value, choose, 1), random_operation(value, choose, {"n": "w"})
    shorter = min(len(first.route), len(second.route))
    if first.route[:shorter] == second.route[:shorter] or first.route[:-1] == second.route[:-1]:
        return
    both = [first, replace(second, stage=2)]
    assert edit(document, both, 0) == edit(document, both, 1) == edit(document, [first])
    assert edit(document, both, 2) == edit(document, [first, second])


@given(documents(), st.randoms(use_true_random=False))
def test_a_removal_in_a_later_stage_includes_earlier_edits(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """A node that is removed in a later stage is gone whole, whatever was added to it before."""
    text, value = sample
    document = parse_one(text)
    candidates = [
        route
        for route in routes(value)
        if isinstance(look_up(value, route), dict)
        and look_up(value, route)
        and (len(route) > 1 or len(value) > 1)
    ]
    if not candidates:
        return
    route = choose.choice(candidates)
    removal = Remove(route, stage=1)
    result = edit(document, [AddEntry(route, "added", "x"), removal], 1)
    assert result == edit(document, [removal], 1)
