"""The rules, listed by hand. Each is one module that finds one kind of thing."""

from __future__ import annotations

from types import ModuleType

from service.rules import (
    bare_pod,
    blocking_sidecar,
    dangling_shared_volume,
    duplicate_key,
    invalid_field,
    low_confidence,
    not_analysed,
    port_clash,
    replicated_pods,
    split_in_progress,
    unrelated_containers,
)
from service.rules.rule import Rule


def _rule(module: ModuleType) -> Rule:
    return Rule(
        module.__name__.rpartition(".")[2].replace("_", "-"), module.SEVERITY, module, module.check
    )


RULES: tuple[Rule, ...] = tuple(
    map(
        _rule,
        (
            unrelated_containers,
            bare_pod,
            replicated_pods,
            dangling_shared_volume,
            port_clash,
            blocking_sidecar,
            duplicate_key,
            invalid_field,
            low_confidence,
            split_in_progress,
            not_analysed,
        ),
    )
)
"""In the order in which they are documented."""
