"""Every field of a PodSpec has a treatment."""

from __future__ import annotations

import pytest
from kubernetes_validate.utils import schema_contents

from service.actions.split.pod_fields import HARMLESS_VALUES, POD_FIELDS, Treatment


def fields_of_pod_spec(version: str) -> set[str]:
    """The fields that Kubernetes' published schema has."""
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    schema = schema_contents(f"{folder}/_definitions.json", "")
    return set(schema["$defs"]["io.k8s.api.core.v1.PodSpec"]["properties"])


def test_the_table_has_the_fields_of_the_published_schema() -> None:
    """`workloadRef` was there in 1.35 only."""
    assert set(POD_FIELDS) == fields_of_pod_spec("1.36.0") | fields_of_pod_spec("1.35.0")


@pytest.mark.parametrize("field", ["containers", "initContainers", "volumes"])
def test_what_containers_need_goes_where_they_go(field: str) -> None:
    """All else is of the Pod as a whole."""
    followers = {name for name, how in POD_FIELDS.items() if how is Treatment.FOLLOWS}
    assert field in followers
    assert len(followers) == 3


def test_only_what_holds_back_has_harmless_values() -> None:
    """The others need none."""
    assert {POD_FIELDS[field] for field in HARMLESS_VALUES} == {Treatment.HOLDS_BACK}
