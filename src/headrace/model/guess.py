"""The values of a resource that may be guesses, as paths below the resource, and the flag that states one of them."""

from __future__ import annotations

from typing import Final

PATH: Final = "endpoint.path"
SELECTOR: Final = "endpoint.data_selector"
PAGINATOR: Final = "endpoint.paginator"
BASE_PAGE: Final = "endpoint.paginator.base_page"
SIZE: Final = "endpoint.paginator.limit"
SIZE_PARAM: Final = "endpoint.paginator.limit_param"
OFFSET_PARAM: Final = "endpoint.paginator.offset_param"
PAGE_PARAM: Final = "endpoint.paginator.page_param"
CURSOR_PATH: Final = "endpoint.paginator.cursor_path"
CURSOR_PARAM: Final = "endpoint.paginator.cursor_param"
KEY: Final = "primary_key"
PARENT_FIELD: Final = "endpoint.params."
"""What fills a variable of the path, which is named after this: a field of the parent's rows."""
PARENT_KEY: Final = "id"
"""The field that it is taken for."""


VALUES: Final = (
    PATH,
    SELECTOR,
    PAGINATOR,
    BASE_PAGE,
    SIZE,
    SIZE_PARAM,
    OFFSET_PARAM,
    PAGE_PARAM,
    CURSOR_PATH,
    CURSOR_PARAM,
    KEY,
)
"""All of them, but for the variables of a path."""


def flag(resource: str, value: str, example: str) -> str:
    """What a user types to state a value himself."""
    return f"`--set resources.{resource}.{value}={example}`"
