"""Packages the chart for a registry: with the image that was published there, by its digest, so
that `helm install` needs no values. Used by the release workflow:
`python -m tools.package_chart registry.example.com/team sha256:... dist`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHART = Path(__file__).resolve().parent.parent / "helm"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = "  # Where it is. None is published: build it (`docker build`), push it to your registry and name it here.\n  repository: podsplit\n"  # noqa: E501 - as it stands there
_NO_DIGEST = '  digest: ""\n'


def values_for(text: str, registry: str, digest: str) -> str:
    """values.yaml for a registry.

    Args:
        text: values.yaml.
        registry: where the image is published, without its name.
        digest: the image's.

    Raises:
        ValueError: it is no digest, or values.yaml has changed.
    """
    if not _DIGEST.fullmatch(digest):
        raise ValueError("a digest is sha256: and 64 hexadecimal digits")
    for part in (_REPOSITORY, _NO_DIGEST):
        if text.count(part) != 1:
            raise ValueError(f"values.yaml doesn't have this once: {part.strip()}")
    published = f"  # Where it is published.\n  repository: {registry}/podsplit\n"
    return text.replace(_REPOSITORY, published).replace(_NO_DIGEST, f"  digest: {digest}\n")


def main(registry: str, digest: str, folder: str) -> None:
    """Write the archive into a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        chart = Path(temporary) / "podsplit"
        shutil.copytree(CHART, chart)
        values = chart / "values.yaml"
        values.write_text(values_for(values.read_text(), registry, digest))
        subprocess.run(["helm", "package", chart, "--destination", folder], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
