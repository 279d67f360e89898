"""Writes docs/diagnostics.md: every rule of `spec.rules` and every refusal, each with an example and what is said of it.

`make docs` writes; `python docs/diagnostics.py --check` only says whether the document is up to date, and fails. The
scorer's table, a minute's work, is made anew only when the page is written.
"""

# ruff: noqa: E501 - an example is one line

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from headrace.spec.faults import Fault
from headrace.spec.read import Options, Source, read
from headrace.spec.rules import RULES
from headrace.spec.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "diagnostics.md"
SPEC = ROOT / "src" / "headrace" / "spec"
SHARED = ROOT.parent / "shared"
COMMAND = "headrace check {file} --format json"
CONFIDENCES = {
    "settled": "no other reading makes sense, or this one was right in nine of ten of the documents that could be checked",
    "noted": "as sure as that, and worth knowing",
    "asked": "a value must come from outside, and is among the needs",
    "likely": "the usual reading, worth a look",
    "doubtful": "writers often mean, or should have meant, something else",
    "lost": "something of the document is not honoured",
}


class Example(NamedTuple):
    """A document that has the deviation, and the few words of it that show it."""

    shows: str
    text: str
    form: str
    options: Options = Options()


def _scaffold(code: str, prose: str = "") -> str:
    return f"# Overview\n# Configuration Example\n```python\n{code}\n```\n{prose}\n# Schema\n"


def of_client(shows: str, prose: str = "") -> Example:
    """A scaffold whose client holds the words."""
    address = "" if "base_url" in shows else '"base_url": "https://api.acme.io", '
    client = f"{{{address}{shows.replace('client: none', '')}}}"
    return Example(shows, _scaffold(f'rest_api_source({{"client": {client}, "resources": ["users"]}})', prose), "md")


def of_endpoint(shows: str, others: str = "", host: str = "api.acme.io") -> Example:
    """A scaffold with one resource whose endpoint holds the words."""
    path = "" if '"path"' in shows else '"path": "/users", '
    resource = f'{{"name": "users", "endpoint": {{{path}{shows}}}}}'
    client = f'{{"base_url": "https://{host}"}}'
    return Example(
        shows, _scaffold(f'rest_api_source({{"client": {client}, "resources": [{others}{resource}]}})'), "md"
    )


def of_pager(shows: str) -> Example:
    """A scaffold with one paginator."""
    return of_endpoint(f'"paginator": {{{shows}}}')._replace(shows=shows)


def of_resource(shows: str, prose: str = "") -> Example:
    """A scaffold with one resource of these words."""
    code = f'rest_api_source({{"client": {{"base_url": "https://api.acme.io"}}, "resources": [{{{shows}}}]}})'
    return Example(shows, _scaffold(code, prose), "md")


def of_dlt(shows: str, before: str = "", host: str = '"base_url": "https://api.acme.io"') -> Example:
    """A Python module with one resource of these words."""
    code = f'{before}\nrest_api_source({{"client": {{{host}}}, "resources": [{shows}]}})\n'
    return Example(shows, code, "py")


def _whole(shows: str, text: str, form: str = "py") -> Example:
    return Example(shows, text, form)


_CONFIG = '{"client": {"base_url": "https://api.acme.io"}, "resources": ["users"]}'
_BASIC = '"auth": {"type": "basic", "username": dlt.secrets["user"], "password": dlt.secrets["key"]}'
_RESOURCES = '{"name": "users", "endpoint": {"path": "/users", "data_selector": "items"}}'
_MERGE = '"name": "users", "write_disposition": "merge"'

