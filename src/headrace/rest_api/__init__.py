"""In place of `dlt.sources.rest_api`: the same names, the same arguments, the same tables, by headrace's engine.

    from headrace.rest_api import rest_api_source

Needs the `dlt` extra. The functions stand in this very file, because dlt takes the section of its configuration
(`SOURCES__REST_API__…`) from the name of the module that they stand in.
"""

from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TSchemaContract
from dlt.extract import DltResource, DltSource, decorators
from dlt.sources.rest_api.config_setup import register_auth, register_paginator
from dlt.sources.rest_api.typing import ClientConfig, EndpointResource, EndpointResourceBase, RESTAPIConfig
from dlt.sources.rest_api.utils import check_connection

from headrace.rest_api.create import check_config, create_resources

__all__ = [
    "check_connection",
    "register_auth",
    "register_paginator",
    "rest_api",
    "rest_api_resources",
    "rest_api_source",
]


@decorators.source  # type: ignore[untyped-decorator]
def rest_api(
    client: ClientConfig = dlt.config.value,
    resources: list[str | EndpointResource | DltResource] = dlt.config.value,
    resource_defaults: EndpointResourceBase | None = None,
) -> list[DltResource]:
    """A source whose arguments may come from dlt's own configuration (`SOURCES__REST_API__…`)."""
    return rest_api_resources({"client": client, "resources": resources, "resource_defaults": resource_defaults})


def rest_api_source(  # noqa: PLR0917 - dlt's own signature
    config: RESTAPIConfig,
    name: str | None = None,
    section: str | None = None,
    max_table_nesting: int | None = None,
    root_key: bool | None = None,
    schema: Schema | None = None,
    schema_contract: TSchemaContract | None = None,
    parallelized: bool = False,
) -> DltSource:
    """The source that a configuration describes; see dlt's function of this name."""
    check_config(config)
    decorated: Any = rest_api.clone(
        name=name,
        section=section,
        max_table_nesting=max_table_nesting,
        root_key=root_key,
        schema=schema,
        schema_contract=schema_contract,
        parallelized=parallelized,
    )
    return decorated(**config)


def rest_api_resources(config: RESTAPIConfig) -> list[DltResource]:
    """The resources that a configuration describes; see dlt's function of this name."""
    return create_resources(config)
