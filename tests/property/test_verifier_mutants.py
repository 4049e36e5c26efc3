"""The verifier against mutants: in one stage of a right rewrite, one key or value is dropped or
changed.

The verifier has to catch what the model of a cluster calls wrong and what an API server would
refuse.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.options import Options
from service.reading import read_inputs
from service.rewriting.compiling import compile_proposals
from service.rewriting.planning import plan
from service.verification.verify import verify
from tests.support.checks import ALL_CHECKS
from tests.support.cluster import Cluster
from tests.support.objects import Data, read_objects, split_documents
from tests.support.planning import catalogues
from tests.support.programs import usual_ports
from tests.support.rewritten import rewrite
from tests.support.rollout import check_steps
from tests.support.schemas import api_server_errors

SETS = sorted((Path(__file__).parent / "rewritable_sets").glob("*.yaml"))
"""Sets that are split or wrapped."""
STOPPED = sorted((Path(__file__).parent / "resumable_sets").glob("*.yaml"))
"""Texts of the stage *switch*, in which a workload has no Pods."""
every_set = pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
FILE = "set.yaml"
_SEPARATORS = re.compile(r"(?m)(^---.*(?:\n|\Z))")


class RightRewrite:
    """The rewrite of a set, with what the verifier and the model say of a changed text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.options = Options()
        self.inputs = read_inputs([(FILE, text.encode())], self.options)
        self.classifications = [
            classify(PodContext(workload, self.inputs.manifests, load_catalogue()), load_weights())
            for workload in self.inputs.workloads
        ]
        planned = plan(
            self.inputs.manifests, self.classifications, self.options, self.inputs.sources
        )
        assert planned.proposals, planned.held_back
        compiled = compile_proposals(self.inputs, planned.proposals)
        self.kept = compiled.proposals
        self.texts = {**compiled.texts}
        self.clusters = {
            stage: Cluster(read_objects(files), usual_ports) for stage, files in self.texts.items()
        }
        self.before = Cluster(read_objects({FILE: text}), usual_ports)
        clusters = [self.before, *self.clusters.values()]
        self.gone_first = rewrite({FILE: text}).gone_first(clusters)

    def parts(self, stage: Stage) -> Iterator[tuple[str, bool]]:
        """The parts of a text, each with whether it is a new or changed document."""
        old = {document.strip() for document in split_documents(self.text)}
        for part in _SEPARATORS.split(self.texts[stage][FILE]):
            yield part, not part.startswith("---") and part.strip() not in old

    def is_caught(self, stage: Stage, text: str) -> bool:
        """Whether the verifier says anything against a text in a stage."""
        return bool(
            verify(
                self.inputs,
                {**self.texts, stage: {FILE: text}},
                self.kept,
                catalogues(self.classifications),
                self.options,
            )
        )

    def is_wrong(self, stage: Stage, text: str) -> bool:
        """Whether the model of a cluster or an API server minds a text in a stage."""
        after = Cluster(read_objects({FILE: text}), usual_ports)
        clusters = self.clusters | {stage: after}
        try:
            return (
                bool(api_server_errors(after))
                or any(True for check in ALL_CHECKS for _ in check(self.before, after))
                or any(
                    True for _ in check_steps([self.before, *clusters.values()], self.gone_first)
                )
            )
        except (KeyError, TypeError, AttributeError):
            return True  # the model can't read the object any more


def mutants(data: Data) -> Iterator[tuple[str, Data]]:
    """Copies of an object in which one thing is dropped or changed, each with its description."""
    for route in list(_routes(data)):
        value, place = _look_up(data, route), ".".join(map(str, route))
        mutant = copy.deepcopy(data)
        del _look_up(mutant, route[:-1])[route[-1]]
        yield f"{place} dropped", mutant
        if isinstance(value, str | int):
            mutant = copy.deepcopy(data)
            changed = value + "x" if isinstance(value, str) else value + 1
            _look_up(mutant, route[:-1])[route[-1]] = changed
            yield f"{place} changed", mutant


def _routes(data: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    steps = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for step, value in steps:
        yield (*route, step)
        yield from _routes(value, (*route, step))


def _look_up(data: Any, route: tuple[str | int, ...]) -> Any:
    for step in route:
        data = data[step]
    return data


def uncaught(right: RightRewrite, stage: Stage) -> Iterator[tuple[str, str]]:
    """The mutants of a stage that the verifier says nothing of: each with its text."""
    parts = list(right.parts(stage))
    texts = [part for part, _ in parts]
    for number, (part, is_new) in enumerate(parts):
        if not is_new:
            continue
        data = yaml.safe_load(part)
        for description, mutant in mutants(data):
            dumped = yaml.safe_dump(mutant, sort_keys=False)
            text = "".join([*texts[:number], dumped, *texts[number + 1 :]])
            if not right.is_caught(stage, text):
                yield f"{data['kind']}/{data['metadata']['name']} {description}", text


def survivors(right: RightRewrite, stage: Stage) -> Iterator[str]:
    """The mutants of a stage that are wrong and not caught."""
    for description, text in uncaught(right, stage):
        if right.is_wrong(stage, text):
            yield description


@pytest.mark.parametrize("stage", list(Stage), ids=lambda stage: stage.label)
@every_set
def test_wrong_mutants_are_caught(path: Path, stage: Stage) -> None:
    """The verifier catches every mutant that is wrong."""
    assert sorted(survivors(RightRewrite(path.read_text()), stage)) == []


@pytest.mark.parametrize("path", STOPPED, ids=lambda path: path.stem)
def test_mutants_of_what_starts_again_are_caught(path: Path) -> None:
    """Without the model, for which a workload that has no Pods yet is another one."""
    right = RightRewrite(path.read_text())
    assert not right.is_caught(Stage.CONTRACT, right.texts[Stage.CONTRACT][FILE])
    assert [description for description, _ in uncaught(right, Stage.CONTRACT)] == []


@every_set
def test_right_rewrites_pass(path: Path) -> None:
    """Objects that are only written in another style are accepted."""
    right = RightRewrite(path.read_text())
    for stage in Stage:
        text = "".join(
            yaml.safe_dump(yaml.safe_load(part), sort_keys=False) if is_new else part
            for part, is_new in right.parts(stage)
        )
        assert not right.is_caught(stage, text)
        assert not right.is_wrong(stage, text)
