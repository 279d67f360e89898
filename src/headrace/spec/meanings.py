"""What each key of a configuration means, in a sentence: the descriptions of the JSON Schema."""

from __future__ import annotations

CONFIGURATION = {
    "name": "The name of the configuration: files, journal and dataset are named after it. Default: the file's name.",
    "client": "Where the API is, and what every request to it carries.",
    "resources": "What is loaded: endpoints and their tables. A mere string is a name, and a path as well.",
    "resource_defaults": "What every resource has unless it says otherwise. `params`, `json` and `columns` are united.",
}

SOURCE = {
    "sources": "dlt's layout: configurations by name, of which the first one of a REST API is read.",
    "type": "dlt's source of REST APIs: `rest_api`, also with the module before it.",
    "name": "Read, and without effect: the key above is the name.",
}

CLIENT = {
    "base_url": "The address that every path is added to, such as https://api.example.com/v1.",
    "headers": "Headers of every request.",
    "auth": "How requests prove who sends them. Secrets are named here, and looked up when a run begins.",
    "paginator": "How every endpoint pages that has no `paginator` of its own.",
    "rate_limit": "At most so many requests in so many seconds. An addition to dlt's keys.",
    "allow_origins": "Where links may be followed to as well, without credentials. An addition to dlt's keys.",
}

LIMIT = {"requests": "How many requests.", "seconds": "In how many seconds."}

RESOURCE = {
    "name": "The name of the resource; also its path and its table, unless those are stated.",
    "endpoint": "What is asked for. A mere string is the path.",
    "table_name": "The table that its records go to. Default: the name.",
    "write_disposition": "What becomes of the rows that the table has: `append` keeps them (default), `replace` drops "
    "them, `merge` replaces those with the same key, `skip` loads nothing.",
    "primary_key": "The field, or fields, by which a record is known again.",
    "merge_key": "The field, or fields, whose values say which rows a merge replaces.",
    "columns": "What is declared of columns, by name. All others are found in the records.",
    "schema_contract": "What becomes of data that would change the schema: `evolve` takes it (default), `freeze` ends "
    "the resource with an error, `discard_row` and `discard_value` leave it out.",
    "nested_hints": "What is declared of child tables, by the name of the list that makes them.",
    "max_table_nesting": "How many levels of lists become tables of their own; what is deeper stays JSON.",
    "selected": "Whether it is loaded when nothing is chosen with --resource. Default: true.",
    "parallelized": "Read, and not needed: all walks run side by side under one budget.",
    "include_from_parent": "Fields of the parent's record that every record takes, as `_<parent>_<field>`; of a record"
    " further above, `{resources.<ancestor>.<field>}`.",
    "table_format": "Read, and without effect: the warehouse decides.",
    "file_format": "Read, and without effect: the warehouse decides.",
    "references": "Read, and without effect: references between tables are not written.",
    "guesses": "Values of this resource that are but guesses, as paths below it: each is tried against the API before "
    "a row counts. An addition to dlt's keys.",
}

ENDPOINT = {
    "path": "Where the list is, below the base URL, or an absolute URL. `{resources.<resource>.<field>}` is filled in "
    "for each record of that resource. Default: the name.",
    "method": "GET (default) or POST.",
    "params": "Query parameters. A list is sent element by element.",
    "json": "A JSON body.",
    "data": "A form as a mapping or as pairs, or a text that is sent as it stands.",
    "headers": "Headers of this endpoint's requests, besides the client's.",
    "auth": "Credentials of this endpoint, in place of the client's; null for none.",
    "paginator": "How the next page is asked for. Default: the client's, else what the first response shows.",
    "data_selector": "The JSON path of the records in the body. Default: the first response decides.",
    "response_actions": "What certain responses mean; the first that fits counts.",
    "incremental": "Which records are new: only those are loaded.",
    "retry": "Which responses are asked again, and how often. An addition to dlt's keys.",
    "deadline_s": "How many seconds its walks may take in one run, all together; the next run goes on where they "
    "stopped. An addition to dlt's keys.",
}

