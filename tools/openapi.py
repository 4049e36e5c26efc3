"""Writes openapi.yaml from the routes and schemas: `make openapi`."""

from __future__ import annotations

from pathlib import Path

from service.web.openapi import to_yaml


def main() -> None:
    """Write it to the repository's root."""
    target = Path(__file__).resolve().parent.parent / "openapi.yaml"
    target.write_text(to_yaml(), encoding="utf-8")
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