EXAMPLES: dict[str, Example] = {
    # reading
    "wrapped-document": _whole("```markdown", f"```markdown\n# Overview\n```python\nrest_api_source({_CONFIG})\n```\n```\n", "md"),
    "json-relaxed": _whole('"resources": ["users",],  // the rest follows', '{"client": {"base_url": "https://a.io"},\n "resources": ["users",],  // the rest follows\n}', "json"),
    "bare-words": _whole('"resources": [users,,offers]', '```python\nrest_api_source({"client": {"base_url": "https://a.io"}, "resources": [users,,offers]})\n```\n', "md"),
    "stray-mapping": of_client('{"type": "bearer", "token": dlt.secrets["token"]}'),
    "resources-cut-off": _whole("// more resources follow", _scaffold('rest_api_source({"client": {"base_url": "https://a.io"}, "resources": ["users",\n// more resources follow\n]})'), "md"),
    "block-cut-off": _whole('{"name": "notes", "endpoint": {"path": "/no', _scaffold('rest_api_source({"client": {"base_url": "https://a.io"}, "resources": [\n{"name": "users"},\n{"name": "notes", "endpoint": {"path": "/no'), "md"),
    "list-cut-off": of_dlt('"users", ...'),
    "several-configurations": _whole("two calls of rest_api_source", f"rest_api_source({_CONFIG})\nrest_api_source(\n{_CONFIG})\n"),
    "conditional": of_dlt('{"name": "users" if dlt.config["all"] else "me"}'),
    "unbound-name": of_dlt('{"name": "users", "table_name": TABLE}'),
    "unbound-credential": of_dlt('{"name": "users", "endpoint": {"headers": {"X-Api-Key": KEY}}}')._replace(shows='"headers": {"X-Api-Key": KEY}'),
    "expression-value": of_dlt('{"name": "users", "endpoint": {"incremental": {"cursor_path": "at", "initial_value": date.today() - DAYS}}}'),
    "repeated-key": of_dlt('{"name": "users", "name": "users"}'),
    "no-effect": of_dlt('{"name": "users", "file_format": "parquet"}'),
    "template": of_endpoint("""'params': {'since': "{{ format_datetime('2024-01-31', '%d.%m.%Y') }}"}"""),
    "action-idle": of_dlt('{"name": "users", "endpoint": {"response_actions": [{"status_code": "4xx", "action": "ignore"}]}}'),
    "read-as-meant": of_client(_BASIC),
    # client
    "base-url-placeholder": of_client('"base_url": "https://api.example.com"'),
    "missing-base-url": _whole('"client": {}', 'rest_api_source({"client": {"headers": {}}, "resources": ["users"]})'),
    "secret-url": of_client('"base_url": dlt.secrets["address"]'),
    "rate-limit": of_client('"rate_limit": "a lot"'),
    "auth-alias": of_client(_BASIC),
    "auth-oauth2": of_client('"auth": {"type": "oauth2", "client_id": "i", "client_secret": "s", "token_url": "https://acme.io/t"}'),
    "auth-none": of_client('"auth": {"type": "none"}'),
    "basic-ready": of_client('"auth": {"type": "basic", "token": dlt.secrets["key"]}'),
    "no-password": of_client('"auth": {"type": "basic", "username": dlt.secrets["key"]}'),
    "password-optional": of_client(_BASIC),
    "bearer-key": of_client('"auth": {"type": "bearer", "api_key": dlt.secrets["key"]}'),
    "api-key-name": of_client('"auth": {"type": "api_key", "name": "api_key", "api_key": dlt.secrets["key"]}'),
    "key-in-body": of_client('"auth": {"type": "api_key", "name": "apiKey", "api_key": dlt.secrets["key"], "location": "body"}'),
    "credential-outside": of_client('"auth": {"type": "bearer"}'),
    "credential-named": of_client('"auth": {"type": "bearer", "token": "${ACME_TOKEN}"}'),
    "credential-filler": of_client('"auth": {"type": "bearer", "token": "YOUR_TOKEN"}'),
    "token-url-placeholder": of_client('"auth": {"type": "oauth2", "token_url": "https://api.example.com/token"}'),
    "dropped": of_pager('"type": "cursor", "cursor_param": "c", "cursor_path": "next", "step": "P1D"'),
    # request
    "airbyte-key": of_endpoint('"request_parameters": {"sort": "id"}'),
    "name-from-path": of_resource('"endpoint": {"path": "/v2/users"}'),
    "path-prefix": of_endpoint('"path": "/v1/users"', host="api.example.com"),
    "path-value": of_endpoint('"path": "/teams/{team_id}/users"'),
    "path-shared": of_endpoint('"path": "/{site}/users"', '{"name": "notes", "endpoint": {"path": "/{site}/notes"}}, '),
    "parent-by-path": of_endpoint('"path": "/teams/{team_id}/users"', '{"name": "teams", "endpoint": {"path": "/teams"}}, '),
    "guessed-parent": of_endpoint('"path": "/users/by/{team_id}"', '"teams", '),
    "partition-parent": of_endpoint('"path": "/users/{id}", "partition_router": {"parent_stream": "teams", "partition_field": "id"}', '"teams", '),
    "partition-list": of_endpoint('"path": "/{kind}/users", "partition_router": {"values": ["a", "b"], "cursor_field": "kind"}'),
    "record-filter": of_endpoint('''"record_filter": "{{ record.kind == 'note' }}"'''),
    "incremental-sync": of_endpoint('"incremental_sync": {"cursor_field": "updated_at", "start_datetime": "2024-01-01"}'),
    "incremental-format": of_endpoint('"incremental_sync": {"cursor_field": "at", "datetime_format": "%s", "start_time_param": "since"}'),
    "incremental-end": of_endpoint('"incremental_sync": {"cursor_field": "at", "end_datetime": "{{ now_utc() }}"}'),
    "incremental-twice": of_dlt('{"name": "users", "endpoint": {"incremental": {"cursor_path": "a"}, "params": {"since": {"type": "incremental", "cursor_path": "b"}}}}'),
    "error-handler": of_endpoint('"error_handler": {"retry_on_status_codes": [429, 503]}'),
    "retry-refused": of_endpoint('"error_handler": {"retry_on_status_codes": [403, 429]}'),
    "hidden-by-default": of_endpoint('"path": "/accounts", "data_selector": "results", "paginator": {"type": "cursor", "cursor_param": "from", "cursor_path": "next"}'),
    # records
    "merged-table": of_dlt('{"name": "a", "table_name": "t"}, {"name": "b", "table_name": "t", "write_disposition": "merge", "primary_key": "id"}'),
    "two-spellings": of_dlt('"userItems", "user_items"'),
    "nested-table": of_dlt('"users", "users__pets"'),
    "selector-list": of_endpoint('"data_selector": ["data", "items"]'),
    "selector-prefix": of_endpoint('"data_selector": "response.items"'),
    "selector-data": of_endpoint('"data_selector": "data"'),
    "selector-jinja": of_endpoint('''"data_selector": "{{ config['kind'] }}"'''),
    "selector-odd": of_endpoint('"data_selector": "Totals (per day)"'),
    "key-of-one": of_resource('"name": "summary", "primary_key": "id"'),
    "merge-without-key": of_resource(_MERGE),
    "schema-types": of_resource('"name": "users"')._replace(shows="- `id`: integer", text=_scaffold(f'rest_api_source({{"client": {{"base_url": "https://a.io"}}, "resources": [{_RESOURCES}]}})') + "## users\n- `id`: integer\n- `name`: string\n- `since`: timestamp\n"),
    # paging
    "cursor-value": of_pager('"type": "cursor", "cursor_param": "from", "cursor_value": "{{ response.next }}"'),
    "cursor-is-link": of_pager('"type": "cursor", "cursor_path": "links.next"'),
    "cursor-link": of_pager('"type": "cursor", "cursor_path": "headers.link.next.url"'),
    "cursor-source-unknown": of_pager('"type": "cursor", "cursor_param": "page_token"'),
    "cursor-from-stop": of_pager('"type": "cursor", "cursor_param": "page_token", "stop_condition": "not response.meta.token"'),
    "stop-condition": of_pager('"type": "cursor", "cursor_param": "c", "cursor_path": "next", "stop_condition": "{{ not response.has_more }}"'),
    "stop-condition-idle": of_pager('"type": "cursor", "cursor_param": "c", "cursor_path": "next", "stop_condition": "response.total < 100"'),
    "page-size": of_pager('"type": "cursor", "cursor_param": "c", "cursor_path": "next", "limit": 50'),
    "page-size-missing": of_pager('"type": "offset", "offset_param": "offset"'),
    "page-size-none": of_dlt('{"name": "users", "endpoint": {"paginator": {"type": "offset", "limit": 0}}}'),
    "size-param-pair": of_pager('"type": "offset", "offset_param": "$skip", "limit": 50'),
    "size-param-odd": of_pager('"type": "offset", "offset_param": "from", "limit": 50'),
    "offset-param": of_pager('"type": "offset", "limit": 50'),
    "page-start": of_pager('"type": "page_number", "page_param": "page", "limit": 50, "limit_param": "size"'),
    "page-start-usual": of_pager('"type": "page_number", "page_param": "page", "limit": 50, "limit_param": "per_page"'),
    # prose
    "prose-auth": of_client('"auth": {"type": "bearer", "token": "t"}', "# Authentication\n- **Type**: Basic")._replace(shows="- **Type**: Basic"),
    "prose-contradiction": of_resource(_RESOURCES[1:-1], "# Resources\n- **Data Selector**: `rows`")._replace(shows="- **Data Selector**: `rows`"),
    "prose-resource": of_resource(_RESOURCES[1:-1], "# Resources\n- **Resource Name**: `users`, `teams`")._replace(shows="- **Resource Name**: `users`, `teams`"),
    "listed-endpoint": _whole("- **Users**: who they are", '```python\nrest_api_source({"client": {"base_url": "https://a.io"}, "resources": []})\n```\nSome of the endpoints:\n\n- **Users**: who they are\n', "md"),
    "prose-key": of_resource('"name": "users", "primary_key": "id"', "# Resources\n- **Primary Key**: `uuid`")._replace(shows="- **Primary Key**: `uuid`"),
    "prose-retry": of_resource(_RESOURCES[1:-1], "# Error Handling\nOn 409 and 503, try again.")._replace(shows="On 409 and 503, try again."),
}  # fmt: skip

