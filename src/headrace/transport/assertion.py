"""A signed assertion of who asks for a token: a JWT by RFC 7523, section 3, signed with RS256 (RFC 7518)."""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

import msgspec

from headrace.errors import ConfigError
from headrace.model.plan import OAuth2Jwt
from headrace.transport.auth import mend, named
from headrace.transport.resolve import Resolver

if TYPE_CHECKING:  # it costs 25 ms and 16 MB, and few APIs need it
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LIFETIME_S = 3600
_PEM = b"-----BEGIN"


def assertion(auth: OAuth2Jwt, resolver: Resolver, *, now: float) -> str:
    """The assertion, good for an hour from `now` (seconds since the epoch).

    Raises:
        ConfigError: a value is missing, the key cannot be read, or `cryptography` is not installed.
    """
    client_id = resolver.text(auth.client_id)
    claims: dict[str, str | int] = {
        "iss": client_id,
        "sub": client_id,
        "aud": resolver.text(auth.auth_endpoint),
        "exp": int(now) + _LIFETIME_S,
        "iat": int(now),
    }
    if auth.scopes:
        claims["scope"] = " ".join(auth.scopes)
    signed = _part(msgspec.json.encode({"alg": "RS256", "typ": "JWT"})) + "." + _part(msgspec.json.encode(claims))
    return f"{signed}.{_part(_signature(signed.encode(), auth, resolver))}"


def _part(data: bytes) -> str:
    """Base64 for URLs, without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def _signature(data: bytes, auth: OAuth2Jwt, resolver: Resolver) -> bytes:
    try:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("A signed token request needs a package: pip install 'headrace[jwt]'.") from error
    return _key(auth, resolver).sign(data, PKCS1v15(), SHA256())


def _key(auth: OAuth2Jwt, resolver: Resolver) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    source, what = auth.private_key, named(auth.private_key, "private key")
    secret = resolver.optional(auth.private_key_passphrase) if auth.private_key_passphrase else None
    pem = _pem(resolver.text(source, secret=True))
    if not pem.startswith(_PEM):
        raise ConfigError(f"{what} is neither PEM nor the base64 of it; {mend(source)}.")
    try:
        key = load_pem_private_key(pem, secret.encode() if secret else None)
    except TypeError:  # the library's way to say it
        problem = "is not encrypted, but has a passphrase" if secret else "is encrypted, and no passphrase is there"
        raise ConfigError(f"{what} {problem}; set private_key_passphrase to match.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{what} cannot be read, or its passphrase is wrong; {mend(source)}.") from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigError(f"{what} is no RSA key, which RS256 needs; {mend(source)}.")
    return key


def _pem(value: str) -> bytes:
    """The key as PEM, if it is that or base64 of it. Environment variables often hold line breaks as two letters."""
    data = value.replace("\\n", "\n").encode()
    if data.startswith(_PEM):
        return data
    try:
        return b64decode("".join(value.split()), validate=True).strip()
    except (binascii.Error, ValueError):
        return data
