"""Writes openapi.yaml from the routes and schemas: `make openapi`."""

from __future__ import annotations

from pathlib import Path

from service.web.openapi import as_yaml, describe_api
from service.web.routes import ROUTES


def main() -> None:
    """Write it to the repository's root."""
    target = Path(__file__).resolve().parent.parent / "openapi.yaml"
    target.write_text(as_yaml(describe_api(ROUTES)), encoding="utf-8")
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
