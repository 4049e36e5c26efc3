"""Edits of YAML text against their meaning on plain data."""

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
from service.yamldoc.editing import compile_operations, emit_document
from service.yamldoc.layout import formatting_of
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
from tests.support.model import applied
from tests.support.yamltext import SCALARS, data, documents


def parsed(text: str) -> Document:
    """The one document of a text."""
    (document,) = parse(SourceFile("test.yaml", text), Limits())
    assert isinstance(document, Document), document
    return document


def edited(document: Document, operations: list[Operation], stage: int = 0) -> str:
    """The text after the operations."""
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


def at(value: Any, route: Route) -> Any:
    """The value at a route."""
    for step in route:
        value = value[step]
    return value


def random_operation(value: Any, choose: random.Random, new: Any) -> Operation:
    """Some operation that the value allows."""
    route = choose.choice(routes(value))
    target = at(value, route)
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
    """The strategy itself is right, or the properties below would test nothing."""
    text, value = sample
    assert read(parsed(text).root) == value


@settings(max_examples=1000)
@given(
    documents(),
    st.randoms(use_true_random=False),
    data(4) | SCALARS | st.lists(SCALARS, max_size=3),
)
def test_the_text_after_an_operation_reads_as_the_operation_on_the_data(
    sample: tuple[str, Any], choose: random.Random, new: Any
) -> None:
    """Whatever the style, the edited text means what was meant."""
    text, value = sample
    document = parsed(text)
    operation = random_operation(value, choose, new)
    result = edited(document, [operation])
    assert read(parsed(result).root) == applied(value, [operation]), (operation, result)


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_edits_of_disjoint_routes_commute(sample: tuple[str, Any], choose: random.Random) -> None:
    """The order in which operations are given makes no difference, and they mean together what
    they mean alone.
    """
    text, value = sample
    document = parsed(text)
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
    result = edited(document, [first, second])
    assert result == edited(document, [second, first])
    assert read(parsed(result).root) == applied(value, [first, second]), (first, second, result)


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_lines_outside_the_edited_node_survive(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Removing a node removes its lines and no others."""
    text, value = sample
    document = parsed(text)
    route = choose.choice(routes(value))
    if len(route) == 1 and len(value) == 1:
        return
    result = edited(document, [Remove(route)])
    found = document.find(route)
    assert found is not None
    before, after = text.splitlines(), result.splitlines()
    start = document.source.position(found.key.start if found.key else found.node.start)[0]
    end = document.source.position(max(found.node.end - 1, 0))[0]
    assert before[end + 3 :] == after[len(after) - len(before[end + 3 :]) :]
    kept = [line for line in before[: max(start - 4, 0)] if line.strip().startswith("#")]
    assert all(line in after for line in kept)


@settings(max_examples=1000)
@given(documents(), st.randoms(use_true_random=False))
def test_a_moved_node_reads_the_same_in_a_new_document(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Text that is carried over keeps its meaning, wherever it lands."""
    text, value = sample
    document = parsed(text)
    route = choose.choice(routes(value))
    leaf = Verbatim(document, route)
    formatting = formatting_of([document])
    name = route[-1] if isinstance(route[-1], str) else "moved"
    new = emit_document(
        {"kind": "X", "spec": {"deep": {name: leaf, "items": [leaf, 1]}}}, formatting
    )
    moved = at(value, route)
    assert read(parsed(new).root) == {
        "kind": "X",
        "spec": {"deep": {name: moved, "items": [moved, 1]}},
    }, new


@given(data())
def test_an_emitted_document_reads_as_its_tree(value: Any) -> None:
    """What we write ourselves means what was meant."""
    document = parsed("a:\n- b: c\n")
    assert read(parsed(emit_document(value, formatting_of([document]))).root) == value


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
    """After any operation the text is still JSON, indented as before, and means what was meant."""
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    text = re.sub("[\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    document = parsed(text)
    operation = random_operation(value, choose, new)
    result = edited(document, [operation])
    assert json.loads(result) == applied(value, [operation]), (operation, result)
    assert ("\n" in result.strip()) == (indent is not None) or not value


@given(documents(), st.randoms(use_true_random=False))
def test_the_text_of_a_stage_has_the_edits_up_to_it(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """Operations of a later stage change nothing in the text of an earlier one."""
    text, value = sample
    document = parsed(text)
    first, second = random_operation(value, choose, 1), random_operation(value, choose, {"n": "w"})
    shorter = min(len(first.route), len(second.route))
    if first.route[:shorter] == second.route[:shorter] or first.route[:-1] == second.route[:-1]:
        return
    both = [first, replace(second, stage=2)]
    assert edited(document, both, 0) == edited(document, both, 1) == edited(document, [first])
    assert edited(document, both, 2) == edited(document, [first, second])


@given(documents(), st.randoms(use_true_random=False))
def test_what_leaves_later_takes_earlier_edits_along(
    sample: tuple[str, Any], choose: random.Random
) -> None:
    """A node that is removed in a later stage is gone whole, whatever was added to it before."""
    text, value = sample
    document = parsed(text)
    candidates = [
        route
        for route in routes(value)
        if isinstance(at(value, route), dict)
        and at(value, route)
        and (len(route) > 1 or len(value) > 1)
    ]
    if not candidates:
        return
    route = choose.choice(candidates)
    removal = Remove(route, stage=1)
    result = edited(document, [AddEntry(route, "added", "x"), removal], 1)
    assert result == edited(document, [removal], 1)