RETRY = {
    "statuses": "The status codes that are asked again, in place of the usual ones (408, 425, 429 and 5xx).",
    "attempts": "How often a request is sent at most. Default: 8.",
    "base_s": "The first pause, in seconds; each later one is twice as long. Default: 0.5.",
    "cap_s": "The longest pause, in seconds. Default: 60.",
    "timeout_s": "How many seconds one attempt may take, until the whole answer is there. Default: 60 for each piece "
    "of it, 600 in all.",
}

AUTH = {
    "type": "The kind of credential. Without it: `bearer`.",
    "token": 'The token, such as dlt.secrets["api_token"].',
    "name": "The header, query parameter or cookie that holds the key. Default: Authorization.",
    "api_key": 'The key, such as dlt.secrets["api_key"].',
    "location": "Where the key goes. Default: header.",
    "username": "The user name.",
    "password": 'The password, such as dlt.secrets["password"].',
    "access_token": "A token that is there already.",
    "access_token_url": "Where a token is bought.",
    "client_id": "The id of this client.",
    "client_secret": 'Its secret, such as dlt.secrets["client_secret"].',
    "access_token_request_data": "Fields that the token request carries besides id and secret.",
    "default_token_expiration": "How long a token holds, in seconds, where its response does not say.",
    "client_auth": "Whether id and secret go into the `body` of the token request (default) or, as `basic`, a header.",
    "private_key": 'The key that signs, as PEM or base64 of it: dlt.secrets["private_key"].',
    "auth_endpoint": "Where the signed assertion buys a token.",
    "scopes": "The scopes that are asked for.",
    "headers": "Headers of the token request.",
    "private_key_passphrase": "What opens the private key.",
}

PAGINATOR = {
    "auto": "Decided by the first response.",
    "single_page": "One request, one page.",
    "json_link": "The body holds the URL of the next page.",
    "json_response": "The older name of `json_link`.",
    "header_link": "The Link header (RFC 8288) holds the URL of the next page.",
    "header_cursor": "A header of the response goes into a query parameter of the next request.",
    "cursor": "A value of the body goes into the next request.",
    "offset": "Records are counted; each page begins where the last one ended.",
    "page_number": "Pages are counted.",
}

ARGUMENT = {
    "type": "How the next page is asked for.",
    "next_url_path": "The JSON path of the next page's URL. Default: next.",
    "links_next_key": "The relation of the link. Default: next.",
    "cursor_key": "The response header that holds the cursor. Default: next.",
    "cursor_param": "The query parameter that takes the cursor. Default: cursor.",
    "cursor_path": "The JSON path of the next cursor. Default: cursors.next.",
    "cursor_body_path": "Where the cursor goes in a JSON body, in place of `cursor_param`.",
    "stop_after_empty_page": "Whether a page without records ends the walk.",
    "has_more_path": "The JSON path of a value that says whether more pages follow.",
    "limit": "The page size.",
    "offset": "Where the first page begins. Default: 0.",
    "offset_param": "The query parameter that takes the offset. Default: offset.",
    "offset_body_path": "Where the offset goes in a JSON body, in place of `offset_param`.",
    "limit_param": "The query parameter that takes the page size. Default: limit.",
    "limit_body_path": "Where the page size goes in a JSON body, in place of `limit_param`.",
    "total_path": "The JSON path of the total: of records for `offset`, of pages for `page_number`. Default: total; "
    "null where the body has none.",
    "maximum_offset": "The walk ends here, whatever follows.",
    "base_page": "The number of the API's first page. Default: 0.",
    "page": "The number of the page to begin with. Default: `base_page`.",
    "page_param": "The query parameter that takes the page's number. Default: page.",
    "page_body_path": "Where the page's number goes in a JSON body, in place of `page_param`.",
    "maximum_page": "The walk ends here, whatever follows.",
    "follow_urls": "Whether a cursor that is a URL is followed as one. Default: false. An addition to dlt's keys.",
    "page_size_param": "Which of the endpoint's `params` is the page size, where its name does not tell. An "
    "addition to dlt's keys.",
}

