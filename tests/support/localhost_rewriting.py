"""Texts in which the Services of a merged pair are called on localhost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.support.objects import Data, Object

_HOST_VARIABLE = re.compile(r"(HOST|HOSTNAME|ADDR|SERVER)\Z")


class PairPort(NamedTuple):
    """A port of a Service of one of the pair."""

    service: Object
    number: int
    """The port of the Service."""
    target: int
    """The port of the container behind it."""


class LocalhostCalls:
    """Replaces the names of Services by localhost."""

    def __init__(self, ports: Sequence[PairPort]) -> None:
        self.ports = ports
        self.any_replaced = False
        """Whether any text has changed."""

    def replace(self, text: str, key: str) -> str:
        """A text with localhost for the Services of the pair, at the port behind them.

        Args:
            text: the value of a variable, an argument, or a value of a ConfigMap.
            key: the variable or key; it says whether the text may be a host without a port.
        """
        replaced = text
        for service, number, target in self.ports:
            namespace = re.escape(service.key.namespace)
            host = (
                rf"{re.escape(service.key.name)}(?:\.{namespace})?(?:\.svc(?:\.cluster\.local)?)?"
            )
            replaced = re.sub(
                rf"(?<![\w./-]){host}:{number}(?!\d)|(?<=[/@]){host}:{number}(?!\d)",
                f"localhost:{target}",
                replaced,
            )
            if number == 80:
                replaced = re.sub(rf"(?<=http://){host}(?=/|\Z)", f"localhost:{target}", replaced)
            if _HOST_VARIABLE.search(key) and re.fullmatch(host, replaced):
                replaced = "localhost"
        self.any_replaced |= replaced != text
        return replaced

    def replace_variables(self, env: list[Data]) -> list[Data]:
        """Variables with localhost for the Services of the pair.

        `DB_PORT` beside a `DB_HOST` that is now localhost becomes the container's port.
        """
        replaced = [
            variable | {"value": self.replace(str(variable["value"]), variable["name"])}
            if "value" in variable
            else variable
            for variable in env
        ]
        targets = {str(port.number): str(port.target) for port in self.ports}
        stems = {
            _HOST_VARIABLE.sub("", variable["name"])
            for variable in replaced
            if variable.get("value") == "localhost"
        }
        for variable in replaced:
            name, value = variable["name"], variable.get("value")
            if name.endswith("_PORT") and name.removesuffix("PORT") in stems:
                variable["value"] = targets.get(str(value), value)
        return replaced
