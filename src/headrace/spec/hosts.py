"""Addresses that stand for one that the writer of a document did not know: example.com and its kin."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_PLACEHOLDER_HOST = re.compile(
    r"(^|\.)(example\.(com|org|net|io)|yourdomain\.\w+|yourcompany\.\w+|placeholder\.\w+|third-?party-?api\.\w+)$"
    r"|(^|[._-])your[._-]|\.example$|^host$",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{[^{}]*\}|<[^<>]+>|\bYOUR_\w+|\bMY_[A-Z]\w*")


def is_placeholder(url: str) -> bool:
    """Whether a URL stands for one that its writer did not know."""
    if _TEMPLATE.search(url):
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return bool(_PLACEHOLDER_HOST.search(host))