REFUSED: dict[str, Example] = {
    "syntax": _whole('"a": 1 "b": 2', 'rest_api_source({"client": {"base_url": "x"}\n "resources": []})'),
    "no-config": _whole("print(1)", "print(1)\n"),
    "no-resources": _whole('"resources": []', 'rest_api_source({"client": {"base_url": "https://a.io"}, "resources": []})'),
    "two-values": of_dlt('{"name": "users", "name": "teams"}'),
    "missing-key": _whole("no `client`", 'rest_api_source({"resources": ["users"]})'),
    "unknown-key": of_dlt('{"name": "users", "endpont": {}}'),
    "format": of_dlt('{"name": "users", "table_format": "deltas"}'),
    "wrong-type": of_dlt('{"name": 3}'),
    "python-object": of_dlt('{"name": "users", "endpoint": lambda: 1}'),
    "secret-here": of_dlt('{"name": dlt.secrets["x"]}'),
    "duplicate-resource": of_dlt('"users", "users"'),
    "unknown-resource": Example("--resource user", f"rest_api_source({_CONFIG})", "py", Options(resources=("user",))),
    "unused-setting": Example("--set tenat=acme", "client: {base_url: 'https://{tenant}.acme.io'}\nresources: [users]\n", "yaml", Options(settings=Settings({"tenat": "acme"}))),
    "credential-setting": of_dlt('"users"', host='"base_url": "https://a.io", "auth": {"token": dlt.secrets["token"]}')._replace(shows="--set token=x", options=Options(settings=Settings({"token": "x"}))),
    "base-url": of_dlt('"users"', host='"base_url": "acme"'),
    "auth-type": of_dlt('"users"', host='"base_url": "https://a.io", "auth": {"type": "bearrer"}'),
    "auth-location": of_dlt('"users"', host='"base_url": "https://a.io", "auth": {"type": "api_key", "api_key": "k", "location": "path"}'),
    "method": of_dlt('{"name": "users", "endpoint": {"method": "delete"}}'),
    "path-param": of_dlt('{"name": "users", "endpoint": {"path": "teams/{id}/users"}}'),
    "path-template": of_endpoint('"path": "a/{{ config[\'x\'] | shout }}"'),
    "path-braces": of_dlt('{"name": "users", "endpoint": {"path": "teams/{id/users"}}'),
    "placeholder": of_dlt('{"name": "users", "endpoint": {"params": {"q": "{resource.teams.id}"}}}'),
    "param-type": of_dlt('{"name": "users", "endpoint": {"params": {"q": {"type": "resolved"}}}}'),
    "resolve-unbound": of_dlt('"teams", {"name": "users", "endpoint": {"path": "users", "params": {"id": {"type": "resolve", "resource": "teams", "field": "id"}}}}'),
    "unknown-parent": of_dlt('{"name": "users", "endpoint": {"path": "{resources.team.id}/users"}}, "teams"'),
    "several-parents": of_dlt('"a", "b", {"name": "users", "endpoint": {"path": "{resources.a.id}/{resources.b.id}"}}'),
    "no-ancestor": of_dlt('"a", "b", {"name": "users", "endpoint": "{resources.a.id}", "include_from_parent": ["{resources.b.id}"]}'),
    "batch": of_dlt('"teams", {"name": "users", "endpoint": {"params": {"team": "{resources.teams.id:batch(0)}"}}}'),
    "circle": of_dlt('{"name": "a", "endpoint": {"path": "{resources.b.id}"}}, {"name": "b", "endpoint": {"path": "{resources.a.id}"}}'),
    "no-parent": of_dlt('{"name": "users", "include_from_parent": ["id"]}'),
    "two-bodies": of_dlt('{"name": "users", "endpoint": {"json": {"a": 1}, "data": {"b": 2}}}'),
    "json-path": of_dlt('{"name": "users", "endpoint": {"data_selector": "a b"}}'),
    "paginator-type": of_dlt('{"name": "users", "endpoint": {"paginator": "ofset"}}'),
    "paginator-argument": of_dlt('{"name": "users", "endpoint": {"paginator": {"type": "offset"}}}'),
    "paginator-custom": of_pager('"type": "custom"'),
    "cursor-unknown": of_pager('"type": "cursor"'),
    "cursor-expression": of_pager('"type": "cursor", "cursor_param": "c", "cursor_value": "{{ 1 + 1 }}"'),
    "guess": of_dlt('{"name": "users", "guesses": ["primry_key"]}'),
    "secret-template": of_endpoint("""'params': {'q': "{{ config['api_key'] | upper }}"}"""),
    "disposition": of_dlt('{"name": "users", "write_disposition": "upsert"}'),
    "one-table": of_dlt('{"name": "a", "table_name": "t"}, {"name": "b", "table_name": "t", "write_disposition": "replace"}'),
    "reserved-table": of_dlt('{"name": "loads", "table_name": "_dlt_loads"}'),
    "data-type": of_dlt('{"name": "users", "columns": {"id": {"data_type": "int"}}}'),
    "contract": of_dlt('{"name": "users", "schema_contract": "frozen"}'),
    "incremental": of_dlt('{"name": "users", "endpoint": {"incremental": {"cursor_path": "at", "end_value": 5}}}'),
    "last-value": of_dlt('{"name": "users", "endpoint": {"incremental": {"cursor_path": "at", "last_value_func": "mean"}}}'),
    "param-incremental": of_dlt('{"name": "users", "endpoint": {"params": {"since": {"type": "incremental", "cursor_path": "at", "end_value": 5}}}}'),
    "two-incrementals": of_dlt('{"name": "users", "endpoint": {"params": {"a": {"type": "incremental", "cursor_path": "x"}, "b": {"type": "incremental", "cursor_path": "y"}}}}'),
    "bad-name": Example('name="../users"', f"rest_api_source({_CONFIG}, name='../users')", "py"),
    "not-yet": of_client('"auth": {"type": "aws_sigv4"}'),
}  # fmt: skip


