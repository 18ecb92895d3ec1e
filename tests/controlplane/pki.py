"""Throw-away certificates and keys for one test control plane, as PEM files in one directory."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=3650)
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


class Pki:
    """The files of a control plane's own authority; made once, found again when `directory` is used again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = directory / "ca.crt"
        self.service_account_key = directory / "service-account.key"
        if not self.service_account_key.exists():
            self._create()

    def certificate(self, name: str) -> Path:
        """The certificate of `server`, `admin` or `controller-manager`."""
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        """The private key that goes with certificate(name)."""
        return self.directory / f"{name}.key"

    def _create(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._authority_key = ec.generate_private_key(ec.SECP256R1())
        self._authority = _subject("vnetlink-test-ca")
        root = self._builder(self._authority, self._authority_key.public_key())
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        root = root.add_extension(_key_usage(authority=True), critical=True)
        self.ca.write_bytes(_pem(root.sign(self._authority_key, hashes.SHA256())))
        self._issue("server", _subject("kube-apiserver"), ExtendedKeyUsageOID.SERVER_AUTH)
        self._issue("admin", _subject("vnetlink-test-admin", "system:masters"), ExtendedKeyUsageOID.CLIENT_AUTH)
        self._issue("controller-manager", _subject("system:kube-controller-manager"), ExtendedKeyUsageOID.CLIENT_AUTH)
        self._write_key(self.service_account_key, ec.generate_private_key(ec.SECP256R1()))

    def _issue(self, name: str, subject: x509.Name, usage: x509.ObjectIdentifier) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._builder(subject, key.public_key())
        leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        leaf = leaf.add_extension(_key_usage(authority=False), critical=True)
        leaf = leaf.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            names: list[x509.GeneralName] = [x509.DNSName(host) for host in _SERVER_NAMES]
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            leaf = leaf.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate(name).write_bytes(_pem(leaf.sign(self._authority_key, hashes.SHA256())))
        self._write_key(self.key(name), key)

    def _builder(self, subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        authority = self._authority_key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
        )

    @staticmethod
    def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )


def _subject(name: str, organization: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organization is not None:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
