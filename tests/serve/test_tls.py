"""HTTPS by a certificate of one's own."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import httpx
import pytest

from samovar.core.errors import ConfigError
from samovar.serve.app import create_app
from samovar.serve.server import check_certificate, run_server, uvicorn_config
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine, calculating
from tests.serve.conftest import MODEL, ScriptedRunner, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """For 127.0.0.1, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "certificate.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"


def test_https_and_nothing_else(tokenizer: Tokenizer, certificate: tuple[Path, Path]) -> None:
    settings = ServeSettings(tls_certificate=certificate[0], tls_key=certificate[1], drain_s=1)
    runner = ScriptedRunner(ScriptedEngine(tokenizer, calculating))
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with serving(create_app(runner, tokenizer, model_id=MODEL, settings=settings), settings) as url:
        assert url.startswith("https://")
        assert httpx.get(f"{url}/ready", verify=trusting).json() == {"status": "ready"}
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/ready")  # nobody vouches for the certificate
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url}/ready".replace("https", "http"))


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    for wrong in ((broken, None), (certificate[0], broken), (tmp_path / "nothing.pem", None)):
        settings = ServeSettings(tls_certificate=wrong[0], tls_key=wrong[1])
        with pytest.raises(ConfigError, match="cannot be used") as caught:
            uvicorn_config(None, settings)  # type: ignore[arg-type]
        assert str(wrong[0]) in caught.value.what


def test_a_certificate_is_looked_at_before_the_model(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    settings = ServeSettings(tls_certificate=certificate[0], tls_key=tmp_path / "nothing.pem")
    with pytest.raises(ConfigError, match="cannot be used"):
        run_server(tmp_path / "no such model", port=0, settings=settings)
    check_certificate(ServeSettings(tls_certificate=certificate[0], tls_key=certificate[1]))
