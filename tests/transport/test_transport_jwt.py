"""Tokens that a signed assertion buys: what is signed, with which keys, and what is said of keys that cannot sign."""

from __future__ import annotations

import json
import sys
from base64 import b64encode, urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from headrace.errors import ConfigError, RequestRefused
from headrace.model.page import PageRequest
from headrace.model.plan import OAuth2Jwt, text
from tests.transport.stub import Answer, Asked, Heard, fetch, go, secret, serving, talking

NOW = 1_700_000_000.75
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY, passphrase: str = "") -> str:
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


def jwt(url: str, **more: Any) -> OAuth2Jwt:
    return OAuth2Jwt(text("client-1"), secret("key"), text(f"{url}/token"), **more)


def part(data: str) -> Any:
    return json.loads(urlsafe_b64decode(data + "=" * (-len(data) % 4)))


def both(asked: Asked) -> Answer:
    return Answer(body=b'{"access_token": "bought-token"}') if asked.target == "/token" else Answer(body=b"[]")


def assertion_of(asked: Asked) -> str:
    fields = dict(parse_qsl(asked.body.decode()))
    assert fields.keys() == {"grant_type", "assertion"}
    assert fields["grant_type"] == GRANT
    return fields["assertion"]


FORMS = {
    "pem": pem(),
    "pasted": "\n" + pem() + "\n\n",
    "escaped line breaks": pem().replace("\n", "\\n"),
    "base64": b64encode(pem().encode()).decode(),
    "base64 in lines": "\n".join(
        b64encode(pem().encode()).decode()[start : start + 76] for start in range(0, 9999, 76)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_assertion_buys_the_token(form: str) -> None:
    async def test() -> None:
        secrets = {"key": FORMS[form]}
        async with serving(both) as stub, talking(stub.url, secrets=secrets, clock=lambda: NOW) as transport:
            auth = jwt(stub.url, scopes=("read", "write"), headers=(("X-Tenant", text("t1")),))
            for _ in range(2):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert stub.targets == ["/token", "/a", "/a"]
        assert stub.asked[1].headers["authorization"] == "Bearer bought-token"
        assert stub.asked[0].headers["x-tenant"] == "t1"
        assert stub.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"
        head, claims, signature = assertion_of(stub.asked[0]).split(".")
        assert part(head) == {"alg": "RS256", "typ": "JWT"}
        assert part(claims) == {
            "iss": "client-1",
            "sub": "client-1",
            "aud": f"{stub.url}/token",
            "iat": 1_700_000_000,
            "exp": 1_700_003_600,
            "scope": "read write",
        }
        signed = urlsafe_b64decode(signature + "==")
        KEY.public_key().verify(signed, f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())

    go(test())


@pytest.mark.parametrize("scopes", [(), ("read",), ("read", "write")])
def test_the_claims_are_those_of_dlt(scopes: tuple[str, ...]) -> None:
    from dlt.sources.helpers.rest_client.auth import OAuthJWTAuth

    async def test() -> None:
        async with serving(both) as stub, talking(stub.url, secrets={"key": pem()}, clock=lambda: NOW) as transport:
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=jwt(stub.url, scopes=scopes)))
        ours = part(assertion_of(stub.asked[0]).split(".")[1])
        dlts = OAuthJWTAuth(
            client_id="client-1", private_key=pem(), auth_endpoint=f"{stub.url}/token", scopes=list(scopes) or None
        ).create_jwt_payload()
        assert {**ours, "iat": 0, "exp": ours["exp"] - ours["iat"]} == {
            **dlts, "iat": 0, "exp": round(float(dlts["exp"]) - float(dlts["iat"]))
        }  # fmt: skip

    go(test())


def test_every_token_is_asked_for_with_an_assertion_of_its_own_time() -> None:
    async def test() -> None:
        times = [NOW]
        async with serving(both) as stub, talking(stub.url, secrets={"key": pem()}, clock=lambda: times[-1]) as one:
            request = PageRequest(f"{stub.url}/a", auth=jwt(stub.url, default_expiration_s=7200))
            for later in (0, 7000, 300):
                times.append(times[-1] + later)
                await fetch(one, request)
        issued = [part(assertion_of(asked).split(".")[1])["iat"] for asked in stub.asked if asked.target == "/token"]
        assert issued == [1_700_000_000, 1_700_007_300]

    go(test())


def test_an_encrypted_key_is_opened_with_its_passphrase() -> None:
    async def test() -> None:
        secrets = {"key": pem(passphrase="open-sesame"), "phrase": "open-sesame"}
        async with serving(both) as stub, talking(stub.url, secrets=secrets) as transport:
            auth = jwt(stub.url, private_key_passphrase=secret("phrase"))
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert stub.targets == ["/token", "/a"]

    go(test())


@pytest.mark.parametrize(
    ("key", "phrase", "said"),
    [
        ("no key at all", "", "The private key 'key' is neither PEM nor the base64 of it; copy it again into"),
        (b64encode(b"nothing").decode(), "", "The private key 'key' is neither PEM nor the base64 of it"),
        (pem()[:300] + pem()[400:], "", "The private key 'key' cannot be read, or its passphrase is wrong"),
        (pem(passphrase="right-one"), "wrong-one", "The private key 'key' cannot be read, or its passphrase is wrong"),
        (pem(passphrase="right-one"), "", "The private key 'key' is encrypted, and no passphrase is there"),
        (pem(), "wrong-one", "The private key 'key' is not encrypted, but has a passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "", "The private key 'key' is no RSA key, which RS256 needs"),
    ],
)
def test_a_key_that_cannot_sign_is_named_and_not_shown(key: str, phrase: str, said: str) -> None:
    async def test() -> None:
        secrets = {"key": key, "phrase": phrase}
        async with serving(both) as stub, talking(stub.url, secrets=secrets) as transport:
            auth = jwt(stub.url, private_key_passphrase=secret("phrase"))
            with pytest.raises(ConfigError) as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert str(caught.value).startswith(said)
        assert str(caught.value).endswith(".")
        assert key not in str(caught.value)
        assert "wrong-one" not in str(caught.value)
        assert stub.asked == []

    go(test())


def test_without_the_package_the_mend_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.padding", None)

    async def test() -> None:
        async with serving(both) as stub, talking(stub.url, secrets={"key": pem()}) as transport:
            with pytest.raises(ConfigError, match=r"pip install 'headrace\[jwt\]'"):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=jwt(stub.url)))

    go(test())


def test_a_refusal_shows_neither_the_assertion_nor_the_key() -> None:
    async def test() -> None:
        heard = Heard()

        def script(asked: Asked) -> Answer:
            return Answer(401, json.dumps({"error": f"bad {assertion_of(asked)}"}).encode())

        async with serving(script) as stub, talking(stub.url, heard.append, secrets={"key": pem()}) as transport:
            with pytest.raises(RequestRefused, match=r"No access token: .*bad \*\*\*; check .*KEY or key") as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=jwt(stub.url)))
        for told in (caught.value, heard):
            assert assertion_of(stub.asked[0])[:40] not in str(told)

    go(test())
