"""A configuration as a Python module for dlt: it runs as it stands, once its secrets are there."""

from __future__ import annotations

import textwrap

from headrace.model.plan import OAuth2Jwt
from headrace.spec.writing import Meant, auths_of, config_tree, refs_of
from headrace.spec.writing_losses import without_ours
from headrace.spec.writing_python import expression
from headrace.spec.writing_value import Tongue

_WIDTH = 100
_MODULE = '''\
"""{title}"""
{notes}
{imports}

def {function}() -> DltSource:
    """The source; its secrets are looked for when it is made."""
    config: RESTAPIConfig = {config}
    return rest_api_source(config, name={name})


if __name__ == "__main__":
    pipeline = dlt.pipeline({name}, destination="duckdb", dataset_name={dataset})
    print(pipeline.run({function}()))
'''


def dlt_module(meant: Meant, origin: str, notes: tuple[str, ...] = ()) -> tuple[str, tuple[str, ...]]:
    """The module, and what dlt cannot be told. `notes` are paragraphs for its top, and so are the losses."""
    plain, lost = without_ours(meant)
    told = [*notes, *(["What headrace does and dlt's configuration cannot say:"] if lost else [])]
    comments = [_paragraph(words) for words in told] + [_paragraph(words, "# - ", "#   ") for words in lost]
    return (
        _MODULE.format(
            title=f"{_in_docstring(meant.name)}, for dlt's REST API source; written by headrace"
            f" from {_in_docstring(origin)}.",
            notes="".join(f"\n{words}" for words in comments) + ("\n" if comments else ""),
            imports=_imports(plain),
            function=f"{plain.name}_source",
            config=expression(config_tree(plain, Tongue()), "    ", 24),
            name=expression(plain.name),
            dataset=expression(f"{plain.name}_data"),
        ),
        lost,
    )


def _imports(meant: Meant) -> str:
    lines = ["import dlt", "from dlt.extract import DltSource"]
    if any(isinstance(auth, OAuth2Jwt) for auth in auths_of(meant)):
        lines.append("from dlt.sources.helpers.rest_client.auth import OAuthJWTAuth")
    lines.append("from dlt.sources.rest_api import RESTAPIConfig, rest_api_source")
    if any(ref.kind == "env" for ref in refs_of(meant)):
        lines[:0] = ["import os", ""]
    return "\n".join(lines) + "\n"


def _in_docstring(words: str) -> str:
    return words.replace("\\", "/").replace('"', "'")


def _paragraph(words: str, lead: str = "# ", rest: str = "# ") -> str:
    return "\n".join(
        textwrap.wrap(
            words, _WIDTH, initial_indent=lead, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )
    )
