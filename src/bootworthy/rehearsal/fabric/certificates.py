"""The certificates of a deployment, sealed for the guest that asks; and signatures of ours."""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

# What the certificate that protects extensions' settings is issued to on Azure.
_EXTENSIONS = "Windows Azure CRP Certificate Generator"
_METADATA = "metadata.azure.com"

_LIFE = timedelta(days=365)
_LINE = 64


class BadCertificateError(ValueError):
    """What the guest calls its transport certificate is none."""


class Vault:
    """Certificates of one deployment, made when first asked for; for use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def seal(self, transport: str, cipher: str) -> str:
        """The deployment's certificate and key for the holder of a transport certificate.

        ``transport`` is the certificate in base64, ``cipher`` the content encryption the guest
        names. The result is base64 of CMS EnvelopedData (RFC 5652) around a PKCS #12 file
        without a password.

        Raises:
            BadCertificateError: it is no certificate of an RSA key.
        """
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.ciphers import algorithms
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

        try:
            recipient = x509.load_der_x509_certificate(base64.b64decode(transport, validate=False))
            key = recipient.public_key()
        except ValueError as error:
            raise BadCertificateError(str(error)) from error
        if not isinstance(key, RSAPublicKey):
            raise BadCertificateError("not a certificate of an RSA key")
        # Agents that ask for DES_EDE3_CBC, the protocol's first cipher, let openssl find out
        # what it got; no library offers triple DES for new messages any more.
        chosen = algorithms.AES256 if cipher == "AES256_CBC" else algorithms.AES128
        with self._lock:
            content = self._pfx
        sealed = (
            pkcs7.PKCS7EnvelopeBuilder()
            .set_data(content)
            .add_recipient(recipient)
            .set_content_encryption_algorithm(chosen)
            .encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        )
        text = base64.b64encode(sealed).decode()
        return "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))

    def sign(self, document: bytes) -> str:
        """The document with a signature, as PKCS #7 in base64.

        The certificate is the rehearsal's own: a guest that checks the chain will not accept it.
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

        with self._lock:
            key, certificate = self._signer
        signed = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(document)
            .add_signer(certificate, key, hashes.SHA256())
            .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        )
        return base64.b64encode(signed).decode()

    @cached_property
    def _pfx(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

        key, certificate = _make(_EXTENSIONS)
        return pkcs12.serialize_key_and_certificates(None, key, certificate, None, NoEncryption())

    @cached_property
    def _signer(self) -> tuple[RSAPrivateKey, Certificate]:
        return _make(_METADATA)


def _make(name: str) -> tuple[RSAPrivateKey, Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A guest's clock may be behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .sign(key, hashes.SHA256())
    )
    return key, certificate
