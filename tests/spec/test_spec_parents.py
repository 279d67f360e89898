"""Resources that are asked for with the rows of another: placeholders, with dlt as the oracle, and load order."""

from __future__ import annotations

import warnings

import pytest

from headrace.model.plan import Parent, ParentField, Ref, Request, Resource, Text, WindowValue
from headrace.model.slots import slots_of
from headrace.spec.read import Options, Reading
from headrace.spec.template import pieces

from .documents import codes, errors, of, plan_of, python, the_error
from .oracle import dlt_takes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.sources.rest_api.config_setup import expand_placeholders

ID, NAME = ParentField("id"), ParentField("name")
ENDPOINTS: list[dict[str, object]] = [
    {"path": "p/{resources.posts.id}/c"},
    {"path": "p/{resources.posts.id}"},
    {"path": "p/{resources.posts.a.b[0]}/c"},
    {"path": "p/{resources.posts.id}/{resources.posts.name}/c"},
    {"path": "p/{resources.posts.id}/{resources.tags.name}/c"},
    {"path": "p/{resources.nobody.id}/c"},
    {"path": "p/{resources.posts}/c"},
    {"path": "p/{resources.}/c"},
    {"path": "p/{resource.posts.id}/c"},
    {"path": "p/{resources.child.id}/c"},
    {"path": "p/{resources.posts.id/c"},
    {"path": "c", "params": {"p": "{resources.posts.id}"}},
    {"path": "c", "params": {"p": "a{resources.posts.id}b", "q": ["{resources.posts.name}", "x"]}},
    {"path": "c", "params": {"p": "{resources.posts.id}", "q": "{resources.tags.id}"}},
    {"path": "c", "params": {"p": "{posts.id}"}},
    {"path": "c", "params": {"p": "{incremental.start_value}"}},
    {"path": "c", "method": "POST", "json": {"a": {"b": ["{resources.posts.id}"]}}},
    {"path": "c", "method": "POST", "json": {"{resources.posts.name}": 1}},
    {"path": "c", "method": "POST", "json": {"a": "{posts}"}},
    {"path": "c", "method": "POST", "data": {"a": "{resources.posts.id}"}},
    {"path": "c", "method": "POST", "data": "<id>{resources.posts.id}</id>"},
    {"path": "c", "method": "POST", "data": "query { x }"},
    {"path": "c", "headers": {"X-Post": "{resources.posts.id}"}},
    {"path": "c", "headers": {"X-Post": "{x.id}"}},
    {"path": "p/{p}/c", "params": {"p": {"type": "resolve", "resource": "posts", "field": "id"}}},
    {"path": "c", "params": {"p": {"type": "resolve", "resource": "posts", "field": "id"}}},
    {"path": "p/{p}/c", "params": {"p": {"type": "resolve", "resource": "nobody", "field": "id"}}},
    {
        "path": "p/{p}/{q}/c",
        "params": {
            "p": {"type": "resolve", "resource": "posts", "field": "id"},
            "q": {"type": "resolve", "resource": "posts", "field": "name"},
        },
    },
    {
        "path": "p/{p}/{q}/c",
        "params": {
            "p": {"type": "resolve", "resource": "posts", "field": "id"},
            "q": {"type": "resolve", "resource": "tags", "field": "name"},
        },
    },
    {
        "path": "p/{p}/{resources.posts.name}/{s}/c",
        "params": {"p": {"type": "resolve", "resource": "posts", "field": "id"}, "s": "static", "z": 1},
    },
]


def with_child(endpoint: dict[str, object], **resource: object) -> dict[str, object]:
    """A child beside two resources that may be its parent."""
    return {
        "client": {"base_url": "https://api.acme.io"},
        "resources": ["posts", "tags", {"name": "child", "endpoint": endpoint, **resource}],
    }