def found(code: str, example: Example) -> Fault:
    """What is said of an example. Raises LookupError if its code is not among the findings."""
    reading = read(Source(example.text, example.form, "example", "example"), example.options)
    for fault in (*reading.faults, *reading.certain):
        if fault.code == code:
            return fault
    raise LookupError(f"{code}: {[fault.code for fault in reading.in_full]}")


def raised() -> set[str]:
    """The codes of all refusals in the source."""
    codes = set()
    for file in sorted(SPEC.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "error":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    return codes


def scored() -> str:
    """The table of the scorer over the shared corpus, without what differs from machine to machine."""
    scorer, corpus = SHARED / "tools" / "score.py", SHARED / "corpus"
    ours = f"{sys.executable} -m {COMMAND}"
    arguments = [sys.executable, str(scorer), "--corpus", str(corpus), "--cmd", ours, "--jobs", "2"]
    said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    rows = [row.rstrip() for row in said.splitlines() if not row.startswith(("#", "{", "slowest"))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows).strip())


def kept() -> str:
    """The table that stands in the document."""
    found = re.search(r"<!-- score -->\n```text\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return found[1] if found is not None else ""


def page(score: str) -> str:
    """The document; `score` is the scorer's table."""
    lines = [
        "# What `headrace check` says",
        "",
        "Made by `make docs` from the table in `src/headrace/spec/rules.py`; the messages are those of the examples.",
        "",
        "## How deviations are read",
        "",
        "A configuration that deviates from dlt's is read for what it means. How sure that is:",
        "",
        *(f"- **{name}**: {words}." for name, words in CONFIDENCES.items()),
        "",
        "What is doubtful or lost is a warning. What is settled is no finding: one note sums it up, `headrace check` prints",
        "each for people, and `headrace explain` says of each value how it came about.",
        "All else is a note.",
        "",
        "| code | confidence | what it is | read as | example | message | mend |",
        "|---|---|---|---|---|---|---|",
    ]
    for code, rule in RULES.items():
        fault = found(code, EXAMPLES[code])
        cells = (
            f"`{code}`",
            rule.confidence,
            rule.matches,
            rule.meaning,
            _code(EXAMPLES[code].shows),
            fault.problem,
            fault.fix,
        )
        lines.append(_row(cells))
    lines += [
        "",
        "## What is refused",
        "",
        "Errors, exit code 2. All are told at once, each with its line and place.",
        "",
        "| code | example | message | mend |",
        "|---|---|---|---|",
    ]
    for code, example in REFUSED.items():
        fault = found(code, example)
        lines.append(_row((f"`{code}`", _code(example.shows), fault.problem, fault.fix)))
    lines += [
        "",
        "## How often that is right",
        "",
        f"What `../shared/tools/score.py` prints of `{COMMAND}` over the documents of `../shared/corpus`, which are no part of",
        "this project: how many are read, and for those whose facts are known, how often a value is right, wrong and remarked",
        "on (*flagged*), or wrong in silence. *Noise* is the share of right values with a remark on them, *below* what a plain",
        "reader gets right and this one does not, *ceiling* what the text alone gives away. `make docs` makes it anew where",
        "the corpus is at hand.",
        "",
        "<!-- score -->",
        "```text",
        score,
        "```",
    ]
    return "\n".join([*lines, ""])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(words: str) -> str:
    mark = "``" if "`" in words else "`"
    return f"{mark}{' ' if mark == '``' else ''}{words}{' ' if mark == '``' else ''}{mark}"


def main(arguments: list[str]) -> int:
    """Write or check; 1 if the document is not up to date."""
    check = "--check" in arguments
    made = page(kept() if check or not (SHARED / "corpus").is_dir() else scored())
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if check:
        if made != current:
            sys.stdout.write("docs/diagnostics.md is not what the rules make; run make docs\n")
        return 0 if made == current else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
