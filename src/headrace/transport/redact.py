"""How secrets are kept out of everything that people read: messages, URLs, events and kept headers."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit, urlunsplit

MASK = "***"

# Parameters that hold a credential by their name alone, whoever put it there. "token" and "key" are not among them:
# they are common names of cursors and of identifiers.
CREDENTIAL_PARAMS = (
    "(?:api_?key|x-api-key|access_token|auth_token|client_secret|password|passwd|secret|"
    "signature|sig|x-amz-signature|x-amz-security-token|x-goog-signature)"
)
_SECRET_PARAMS = re.compile(rf"(?i)((?:^|[?&;]){CREDENTIAL_PARAMS}=)([^&;#]*)")
# Enough for the keys of a configuration. Signed links have a new value on each page, and none is ever repeated.
_MOST_NAMED = 32

# A shorter one could be part of any word: it is masked only where it stands alone.
_ALONE_BELOW = 5

# So many characters of a secret at the end of a text that was cut are taken for its beginning.
_HALF_FROM = 3

# A header value that the walk still has to read is changed only for a secret that cannot be there by chance.
_HEADER_FROM = 8


class Redactor:
    """Knows every secret that was resolved, and takes each of its written forms out of a text."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._named = 0
        self._all = Needles(())
        self._long = Needles(())

    def add(self, secret: str) -> None:
        """Remember a secret. The empty one is none."""
        trimmed = secret.strip()
        fresh = {text for text in (secret, trimmed) if text.strip() and text not in self._secrets}
        if not fresh:
            return
        self._secrets |= fresh
        self._all = _needles(self._secrets)
        self._long = _needles({text for text in self._secrets if len(text) >= _HEADER_FROM})

    def learn(self, url: str) -> None:
        """Remember what `url` would hide by its name: the API may repeat it elsewhere. Short values stay unknown."""
        for found in _SECRET_PARAMS.finditer(url.partition("?")[2]):
            value = unquote_plus(found[2])
            if self._named < _MOST_NAMED and len(value) >= _ALONE_BELOW and value not in self._secrets:
                self._named += 1
                self.add(value)

    def scrub(self, text: str) -> str:
        """The text with every known secret replaced, and the beginning of one where the text was cut (`…`)."""
        text = self._all.masked(text)
        return self._uncut(text) if "…" in text else text

    def _uncut(self, text: str) -> str:
        pieces = text.split("…")
        forms = {form for secret in self._secrets for form in written(secret).values() if len(form) >= _ALONE_BELOW}
        for index, piece in enumerate(pieces[:-1]):
            halves = (size for form in forms for size in range(_HALF_FROM, len(form)) if piece.endswith(form[:size]))
            if size := max(halves, default=0):
                pieces[index] = piece[:-size] + MASK
        return "…".join(pieces)

    def header(self, text: str) -> str:
        """A response header's value with long secrets replaced; a cursor may hold a short one by chance."""
        return self._long.masked(text)

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


class Needles:
    """Texts to look for in many others, of which nearly none has one: the pattern is only for those that do."""

    def __init__(self, forms: Iterable[str]) -> None:
        self.forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        self._cores = [form for form in self.forms if not any(one in form for one in self.forms if one != form)]
        self.pattern = "|".join(map(literal, self.forms))
        self._compiled = re.compile(self.pattern)

    def may_be_in(self, text: str) -> bool:
        """Whether one of them is in the text, if only as a part of a longer word."""
        return any(map(text.__contains__, self._cores))

    def masked(self, text: str) -> str:
        """The text with a mask for each of them."""
        return self._compiled.sub(MASK, text) if self.may_be_in(text) else text


def _needles(secrets: set[str]) -> Needles:
    return Needles({form for secret in secrets for form in written(secret).values()})


def literal(form: str) -> str:
    """A pattern for one written form of a secret."""
    escaped = re.escape(form)
    return escaped if len(form) >= _ALONE_BELOW else rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"


def written(secret: str) -> dict[str, str]:
    """Every way in which an API may write the secret back, by a name of that way."""
    forms = {name: write(secret) for name, write in _WAYS.items()}
    scheme, _, credential = secret.partition(" ")
    if credential and scheme.lower() in ("basic", "bearer", "token"):
        forms |= {f"bare{name}": write(credential.strip()) for name, write in _WAYS.items()}
    return forms


def _b64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _b64_for_urls(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


_WAYS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": lambda text: quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "lower": lambda text: re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(text, safe="")),
    "json": lambda text: json.dumps(text)[1:-1],
    "jsonletters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "jsonslashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "b64": _b64,
    "b64bare": lambda text: _b64(text).rstrip("="),
    "b64url": lambda text: quote(_b64(text), safe=""),
    "b64u": _b64_for_urls,
    "b64ubare": lambda text: _b64_for_urls(text).rstrip("="),
    "b64uurl": lambda text: quote(_b64_for_urls(text), safe=""),
}