INCREMENTAL = {
    "cursor_path": "The JSON path, in each record, of the value that says when it changed.",
    "initial_value": "Where the first run begins, as the API writes its values.",
    "end_value": "Where the window ends. With it, nothing is remembered for the next run.",
    "start_param": "The query parameter that takes the beginning of the window.",
    "end_param": "The query parameter that takes its end.",
    "last_value_func": "Whether the highest (`max`, default) or the lowest (`min`) value is the last.",
    "primary_key": "What tells apart records with the last value. Default: the resource's key.",
    "row_order": "The order in which the API sends records: it lets a walk end early.",
    "range_start": "Whether the beginning belongs to the window. Default: closed.",
    "range_end": "Whether the end belongs to the window. Default: open.",
    "on_cursor_value_missing": "What becomes of a record without the value. Default: raise.",
    "lag": "How far the beginning is moved back: seconds for times, days for dates, units for numbers.",
    "allow_external_schedulers": "Read, and without effect: no scheduler's window is looked for.",
}

RESOLVE = {
    "type": "The value comes from each record of another resource.",
    "resource": "That resource.",
    "field": "The JSON path of the value in its records.",
}

RESPONSE_ACTION = {
    "status_code": "The status that it is about; without it, every one.",
    "content": "A text that the body must hold.",
    "action": "`ignore` ends the walk and keeps its earlier pages; `retry` asks again.",
}

CONTRACT = {
    "tables": "For new tables.",
    "columns": "For new columns, but not those of a table in its first load.",
    "data_type": "For values that a column does not take, and that a column of their own would.",
}

NESTED = {
    "columns": "What is declared of the child table's columns, by name.",
    "schema_contract": "The contract of the child table and those below it. Default: that of the table above.",
    "write_disposition": "That of the root: another one is not supported yet.",
    "parent_table_name": "Read, and without effect: the parent is the table that holds the list.",
    "table_format": "Read, and without effect: the warehouse decides.",
    "file_format": "Read, and without effect: the warehouse decides.",
    "references": "Read, and without effect: references between tables are not written.",
}

DISPOSITION = {
    "disposition": "What becomes of the rows that the table has.",
    "deduplicated": "Read, and not needed: of several records with one key, the last one read is kept.",
    "skip_unchanged_rows": "True: a row that is as it was keeps its `_dlt_load_id`.",
    "validity_column_names": "The columns that say from when and to when a version holds.",
    "active_record_timestamp": "What stands in the second of them while a version holds; null by default.",
    "boundary_timestamp": "The moment at which versions change; that of the load by default.",
    "row_version_column_name": "A column of the records that changes when a record does; without it, all of a record "
    "is compared.",
}

STRATEGIES = {
    "delete-insert": "Rows of a known key go, and the new ones come.",
    "upsert": "Rows of a known primary key are updated, and keep their `_dlt_id`.",
    "scd2": "Every version of a row is kept; what a load does not have any more is closed.",
    "insert-only": "Rows of a known primary key stay as they are.",
    "cdc": "As `upsert`, and rows that a load does not have are deleted.",
}

COLUMN = {
    "name": "The column's name, where columns are written as a list.",
    "data_type": "The type of its values.",
    "nullable": "False: a record without a value is rejected.",
    "primary_key": "Whether the column is part of the primary key.",
    "merge_key": "Whether the column is part of the merge key.",
    "hard_delete": "Whether the column marks rows that a merge is to delete: by true, or by any value but null.",
    "dedup_sort": "Of several records with one key, the first in this order of the column is kept.",
}
