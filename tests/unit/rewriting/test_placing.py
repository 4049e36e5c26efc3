"""Where new objects go that get files of their own."""

from __future__ import annotations

import pytest

from service.change import Proposal
from service.findings import Stage
from service.options import Options
from service.reading import Inputs, read_inputs
from service.rewriting.placing import place_in_new_files
from service.yamldoc.operations import AddItem
from tests.support.planning import SHOP
from tests.support.verifying import new_object, proposal_for

KUSTOMIZATION = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: {kind}
resources: [{resources}]
"""


def read_files(*paths: str, **kustomizations: str) -> Inputs:
    """A shop in each of some files, and kustomizations by folder with what they list."""
    files = [(path, SHOP) for path in paths]
    files += [
        (
            f"{folder}/kustomization.yaml",
            KUSTOMIZATION.format(kind="Kustomization", resources=listed),
        )
        for folder, listed in kustomizations.items()
    ]
    return read_inputs([(path, text.encode()) for path, text in files], Options())


def proposals_for(inputs: Inputs, *names: str, stage: Stage = Stage.SWITCH) -> list[Proposal]:
    """A change of each workload, with new Services of some names."""
    return [
        proposal_for(
            workload,
            objects=tuple(new_object(workload.resource, "Service", name, stage) for name in names),
        )
        for workload in inputs.workloads
    ]


def placed(inputs: Inputs, proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """The changes with new files."""
    return place_in_new_files(proposals, inputs.manifests, inputs.sources)


def paths(inputs: Inputs, *names: str) -> list[list[str | None]]:
    """The files that new Services of some names get, by change."""
    return [
        [new.path for new in proposal.objects]
        for proposal in placed(inputs, proposals_for(inputs, *names))
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop.yaml", "queue-service.yaml"),
        ("a/b/shop.yml", "a/b/queue-service.yaml"),
        ("a/shop.json", "a/queue-service.json"),
    ],
)
def test_a_new_object_gets_a_file_beside_its_origin(path: str, expected: str) -> None:
    """Named for the object and its kind, in the format of the other one."""
    assert paths(read_files(path), "queue") == [[expected]]


def test_each_new_object_has_a_file_of_its_own() -> None:
    """Two of one name get numbers, from two on."""
    inputs = read_files("shop.yaml")
    assert paths(inputs, "a", "b", "a", "a") == [
        ["a-service.yaml", "b-service.yaml", "a-service-2.yaml", "a-service-3.yaml"]
    ]


def test_files_of_the_set_are_not_written_over() -> None:
    """Nor is what another change adds."""
    inputs = read_files("a/shop.yaml", "a/x-service.yaml", "a/x-service-2.yaml", "b/shop.yaml")
    assert [found for (found,) in paths(inputs, "x")] == [
        "a/x-service-3.yaml",
        "a/x-service-4.yaml",
        "a/x-service-5.yaml",
        "b/x-service.yaml",
    ]


def test_a_kustomization_that_lists_the_origin_lists_the_new_file() -> None:
    """By its own path to it, from the stage on in which the file is there."""
    inputs = read_files(
        "base/shop.yaml", base="shop.yaml", over="../base/shop.yaml", other="x.yaml"
    )
    (proposal,) = placed(inputs, proposals_for(inputs, "queue", stage=Stage.CONTRACT))
    assert [(step.resource.path, step.operation) for step in proposal.steps] == [
        (
            "base/kustomization.yaml",
            AddItem(("resources",), "queue-service.yaml", int(Stage.CONTRACT)),
        ),
        (
            "over/kustomization.yaml",
            AddItem(("resources",), "../base/queue-service.yaml", int(Stage.CONTRACT)),
        ),
    ]


def test_a_component_lists_it_too() -> None:
    """It is a kustomization of another kind."""
    component = KUSTOMIZATION.format(kind="Component", resources="shop.yaml")
    files = [("shop.yaml", SHOP.encode()), ("kustomization.yaml", component.encode())]
    inputs = read_inputs(files, Options())
    (proposal,) = placed(inputs, proposals_for(inputs, "queue"))
    assert [step.operation for step in proposal.steps] == [
        AddItem(("resources",), "queue-service.yaml", int(Stage.SWITCH))
    ]


def test_what_a_change_does_already_stays() -> None:
    """New steps come behind its own."""
    inputs = read_files("base/shop.yaml", base="shop.yaml")
    (proposal,) = proposals_for(inputs, "queue")
    (first,) = placed(inputs, [proposal])
    (second,) = placed(inputs, [first])
    assert second.steps[: len(first.steps)] == first.steps
    assert len(second.steps) == 2


def test_a_change_without_new_objects_is_what_it_was() -> None:
    """There is nothing to place."""
    inputs = read_files("base/shop.yaml", base="shop.yaml")
    proposals = proposals_for(inputs)
    assert placed(inputs, proposals) == tuple(proposals)