def child(reading: Reading) -> Request:
    return next(each for each in plan_of(reading).resources if each.name == "child").request


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=repr)
def test_a_child_is_taken_exactly_when_dlt_takes_it(endpoint: dict[str, object]) -> None:
    config = with_child(endpoint)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


@pytest.mark.parametrize("include", [[], ["id"], ["id", "name"], "id", [3]], ids=repr)
@pytest.mark.parametrize("path", ["c", "p/{resources.posts.id}/c"])
def test_what_is_taken_from_the_parents_row_is_checked_as_dlt_checks_it(path: str, include: object) -> None:
    config = with_child({"path": path}, include_from_parent=include)
    if isinstance(include, str):  # dlt refuses a string that means one key
        assert (of(config).plan is not None) == ("resources" in path)
        return
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


def filled(value: object) -> object:
    """A text with the values of one row and one window put in, as dlt would write them."""
    row = {"id": 7, "name": "n{m", "a.b": None, "start_value": "2024", "initial_value": 1, "end_value": None}
    match value:
        case Text(parts=(ParentField(path=path),)):
            return row[path]
        case Text(parts=parts):
            known = [
                part if isinstance(part, str) else row[getattr(part, "path", getattr(part, "which", ""))]
                for part in parts
            ]
            return "".join(map(str, known))
        case dict():
            return {filled(key): filled(sub) for key, sub in value.items()}
        case list():
            return [filled(sub) for sub in value]
        case _:
            return value


BODIES: list[dict[str, object]] = [
    {"a": "{resources.posts.id}", "b": "x{resources.posts.id}"},
    {"a": ["{resources.posts.name}", 3, None, True, 1.5]},
    {"{resources.posts.name}": {"{{k}}": "{{v}}{resources.posts.id}{{"}},
    {"a": "{{resources.posts.id}}", "b": "{resources.posts.id}{resources.posts.name}"},
    {"a": "", "b": {}, "c": []},
]


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_a_body_is_filled_in_as_dlt_expands_it(body: dict[str, object]) -> None:
    config = with_child({"path": "p/{resources.posts.id}/c", "method": "POST", "json": body})
    theirs = expand_placeholders(
        body, {"resources.posts.id": 7, "resources.posts.name": "n{m"}, preserve_value_type=True
    )
    assert filled(child(of(config)).json) == theirs


@pytest.mark.parametrize(
    "words",
    ["{resources.posts.id}", "a{resources.posts.id}b{resources.posts.name}", "{{x}}", "{{{resources.posts.id}}}"],
)
@pytest.mark.parametrize("place", ["params", "headers", "data"])
def test_a_text_is_filled_in_as_dlt_expands_it(place: str, words: str) -> None:
    request = child(of(with_child({"path": "p/{resources.posts.id}/c", "method": "POST", place: {"k": words}})))
    ours = {"params": request.params, "headers": request.headers, "data": request.form}[place]
    theirs = expand_placeholders(words, {"resources.posts.id": 7, "resources.posts.name": "n{m"})
    assert ours is not None
    assert [(name, str(filled(value))) for name, value in ours] == [("k", theirs)]


def test_several_fields_of_one_parent_become_slots_of_the_path() -> None:
    reading = of(
        with_child({"path": "p/{resources.posts.id}/{resources.posts.name}/c"}, include_from_parent=["id", "x"])
    )
    assert child(reading).path == Text(("p/", ID, "/", NAME, "/c"))
    assert plan_of(reading).resources[-1].parent == Parent("posts", ("id", "x"))


def test_the_older_resolve_parameter_says_the_same_as_a_placeholder() -> None:
    old = with_child({"path": "p/{p}/c", "params": {"p": {"type": "resolve", "resource": "posts", "field": "id"}}})
    new = with_child({"path": "p/{resources.posts.id}/c"})
    assert plan_of(of(old)).resources == plan_of(of(new)).resources


def test_a_path_without_slots_is_a_plain_string() -> None:
    assert child(of(with_child({"path": "a/{x}/{{b}}", "params": {"x": 3}}))).path == "a/3/{b}"


