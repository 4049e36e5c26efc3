"""Writes openapi.yaml and podsplit.schema.json from the routes and schemas: `make openapi`."""

from __future__ import annotations

import json
from pathlib import Path

from service.web.openapi import as_yaml, describe_api, describe_options
from service.web.routes import ROUTES


def main() -> None:
    """Write them to the repository's root."""
    root = Path(__file__).resolve().parent.parent
    schema = json.dumps(describe_options(), indent=2) + "\n"
    for name, text in (
        ("openapi.yaml", as_yaml(describe_api(ROUTES))),
        ("podsplit.schema.json", schema),
    ):
        (root / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
