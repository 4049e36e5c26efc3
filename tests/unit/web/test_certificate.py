"""The certificate of HTTPS and its renewal."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess

import pytest

from service.web.certificate import Certificate
from service.web.configured_files import read_certificate
from service.web.settings import ServerSettings, Settings, SettingsError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")


def make(folder, name):
    """A certificate with its key, for `name`."""
    files = folder / "tls.crt", folder / "tls.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    out = ["-nodes", "-subj", f"/CN={name}", "-out", files[0], "-keyout", files[1], "-days", "1"]
    subprocess.run([*command, *out], check=True, capture_output=True, timeout=60)
    for file in files:
        # Times of files are coarse: make sure that these differ from those before.
        os.utime(file, ns=(0, sum(name.encode())))
    return files


def shown(certificate):
    """The name that a client is shown."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    client = client_context.wrap_bio(incoming, outgoing)
    server = certificate.context.wrap_bio(outgoing, incoming, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.getpeercert(binary_form=True)


def test_a_renewed_certificate_is_shown(tmp_path):
    """From the next connection on; half of a renewal, or nonsense, leaves the last one."""
    certificate = Certificate(*make(tmp_path, "first"))
    first = shown(certificate)

    certificate.refresh()
    assert shown(certificate) == first
    make(tmp_path, "second")
    certificate.refresh()
    second = shown(certificate)
    assert second != first

    (tmp_path / "tls.key").write_text("nonsense")
    certificate.refresh()
    assert shown(certificate) == second
    (tmp_path / "other").mkdir()
    make(tmp_path / "other", "alien")
    shutil.copy(tmp_path / "tls.crt", tmp_path / "second.crt")
    for half in ("alien", "again"):
        # A new certificate whose key isn't there yet.
        shutil.copy(tmp_path / "other" / "tls.crt", tmp_path / "tls.crt")
        os.utime(tmp_path / "tls.crt", ns=(0, sum(half.encode())))
        certificate.refresh()
        assert shown(certificate) == second
    (tmp_path / "tls.crt").unlink()
    certificate.refresh()
    assert shown(certificate) == second
    make(tmp_path, "third")
    certificate.refresh()
    assert shown(certificate) not in (first, second)


def test_files_that_can_not_be_used_stop_the_start(tmp_path):
    """With what is wrong, and nothing of what is in them."""
    files = make(tmp_path, "first")
    settings = {"PODSPLIT_TLS_CERT_FILE": str(files[0]), "PODSPLIT_TLS_KEY_FILE": str(files[1])}

    def read(**changes):
        return read_certificate(
            ServerSettings.from_environment({**settings, **changes}, Settings())
        )

    assert read() is not None
    assert read_certificate(ServerSettings.from_environment({}, Settings())) is None
    with pytest.raises(SettingsError, match="No such file"):
        read(PODSPLIT_TLS_KEY_FILE=str(tmp_path / "none"))
    (tmp_path / "other").write_text("s3cret")
    with pytest.raises(SettingsError, match="PODSPLIT_TLS_CERT_FILE") as caught:
        read(PODSPLIT_TLS_KEY_FILE=str(tmp_path / "other"))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SettingsError, match="give both or none"):
        ServerSettings.from_environment({"PODSPLIT_TLS_CERT_FILE": "x"}, Settings())
