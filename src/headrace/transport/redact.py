"""How secrets are kept out of everything that people read: messages, URLs, events and kept headers."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

MASK = "***"

# Parameters that hold a credential by their name alone, whoever put it there. "token" and "key" are not among them:
# they are common names of cursors and of identifiers.
_SECRET_PARAMS = re.compile(
    r"(?i)((?:^|[?&;])(?:api_?key|apikey|x-api-key|access_token|auth_token|client_secret|password|passwd|secret|"
    r"signature|sig|x-amz-signature|x-amz-security-token|x-goog-signature)=)[^&;#]*"
)

# A shorter one could be part of any word: it is masked only where it stands alone.
_ALONE_BELOW = 5

# A header value that the walk still has to read is changed only for a secret that cannot be there by chance.
_HEADER_FROM = 8


class Redactor:
    """Knows every secret that was resolved, and takes each of its written forms out of a text."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._all: re.Pattern[str] | None = None
        self._long: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Remember a secret. The empty one is none."""
        trimmed = secret.strip()
        fresh = {text for text in (secret, trimmed) if text.strip() and text not in self._secrets}
        if not fresh:
            return
        self._secrets |= fresh
        self._all = _pattern(self._secrets)
        self._long = _pattern({text for text in self._secrets if len(text) >= _HEADER_FROM})

    def scrub(self, text: str) -> str:
        """The text with every known secret replaced."""
        return self._all.sub(MASK, text) if self._all else text

    def header(self, text: str) -> str:
        """A response header's value with long secrets replaced; a cursor may hold a short one by chance."""
        return self._long.sub(MASK, text) if self._long else text

    def url(self, url: str) -> str:
        """The URL without user and password, known secrets, and the values of parameters that name a credential."""
        if "@" in url:
            try:
                parts = urlsplit(url)
            except ValueError:
                return self.scrub(url)
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        if "?" in url:
            path, _, query = url.partition("?")
            url = path + _SECRET_PARAMS.sub(rf"\1{MASK}", "?" + query)
        return self.scrub(url)


def _pattern(secrets: set[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms(secret)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(_literal, longest_first))) if forms else None


def _literal(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _ALONE_BELOW else rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"


def _forms(secret: str) -> Iterator[str]:
    """Every way in which an API may write the secret back."""
    plain = {secret}
    scheme, _, credential = secret.partition(" ")
    if credential and scheme.lower() in ("basic", "bearer", "token"):
        plain.add(credential.strip())
    for text in plain:
        yield text
        yield quote(text, safe="")
        yield quote(text)
        yield quote_plus(text)
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(text, safe=""))
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield json.dumps(text)[1:-1].replace("/", "\\/")
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(text.encode()).decode()
            yield encoded
            yield encoded.rstrip("=")
            yield quote(encoded, safe="")