def test_a_value_that_is_a_path_itself_is_left_as_it_is() -> None:
    request = child(of(with_child({"path": "p/{resources.posts.id:raw}"})))
    assert request.path == Text(("p/", ParentField("id", raw=True)))


def test_a_path_that_ends_with_a_placeholder_leads_to_one_record() -> None:
    for path in ("p/{resources.posts.id}", "p/{resources.posts.id:raw}"):
        resource = plan_of(of(with_child({"path": path}))).resources[-1]
        assert (resource.selector, type(resource.paging).__name__) == ("$", "SinglePage")


def test_a_reference_and_a_placeholder_stand_in_one_string() -> None:
    text = """
    org = dlt.config["org"]
    rest_api_source({"client": {"base_url": "https://a.io"}, "resources": ["posts", {"name": "child", "endpoint": {
        "path": f"{org}/{{resources.posts.id}}/c", "method": "POST",
        "headers": {"A": f"{dlt.secrets['k']}-{{resources.posts.name}}"}, "json": {"k": dlt.secrets["k"]}}}]})
    """
    reading = python(
        "import dlt\n" + "\n".join(line.strip() for line in text.splitlines()), Options(settings={"org": "o"})
    )
    request = child(reading)
    assert request.path == Text(("o/", ID, "/c"))
    assert dict(request.headers) == {"A": Text((Ref("k"), "-", NAME))}
    assert request.json == {"k": Text((Ref("k"),))}


@pytest.mark.parametrize(
    ("body", "form", "raw"),
    [
        ({"a": 1, "b": [1, "x"], "c": None}, (("a", "1"), ("b", "1"), ("b", "x")), None),
        ([["a", "1"], ["a", "2"]], (("a", "1"), ("a", "2")), None),
        ("<x>{{1}}</x>", None, "<x>{1}</x>"),
    ],
)
def test_a_body_that_is_no_json_is_a_form_or_a_text(body: object, form: object, raw: str | None) -> None:
    request = child(of(with_child({"path": "c", "method": "POST", "data": body})))
    assert (tuple((name, value.literal) for name, value in request.form) if request.form else None) == form
    assert (request.raw_body.literal if request.raw_body else None) == raw


@pytest.mark.parametrize(
    ("endpoint", "code", "path", "words"),
    [
        ({"path": "p/{resources.post.id}/c"}, "unknown-parent", "endpoint.path", "did you mean `posts`?"),
        ({"path": "p/{resources.posts}/c"}, "placeholder", "endpoint.path", "{resources.<resource>.<field>}"),
        ({"path": "p/{resources.posts.a..}/c"}, "json-path", "endpoint.path", "quote odd keys"),
        ({"path": "p/{resources.posts.id:05d}/c"}, "not-yet", "endpoint.path", "write {resources.posts.id}"),
        ({"path": "c", "params": {"a": "{id}"}}, "placeholder", "endpoint.params.a", "double the braces"),
        ({"path": "c", "params": {"a": "{"}}, "placeholder", "endpoint.params.a", "double each brace"),
        ({"path": "c", "json": {"a": {"b": "{x}"}}}, "placeholder", "endpoint.json.a.b", "double the braces"),
        (
            {"path": "c", "headers": {"{resources.posts.id}": "x"}},
            "not-yet",
            "{resources.posts.id}",
            "write the name out",
        ),
        ({"path": "p/{p}/c"}, "path-param", "endpoint.path", "add `p` to endpoint.params"),
        ({"path": "c/{resources.child.id}/d"}, "circle", "endpoint", "take one of the placeholders out"),
        (
            {"path": "p/{resources.posts.id}/{resources.tags.id}"},
            "several-parents",
            "endpoint.path",
            "take a field of `posts` in the request of `tags`",
        ),
        (
            {"path": "c", "incremental": {"cursor_path": "a"}, "params": {"a": "{incremental.first}"}},
            "placeholder",
            "endpoint.params.a",
            "write `initial_value`",
        ),
    ],
    ids=repr,
)
def test_a_fault_of_a_placeholder_says_where_and_how_to_mend_it(
    endpoint: dict[str, object], code: str, path: str, words: str
) -> None:
    fault = the_error(of(with_child(endpoint)))
    assert fault.code == code
    assert path in fault.path
    assert fault.path.startswith("resources[2]")
    assert words in fault.fix
    assert fault.line is not None


