"""The certificate of a server of HTTPS, which may be renewed while it runs."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

_log = logging.getLogger("podsplit")


class Certificate:
    """A certificate and its key, in files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read the files.

        Raises:
            OSError: they can't be read, or (ssl.SSLError) hold no certificate with its key.
        """
        self._files = (certificate, key)
        self._stamp = self._last_changes()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """What connections are made with; those that are made after a renewal have the new one."""
        self.context.load_cert_chain(certificate, key)

    def refresh(self) -> None:
        """Read the files again if they have changed. If they can't be used, the last certificate
        stays: both files of a renewal may not be there at the same moment.
        """
        stamp = self._last_changes()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            # Elsewhere first: where a key doesn't fit, OpenSSL has taken the certificate by then,
            # and has dropped the key of the old one.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self.context.load_cert_chain(*self._files)
        except OSError:
            _log.warning("the new certificate can't be used: the last one stays")

    def _last_changes(self) -> tuple[int, ...] | None:
        try:
            return tuple(file.stat().st_mtime_ns for file in self._files)
        except OSError:
            return None
