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


_UNFILLED: Final = re.compile(
    rf"""
      <[^<>]+> | \$?\{{\{{?[^{{}}]+\}}?\}} |                 # <token>, ${{TOKEN}}, {{{{ token }}}}
      (?:[^\W_]+[-_ ])*your[-_ ](?:[^\W_]+[-_ ])*{_WHAT}(?:[-_ ]here)? |
      (?:insert|enter|put|add|paste)[-_ ]your[-_ ].* |
      x{{3,}}(?:-x+)* | \*{{3,}} | \.{{3}} | … | change[-_ ]?me | replace[-_ ]?me
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_unfilled(words: str) -> bool:
    """Whether what was found where credentials are kept is still the filler of a template.

    Fewer words than in a document: whoever has `dummy` in the environment may have an API that takes it.
    """
    return len(words) <= _LONGEST and _UNFILLED.fullmatch(words) is not None


def is_filler(words: str) -> bool:
    """Whether nobody can have meant these words as a credential. With a space before them, somebody has."""
    return len(words) <= _LONGEST and _FILLER.fullmatch(words) is not None
