"""Which words only hold the place of a credential: `YOUR_TOKEN`, `changeme`, `<token>`."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 80  # characters of a filler
_WHAT: Final = r"(?:[^\W_]*(?:key|token|secret|password|id|name|user\w*|email|credentials?))"
_FILLER: Final = re.compile(
    rf"""
      <[^<>]+> | \[[A-Z][A-Z _-]+\] | \{{[a-z_]\w*\}} |     # <token>, [API KEY], {{token}}
      .*(?:\b|_)your[-_ ](?:[^\W_]+[-_ ])*{_WHAT}\b.* | .*[-_ ](?:goes[-_ ])?here |
      (?:insert|enter|replace|put|add|fill)[-_ ].*(?:key|token|secret|password|me|this)\b.* |
      x{{3,}}(?:-x+)* | \*{{3,}} | \.{{3}} | … | change[-_ ]?(?:me|it|this) | replace[-_ ]?me | todo | tbd | fixme |
      placeholder | dummy(?:[-_ ]\w+)? | (?:api|access|auth|secret|client|bearer)[-_ ](?:key|token|secret) |
      secret[-_ ]access[-_ ]key
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_filler(words: str) -> bool:
    """Whether nobody can have meant these words as a credential. With a space before them, somebody has."""
    return len(words) <= _LONGEST and _FILLER.fullmatch(words) is not None
