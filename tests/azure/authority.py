"""A certificate authority for loopback, so that HTTPS is spoken as Azure speaks it."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Files in PEM: ``certificates`` to trust, and ``served``, one for 127.0.0.1 with its key."""

    certificates: Path
    served: Path

    @property
    def environment(self) -> dict[str, str]:
        """What has programs trust it: those in Go, and Python's requests."""
        trusted = str(self.certificates)
        return {"SSL_CERT_FILE": trusted, "REQUESTS_CA_BUNDLE": trusted}


def serving_context(served: Path) -> ssl.SSLContext:
    """What a server speaks TLS with that has the certificate and key in ``served``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    return context


def make_authority(folder: Path, *, ahead: timedelta = timedelta()) -> Authority:
    """An authority of two days, and what it certified, written to ``folder``.

    The clock by which it does so is ``ahead`` of this machine's.
    """
    middle = datetime.now(UTC) + ahead
    key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name, server = _name("bootworthy tests"), _name("127.0.0.1")
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    own = (
        _begun(middle, name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    certificate = (
        _begun(middle, name, server, server_key.public_key())
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    made = Authority(folder / "authority.pem", folder / "server.pem")
    made.certificates.write_bytes(own.public_bytes(Encoding.PEM))
    private = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made.served.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(
    middle: datetime, issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=middle - _LIFE,
        not_valid_after=middle + _LIFE,
    )
