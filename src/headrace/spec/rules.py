"""How each deviation from dlt's configurations is read: what it looks like, what it means, and how sure that is.

`docs/diagnostics.md` is made from it. What dlt refuses too is no interpretation, and says so where it is found.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Confidence: TypeAlias = Literal["settled", "noted", "likely", "asked", "doubtful", "lost"]
"""settled: no other reading makes sense, or this one was right in nine of ten of the documents that could be checked.
noted: as sure, and worth knowing. asked: a value must come from outside, and is among the needs.
likely: the usual reading, worth a look. doubtful: writers often mean, or should have meant, something else.
lost: something of the document is not honoured."""


class Rule(NamedTuple):
    """One row. `problem` and `mend` are format strings, filled in where the deviation is found."""

    code: str
    confidence: Confidence
    matches: str
    meaning: str
    problem: str
    mend: str

    @property
    def severity(self) -> Literal["warning", "note"]:
        """What may be wrong is a warning; how something was read is a note."""
        return "warning" if self.confidence in {"doubtful", "lost"} else "note"

    @property
    def certain(self) -> bool:
        """Whether nothing is to be remarked: such readings are told in sum, and each of them by `explain`."""
        return self.confidence == "settled"


_READING = (
    Rule(
        "read-as-meant", "noted", "words that are not dlt's, whose meaning is settled",
        "that meaning; `headrace explain` lists each",
        "not in dlt's words, but with one meaning only: {words}", "read so; `headrace explain` says how",
    ),
    Rule(
        "wrapped-document", "noted", "the whole document in one ```markdown fence", "the document without the fence",
        "the whole document stands in one ```markdown fence", "it is read without the fence",
    ),
    Rule(
        "json-relaxed", "noted", "comments or trailing commas in JSON", "the same JSON without them",
        "JSON takes no {what}", "read without; delete them where other tools read the file",
    ),
    Rule(
        "bare-words", "likely", "endpoints without quotes in the list of resources: `[users,,offers]`",
        "each word is the path of a resource",
        "the resources stand here without quotes", "read as the paths {paths}; write each in quotes",
    ),
    Rule(
        "stray-mapping", "likely", "a mapping without a key in `client`", "the `auth` of the client",
        "a mapping stands here without a key", "read as `auth`; write the key before it",
    ),
    Rule(
        "resources-cut-off", "lost", "a `//` comment in Python: `// more resources follow`",
        "a comment; more was meant",
        "a comment stands where configuration was meant ({comment}), so it may be cut off here",
        "add what is missing, and delete the comment",
    ),
    Rule(
        "block-cut-off", "lost", "a block that ends inside its brackets", "what is complete up to there",
        "the block ends here, inside the `{opener}` of line {since}: the rest of the configuration is missing",
        "add the rest; what was read is what stands complete before this line",
    ),
    Rule(
        "list-cut-off", "lost", "`...` as an element of a list", "nothing; more was meant",
        "`...` stands where more elements were meant", "write them out, or delete the `...`",
    ),
    Rule(
        "several-configurations", "lost", "more than one configuration in a document", "the first one",
        "the document holds {number} {what}; the first, {which}, is read", "put each into a document of its own",
    ),
    Rule(
        "conditional", "likely", "`x if token else y` where the token comes from outside", "`x`",
        "the value depends on `{test}`, which comes from outside", "it is read as if that value is there",
    ),
    Rule(
        "unbound-name", "doubtful", "a name that the document gives no value", "a value from outside of that name",
        "the name `{name}` has no value in this document",
        'it is read as dlt.config["{name}"]: give it with --set {name}=VALUE or in the environment',
    ),
    Rule(
        "unbound-credential", "doubtful", "such a name where a credential is meant", "a secret of that name",
        "the name `{name}` has no value in this document",
        'it is read as dlt.secrets["{name}"]: give it as {variable} in the environment, or in .dlt/secrets.toml',
    ),
    Rule(
        "expression-value", "lost", "a Python expression as the bound of an increment", "a value from outside",
        "`{name}` is a Python expression (`{source}`), and a document's code is never run",
        "give its value with --set {name}=VALUE, or write it out",
    ),
    Rule(
        "repeated-key", "doubtful", "a key twice in one mapping, with the same value", "once",
        "the key `{key}` stands here a second time, after line {first}", "it is read once; delete one of them",
    ),
    Rule(
        "no-effect", "noted", "a key that dlt takes and that changes nothing here", "nothing",
        "{problem}", "{mend}",
    ),
    Rule(
        "template", "settled", "`{{ … }}` that needs nothing but the time and given values", "its value at the start",
        "`{words}` is a template", "evaluated once, when the document is read: `{value}`",
    ),
    Rule(
        "action-idle", "doubtful", "a response action that fits no response", "nothing",
        "{problem}", "{mend}",
    ),
)  # fmt: skip

_CLIENT = (
    Rule(
        "base-url-placeholder", "asked", "`https://api.example.com`, `{site}` and their kin as the address",
        "an address that must be given", "`{url}` is a placeholder, not the address of an API",
        "give the real one with --base-url URL",
    ),
    Rule(
        "missing-base-url", "doubtful", "a client without `base_url`", "an address that must be given",
        "`client` lacks `base_url`", "add `base_url`, or give it with --base-url URL",
    ),
    Rule(
        "secret-url", "doubtful", "a secret in the address", "an address that must be given",
        "a secret stands in the address (`{url}`)", "give it with --base-url URL",
    ),
    Rule(
        "rate-limit", "lost", "a `rate_limit` without requests and seconds", "no limit",
        "the rate limit says no number of requests and seconds, so none is kept", "give it with --rate N/SECONDS",
    ),
    Rule(
        "auth-alias", "settled", "`basic`, `apiKey`, `token` and the like as the type of auth", "dlt's type",
        "`{word}` is not an auth type of dlt's", "read as `{kind}`",
    ),
    Rule(
        "auth-oauth2", "doubtful", "`oauth2` without a grant", "client credentials",
        "`{word}` does not say how a token is bought; one API in three that scaffolds call so has a login of its own",
        "read as `{kind}`; check that the API sells tokens for an id and a secret",
    ),
    Rule(
        "auth-none", "settled", "`none` as the type of auth", "no auth",
        "`none` is not a type of dlt's", "read as no auth at all",
    ),
    Rule(
        "basic-ready", "likely", "`basic` with one token instead of a user and a password", "the ready credential",
        "basic auth takes a user and a password, and one ready token stands here", "it is sent as the whole credential",
    ),
    Rule(
        "no-password", "likely", "`basic` without a password", "an empty password",
        "no password is stated", "an empty password is sent",
    ),
    Rule(
        "password-optional", "likely", "a password that nobody may have", "empty where it is not found",
        "many APIs take no password beside the key, so `{name}` may be left empty",
        "an empty password is sent if it is empty or not found",
    ),
    Rule(
        "bearer-key", "settled", "`bearer` with `api_key`", "the token",
        "`bearer` auth has no key `api_key`", "read as its token",
    ),
    Rule(
        "api-key-name", "doubtful", "`api_key` as the NAME of the key", "that name",
        "`api_key` as the name of the key is what a scaffold writes when it does not know the real one",
        "look it up in the API's documentation, and write that name",
    ),
    Rule(
        "key-in-body", "noted", "an API key with the location `body`", "a field of every request's body",
        "dlt puts no API key into the body", "it is sent as a field of the body of every request",
    ),
    Rule(
        "credential-outside", "asked", "auth that lacks one of its fields", "a secret of that name",
        "the document does not say `{name}`", "it is looked for outside, as the secret `{name}`",
    ),
    Rule(
        "credential-named", "noted", "`${TOKEN}`, `{{ secrets.token }}`, `env:TOKEN` and their kin as a credential",
        "the environment variable or the secret of that name",
        "the credential is written as a template for `{name}`, which is not filled in by dlt",
        "read as {what}",
    ),
    Rule(
        "credential-filler", "doubtful", "`YOUR_TOKEN`, `<token>`, `xxx`, `changeme` and their kin as a credential",
        "a secret of the field's name, which must be given",
        "a filler stands where a credential is meant, and no API takes it",
        "give the secret `{name}`: {variable} in the environment, or {name} in .dlt/secrets.toml",
    ),
    Rule(
        "token-url-placeholder", "asked", "a placeholder as the token's address", "an address that must be given",
        "`{url}` is a placeholder, not where a token is to be had", "give the real one with --set access_token_url=URL",
    ),
    Rule(
        "dropped", "lost", "keys that say nothing of the request (`step`, `inject_on_first_request`)", "nothing",
        "`{key}` is not read: {why}", "{mend}",
    ),
)  # fmt: skip

_REQUEST = (
    Rule(
        "airbyte-key", "settled", "`request_parameters`, `record_selector`, `url_base` and the like", "dlt's key",
        "`{key}` is Airbyte's word", "read as `{name}`",
    ),
    Rule(
        "name-from-path", "settled", "a resource without a name", "the last segment of its path",
        "the resource has no `name`", "read as `{name}`, from its path",
    ),
    Rule(
        "path-prefix", "doubtful", "`/v1/` before every path, where the address is a placeholder", "that path",
        "`/v1/` in `{path}` is often a filler of the scaffold's",
        "check the path; where the API answers 404, try it without `/v1`",
    ),
    Rule(
        "path-value", "doubtful", "`{x}` in a path and nothing that fills it", "a value from outside",
        "the path holds {{{name}}}, and nothing says what stands for it",
        "give one value with --set {name}=VALUE, or name a parent: {{resources.<resource>.<field>}}",
    ),
    Rule(
        "path-shared", "asked", "`{x}` in half of the paths or more", "one value, given from outside",
        "many paths hold {{{name}}}, which is one value for the whole API", "give it with --set {name}=VALUE",
    ),
    Rule(
        "parent-by-path", "settled",
        "`/accounts/{account_id}/…` below a resource whose path is `/accounts`; `{{ stream_slice.account_id }}`",
        "`id` of each of its records",
        "nothing says what stands for {{{name}}}, but the path names a part of `{parent}`",
        "read as `id` of each record of `{parent}`; write {{resources.{parent}.<field>}} for another field",
    ),
    Rule(
        "guessed-parent", "doubtful", "`{account_id}` where a resource `accounts` exists",
        "`id` of each of its records",
        "nothing says what stands for {{{name}}}; it is read as `id` of each record of `{parent}`",
        "write {{resources.{parent}.<field>}}, or give one value with --set {name}=VALUE",
    ),
    Rule(
        "partition-parent", "settled", "`partition_router` with a parent", "the parent's rows",
        "`partition_router` is not a key of dlt's", "read as one walk for each record of `{parent}`",
    ),
    Rule(
        "partition-list", "lost", "`partition_router` with a list of values", "one value, given from outside",
        "`partition_router` walks over a list of values ({values}), and one walk at a time is what can be run",
        "give one of them with --set {name}=VALUE, and run once for each",
    ),
    Rule(
        "record-filter", "lost", "`record_filter`", "nothing: every record is loaded",
        "`record_filter` is not applied (`{condition}`): the records that it leaves out are loaded as well",
        "filter in the warehouse, or by a parameter of the API's",
    ),
    Rule(
        "incremental-sync", "settled", "`incremental_sync`", "dlt's `incremental`",
        "`incremental_sync` is not a key of dlt's", "read as `incremental` on `{cursor}`",
    ),
    Rule(
        "incremental-format", "lost", "`datetime_format` of a request's window", "the times as the API writes them",
        "`{key}` is not read: the window is sent as the API writes its own times",
        "give `initial_value` in the form that the API takes",
    ),
    Rule(
        "incremental-end", "settled", "`end_datetime` that is now", "no end: all that there is",
        "the window's end is the time of the run", "read as no end; the next run goes on where this one stopped",
    ),
    Rule(
        "incremental-twice", "lost", "`endpoint.incremental` beside a parameter of type `incremental`", "the parameter",
        "`endpoint.incremental` is not read, because the parameter `{name}` is incremental",
        "keep one of them: endpoint.incremental with `start_param: {name}` says the same",
    ),
    Rule(
        "error-handler", "settled", "`error_handler` with status codes", "the statuses that are asked again",
        "`error_handler` is not a key of dlt's", "read as: ask again after {codes}",
    ),
    Rule(
        "retry-refused", "lost", "400, 401, 403 or 404 among the codes to retry", "the other codes",
        "asking again after {codes} changes nothing: the API would answer the same", "read without {them}",
    ),
    Rule(
        "hidden-by-default", "likely", "an API that is known to hide records", "the request as it stands",
        "{sentence}", "add it to endpoint.params to load them too",
    ),
)  # fmt: skip

_RECORDS = (
    Rule(
        "merged-table", "doubtful", "one table that one resource appends to and another merges into", "merged by both",
        "{both}, one by `append` and one by `merge`",
        "both are merged, by the keys of the one; give one of them another `table_name` if that is not meant",
    ),
    Rule(
        "two-spellings", "doubtful", "two table names that become one when normalised", "one table",
        "{both}, though their own names are written differently",
        "set `table_name` to keep them apart, or to the same text in both if they belong together",
    ),
    Rule(
        "nested-table", "doubtful", "a table named like a list in another resource's records", "the resource's own",
        "`{name}` fills the table `{table}`, and so would a list `{field}` in the records of `{above}`, which would be"
        " set aside",
        "set another `table_name` if there is such a list",
    ),
    Rule(
        "selector-list", "settled", "a list as `data_selector`", "the path through its keys; empty: the body",
        "a list stands where dlt takes a JSON path", "read as {path}",
    ),
    Rule(
        "selector-prefix", "settled", "`response.x` as `data_selector`", "`x`",
        "`{words}` begins with the response itself, where every JSON path begins", "read as `{path}`",
    ),
    Rule(
        "selector-data", "doubtful", "`data` as `data_selector`, and nothing else taken from the body", "`data`",
        "`data` is often a filler of the scaffold's, where the body itself is the list",
        "look at one response: if it is a list itself, write `$`",
    ),
    Rule(
        "selector-jinja", "doubtful", "a template in `data_selector`", "detected on the first page",
        "`{words}` holds a template, which no JSON path has", "the records are looked for on the first page",
    ),
    Rule(
        "selector-odd", "settled", "a key with blanks or brackets as `data_selector`", "that very key",
        "`{words}` is not a JSON path as it stands", "read as the key {path}",
    ),
    Rule(
        "key-of-one", "doubtful", "the default key `id` on a resource whose name is that of one thing", "`id`",
        "`{name}` reads like one thing or a figure, and such records often have no `id`",
        "check the records; set `primary_key` on the resource, or load it with `append` or `replace`",
    ),
    Rule(
        "merge-without-key", "noted", "`merge` without a key", "`append`, as in dlt",
        "`merge` needs a key, and `{name}` has none", "read as `append`, as in dlt; add `primary_key`",
    ),
    Rule(
        "schema-types", "likely", "typed fields in the Schema section", "column hints",
        "the Schema section states the types of {number} fields of `{name}`", "they are taken as column hints",
    ),
)  # fmt: skip

_PAGING = (
    Rule(
        "cursor-value", "settled", "`cursor_value` with a template", "the place of the next cursor",
        "dlt has no `cursor_value`; `{words}` is the value at `{path}` of the response", "it goes into {where}",
    ),
    Rule(
        "cursor-is-link", "settled", "a cursor's path and no `cursor_param`", "the URL of the next page",
        "the next value is at `{path}` and no `cursor_param` is stated", "read as the URL of the next page",
    ),
    Rule(
        "cursor-link", "settled", "`headers.link.next` as a cursor", "the Link header",
        "`{words}` is the Link header", "followed to its `next` link",
    ),
    Rule(
        "cursor-source-unknown", "doubtful", "`cursor_param` alone", "the same key of the response, or a link",
        "nothing says where the response holds the next cursor; {how}",
        "look at one response, and write the path of the next cursor as `cursor_path`",
    ),
    Rule(
        "cursor-from-stop", "settled", "`cursor_param` alone, and a `stop_condition` that tests the cursor",
        "the place that the condition looks at",
        "only the stop condition says where the next cursor is (`{words}`)", "it is taken from there",
    ),
    Rule(
        "stop-condition", "settled", "a `stop_condition` that tests a flag, or whether there is a cursor",
        "`has_more_path`, where it tests a flag; else what ends the walk anyway",
        "`stop_condition` is not an argument of dlt's", "{how}",
    ),
    Rule(
        "stop-condition-idle", "noted", "a `stop_condition` that tests anything else", "nothing",
        "the stop condition `{words}` is not evaluated", "the walk ends where the API offers no next page",
    ),
    Rule(
        "page-size", "likely", "`limit` on a paginator without `limit_param`", "the query parameter `limit`",
        "`{key}` is not an argument of this paginator in dlt",
        "read as the page size: the query parameter limit={size}; add `limit_param` if it has another name",
    ),
    Rule(
        "page-size-missing", "doubtful", "an offset without `limit`", "100",
        "the page size is not stated", "{size} is asked for; add `limit` for another one",
    ),
    Rule(
        "size-param-pair", "likely", "an offset of a known style (`$skip`, `page[offset]`), and no `limit_param`",
        "the size's parameter of that style", "nothing names the parameter for the page size",
        "read as `{size_param}`, which goes with `{param}`; add `limit_param`",
    ),
    Rule(
        "size-param-odd", "doubtful", "an offset of no known style, and no `limit_param`", "`limit`",
        "nothing names the parameter for the page size; `limit` is taken, which seldom goes with `{param}`",
        "look it up in the API's documentation, and write it as `limit_param`",
    ),
    Rule(
        "page-size-none", "doubtful", "an offset with a `limit` below 1", "that limit",
        "with a `limit` of less than 1 the walk cannot move on", "write the page size",
    ),
    Rule(
        "offset-param", "doubtful", "an offset without `offset_param`", "`offset`",
        "nothing names the parameter for the offset; `offset` is taken",
        "look it up in the API's documentation, and write it as `offset_param`",
    ),
    Rule(
        "page-start", "likely", "page numbers without a first one", "1",
        "the first page's number is not stated", "read as 1; add `base_page` if the API counts from 0",
    ),
    Rule(
        "page-start-usual", "settled", "no first page, and a size in `per_page`", "1",
        "the first page's number is not stated", "read as 1, as APIs with `{param}` count",
    ),
)  # fmt: skip

_PROSE = (
    Rule(
        "prose-auth", "doubtful", "an Authentication section that contradicts the code", "the code",
        "the Authentication section {told}, the code {actual}", "the code is followed; check which of them is right",
    ),
    Rule(
        "prose-contradiction", "doubtful", "a Resources section that contradicts the code", "the code",
        "the Resources section says `{told}` for `{name}`, the code says `{actual}`",
        "the code is followed; check which of them is right",
    ),
    Rule(
        "prose-resource", "lost", "resources that only the prose names", "nothing",
        "the Resources section lists `{name}`, which the code leaves out", "add it to `resources` if you want it",
    ),
    Rule(
        "listed-endpoint", "doubtful", "an empty list of resources, beside prose that lists endpoints",
        "a resource for each of them, its path guessed by its name",
        "the code lists no resource, and the prose names an endpoint here",
        "read as a resource at the path `{path}`, a guess that the first request has to bear out; write it into"
        " `resources`",
    ),
    Rule(
        "prose-key", "doubtful", "prose that names another primary key than the code", "the code",
        "the {section} section says that the primary key is `{told}`, the code says {actual}",
        "the code is followed; check which of them is right",
    ),
    Rule(
        "prose-retry", "likely", "status codes in the Error Handling section", "asked again, with the usual ones",
        "the Error Handling section speaks of {codes}",
        "requests answered so are asked again; they are added to the statuses that always are",
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in (*_READING, *_CLIENT, *_REQUEST, *_RECORDS, *_PAGING, *_PROSE)}