def test_a_circle_of_resources_is_told_once_with_its_way() -> None:
    resources = [
        {"name": "a", "endpoint": "x/{resources.c.id}/a"},
        {"name": "b", "endpoint": "x/{resources.a.id}/b"},
        {"name": "c", "endpoint": "x/{resources.b.id}/c"},
        {"name": "d", "endpoint": "x/{resources.a.id}/d"},
    ]
    fault = the_error(of({"client": {"base_url": "https://a.io"}, "resources": resources}))
    assert fault.problem.endswith("a → c → b → a")


# --- order -----------------------------------------------------------------------------------

FAMILY = {
    "client": {"base_url": "https://a.io"},
    "resources": [
        {"name": "leaf", "endpoint": "x/{resources.twig.id}/leaf"},
        "root",
        {"name": "twig", "endpoint": "x/{resources.root.id}/twig", "selected": False},
        "other",
        {"name": "idle", "selected": False},
    ],
}


def order(*chosen: str) -> list[tuple[str, bool]]:
    return [(each.name, each.selected) for each in plan_of(of(FAMILY, Options(resources=chosen))).resources]


def test_a_parent_is_loaded_before_its_children_and_else_the_documents_order_is_kept() -> None:
    assert order() == [("root", True), ("twig", False), ("leaf", True), ("other", True)]


def test_the_parents_of_a_chosen_child_are_walked_and_not_loaded() -> None:
    assert order("leaf") == [("root", False), ("twig", False), ("leaf", True)]


def test_a_chosen_resource_is_loaded_even_if_the_document_deselects_it() -> None:
    assert order("twig", "idle") == [("root", False), ("twig", True), ("idle", True)]


def test_the_window_of_a_child_is_a_slot_beside_its_parents() -> None:
    endpoint: dict[str, object] = {
        "path": "p/{resources.posts.id}/c",
        "incremental": {"cursor_path": "at"},
        "params": {"since": "{incremental.last_value}", "first": "{incremental.initial_value}"},
    }
    params = dict(child(of(with_child(endpoint))).params)
    assert params == {"since": Text((WindowValue("start_value"),)), "first": Text((WindowValue("initial_value"),))}


def test_a_format_string_is_taken_apart_with_doubled_braces_made_single() -> None:
    assert [(piece.literal, piece.name) for piece in pieces("{{a}}{b}c")] == [
        ("{", None),
        ("a}", None),
        ("", "b"),
        ("c", None),
    ]
    assert codes(of(with_child({"path": "c", "params": {"a": "{{a}}"}}))) == []


def a_line(**child: object) -> dict[str, object]:
    """Orgs, their repos, the issues of those, and a child beside them; `tags` hangs on nothing."""
    return {
        "client": {"base_url": "https://api.acme.io"},
        "resources": [
            {"name": "child", **child},
            {"name": "issues", "endpoint": "i/{resources.repos.id}/{resources.orgs.id}"},
            {"name": "repos", "endpoint": "r/{resources.orgs.id}"},
            "orgs",
            "tags",
        ],
    }


def the_child(config: dict[str, object]) -> Resource:
    return next(each for each in plan_of(of(config)).resources if each.name == "child")


ORG, REPO = ParentField("id", above="orgs"), ParentField("name", above="repos")


