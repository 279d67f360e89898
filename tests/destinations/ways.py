"""Three ways into a destination from one configuration: dlt's own source, ours in its place, and `headrace run`."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any, Literal

import dlt
import dlt.sources.rest_api

import headrace
import headrace.rest_api
from tests.destinations.places import Place
from tests.parity.oracle import Tables

Way = Literal["dlt", "ours", "run"]


def dataset(place: Place, way: Way) -> str:
    """Each test and way has one of its own: the database server is shared."""
    return re.sub(r"\W+", "_", f"{place.folder.parent.name}_{way}").strip("_").lower()


def pipeline(place: Place, way: Way) -> Any:
    """The dlt pipeline of a way; that of `headrace run` works in the journal's folder."""
    name = dataset(place, way)
    folder = place.folder / "journal" / "dlt" if way == "run" else place.folder / way
    return dlt.pipeline(name, destination=place.to, dataset_name=name, pipelines_dir=str(folder))


def load(place: Place, way: Way, config: Any) -> Tables:
    """One run, and what stands in the destination after it."""
    config = deepcopy(config)
    if way == "run":
        file = place.folder / "config.json"
        file.write_text(json.dumps(config))
        to = f"dlt:{place.to}" + (f"?table_format={place.format}" if place.format else "")
        report = headrace.load(str(file), to=to, dataset=dataset(place, way), journal=str(place.folder / "journal"))
        assert report.status == "complete", report.to_json()
    else:
        if place.format:
            config["resource_defaults"]["table_format"] = place.format
        module = headrace.rest_api if way == "ours" else dlt.sources.rest_api
        pipeline(place, way).run(module.rest_api_source(config), loader_file_format=_loader_format(place))
    return tables(place, way)


def tables(place: Place, way: Way) -> Tables:
    """What stands in the destination, as dlt's schema describes it."""
    line = pipeline(place, way)
    schema = line.default_schema
    found = Tables({}, {}, {})
    for table in schema.data_tables(seen_data_only=True):
        name = table["name"]
        if not name.startswith("_headrace_"):
            columns = schema.get_table_columns(name)
            found.columns[name] = [(column, spec["data_type"]) for column, spec in columns.items()]
            found.parents[name] = table.get("parent")
            found.rows[name] = place.rows(line, name)
    return found


def _loader_format(place: Place) -> Any:
    """Parquet where the destination takes it: our tables go there in no other form."""
    return None if place.name == "postgres" else "parquet"