@pytest.mark.parametrize(
    ("endpoint", "parent", "slots"),
    [
        ({"path": "{resources.orgs.id}/{resources.repos.id}"}, "repos", [ORG, ID]),
        ({"path": "{resources.repos.id}/{resources.orgs.id}"}, "repos", [ID, ORG]),
        ({"path": "{resources.orgs.id}/{resources.repos.name}/{resources.issues.id}"}, "issues", [ORG, REPO, ID]),
        ({"path": "{resources.orgs.id}/{resources.issues.id}"}, "issues", [ORG, ID]),
        ({"path": "{resources.orgs.id}"}, "orgs", [ID]),
        (
            {"path": "c", "params": {"a": "{resources.orgs.id}"}, "headers": {"X-B": "{resources.repos.id}"}},
            "repos",
            [ORG, ID],
        ),
        (
            {
                "path": "c/{o}/{r}",
                "params": {
                    "o": {"type": "resolve", "resource": "orgs", "field": "id"},
                    "r": {"type": "resolve", "resource": "repos", "field": "id"},
                },
            },
            "repos",
            [ORG, ID],
        ),
        (
            {"path": "c", "method": "POST", "json": {"{resources.orgs.id}": ["{resources.repos.id}"]}},
            "repos",
            [ORG, ID],
        ),
        (
            {"path": "c", "params": {"a": ["{resources.repos.id:batch(9)}"], "b": "{resources.orgs.id}"}},
            "repos",
            [ParentField("id", batch=9, repeated=True), ORG],
        ),
    ],
    ids=repr,
)
def test_the_parent_is_the_one_that_hangs_on_all_others(
    endpoint: dict[str, object], parent: str, slots: list[ParentField]
) -> None:
    child = the_child(a_line(endpoint=endpoint))
    assert child.parent == Parent(parent)
    assert list(slots_of(child.request)) == slots


def test_values_of_rows_above_the_parents_may_go_into_every_record() -> None:
    include = ["id", "{resources.orgs.name}", "{not.one}"]
    child = the_child(a_line(endpoint="c/{resources.repos.id}", include_from_parent=include))
    assert child.parent == Parent("repos", ("id", "{not.one}"), (("orgs", "name"),))
    assert child.parent.columns == ("_repos_id", "_repos_{not.one}", "_orgs_name")


@pytest.mark.parametrize(
    ("child", "code", "path", "problem"),
    [
        (
            {"endpoint": "{resources.repos.id}/{resources.tags.id}"},
            "several-parents",
            "resources[0].endpoint",
            "the request takes fields of `repos` and of `tags`, and neither of them is asked for with the other's rows",
        ),
        (
            {"endpoint": "{resources.repos.id}", "include_from_parent": ["{resources.tags.id}"]},
            "no-ancestor",
            "resources[0].include_from_parent",
            "`include_from_parent` takes a field of `tags`, which is not above `repos`",
        ),
        (
            {"endpoint": "{resources.orgs.id:batch(5)}/{resources.repos.id}"},
            "batch",
            "resources[0].endpoint",
            "a batch is of rows of the parent, `repos`, and `orgs` is further above",
        ),
    ],
    ids=repr,
)
def test_what_has_no_line_above_it_is_an_error(child: dict[str, object], code: str, path: str, problem: str) -> None:
    fault = the_error(of(a_line(**child)))
    assert (fault.code, fault.path, fault.problem) == (code, path, problem)


def test_a_row_that_was_asked_for_with_many_has_no_one_row_above() -> None:
    config = a_line(endpoint="{resources.orgs.id}/{resources.repos.id}")
    config["resources"][2] = {"name": "repos", "endpoint": "r/{resources.orgs.id:batch(5)}"}  # type: ignore[index]
    config["resources"][1] = "issues"  # type: ignore[index]
    fault = the_error(of(config))
    assert (fault.code, fault.path) == ("batch", "resources[0].endpoint")
    assert fault.problem == (
        "a row of `repos` is asked for with many rows of its parent, so it has no one row of `orgs`"
    )
