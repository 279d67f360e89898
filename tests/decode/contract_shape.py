"""The contract on structure: nesting, names, what comes later, and where Arrow's reader is easily misled."""

from __future__ import annotations

from tests.decode.rule import column, gives, moment, of_a, rule

TEN = moment(2024, 1, 1, 10)

SHAPE = {
    "an object becomes columns": rule(
        [{"a": {"b": {"c": 1}}, "d": 2}], root=gives({"d": "bigint", "a__b__c": "bigint"}, {"a__b__c": 1, "d": 2})
    ),
    "a list of objects becomes a child table": rule(
        [{"l": [{"x": 1}, {"x": 2}]}], root=gives({}, {}), l=column("bigint", 1, 2, name="x")
    ),
    "a list of scalars has them in value": rule(
        [{"l": ["p", "q"]}], root=gives({}, {}), l=column("text", "p", "q", name="value")
    ),
    "a list in an object is named by its path": rule(
        [{"o": {"l": [1]}}], root=gives({}, {}), o__l=column("bigint", 1, name="value")
    ),
    "a list in a list stands in a table called list": rule(
        [{"l": [[1, 2], [3]]}], root=gives({}, {}), l=gives({}, {}, {}), l__list=column("bigint", 1, 2, 3, name="value")
    ),
    "three lists deep": rule(
        [{"l": [[[1]]]}],
        root=gives({}, {}),
        l=gives({}, {}),
        l__list=gives({}, {}),
        l__list__list=column("bigint", 1, name="value"),
    ),
    "a child of a child": rule(
        [{"l": [{"m": [{"x": 1}]}, {"m": [{"x": 2}]}]}],
        root=gives({}, {}),
        l=gives({}, {}, {}),
        l__m=column("bigint", 1, 2, name="x"),
    ),
    "objects and scalars in one list": rule(
        [{"l": [None, 1, {"x": 2}]}],
        root=gives({}, {}),
        l=gives({"value": "bigint", "x": "bigint"}, {}, {"value": 1}, {"x": 2}),
    ),
    "an empty object or list makes nothing": rule([{"a": {}, "b": [], "c": 1}], root=column("bigint", 1, name="c")),
    "what is only null makes no column": rule(
        [{"a": None, "b": 1}, {"a": None}], root=column("bigint", 1, None, name="b")
    ),
    "an empty record is a row": rule([{}, {"a": 1}], root=column("bigint", None, 1)),
    "a record that is no object is wrapped": rule(
        [1, "x", [5], None],
        root=gives({"value": "bigint", "value__v_text": "text"}, {"value": 1}, {"value__v_text": "x"}, {}, {}),
        value=column("bigint", 5, name="value"),
    ),
    "object in one row and scalar in another": rule(
        [{"f": {"a": 1}}, {"f": 2}], root=gives({"f__a": "bigint", "f": "bigint"}, {"f__a": 1}, {"f": 2})
    ),
    "scalar in one row and list in another": rule(
        [{"f": 1}, {"f": [2]}], root=gives({"f": "bigint"}, {"f": 1}, {}), f=column("bigint", 2, name="value")
    ),
    "null where an object was": rule([{"f": {"a": 1}}, {"f": None}], root=gives({"f__a": "bigint"}, {"f__a": 1}, {})),
    "nulls first": rule(of_a(None, None, "x"), root=column("text", None, None, "x")),
    "nulls first in a list": rule(
        [{"l": [None]}, {"l": [None, 1.5]}], root=gives({}, {}, {}), l=column("double", None, None, 1.5, name="value")
    ),
    "depth 0 keeps all nested values as JSON": rule(
        [{"o": {"b": 1}, "l": [1, {"c": None}]}],
        depth=0,
        root=gives({"o": "json", "l": "json"}, {"o": '{"b":1}', "l": '[1,{"c":null}]'}),
    ),
    "depth 1 opens one level": rule(
        [{"o": {"b": {"c": 1}}, "l": [{"x": {"y": 2}}]}],
        depth=1,
        root=gives({"o__b": "json"}, {"o__b": '{"c":1}'}),
        l=gives({"x": "json"}, {"x": '{"y":2}'}),
    ),
    "depth counts a list in a list twice": rule(
        [{"l": [[1]]}], depth=2, root=gives({}, {}), l=gives({"list": "json"}, {"list": "[1]"})
    ),
    "depth 3 leaves the objects of a list in a list as JSON": rule(
        [{"l": [[{"x": {"y": 1}}]]}],
        depth=3,
        root=gives({}, {}),
        l=gives({}, {}),
        l__list=gives({"x": "json"}, {"x": '{"y":1}'}),
    ),
    "depth 4 opens them": rule(
        [{"l": [[{"x": {"y": 1}}]]}],
        depth=4,
        root=gives({}, {}),
        l=gives({}, {}),
        l__list=gives({"x__y": "bigint"}, {"x__y": 1}),
    ),
    "a column declared json is not opened": rule(
        [{"o": {"b": [1.0]}}], hints={"o": "json"}, root=column("json", '{"b":[1.0]}', name="o")
    ),
    "the last object of a record comes first": rule(
        [{"a": {"x": 1}, "b": {"y": 2}, "c": 3}],
        root=gives({"c": "bigint", "b__y": "bigint", "a__x": "bigint"}, {"a__x": 1, "b__y": 2, "c": 3}),
    ),
}

NAMES = {
    "keys are normalised": rule(
        [{"camelCase": 1, "HTTPServer": 2, "a.b c": 3, "1st": 4, "trail_": 5, "@t": 6, "日本": 7}],
        root=gives(
            {
                "camel_case": "bigint",
                "http_server": "bigint",
                "a_b_c": "bigint",
                "_1st": "bigint",
                "trailx": "bigint",
                "at": "bigint",
                "x": "bigint",
            },
            {"camel_case": 1, "http_server": 2, "a_b_c": 3, "_1st": 4, "trailx": 5, "at": 6, "x": 7},
        ),
    ),
    "child tables and their columns too": rule(
        [{"My List": [{"TheKey": 1}]}], root=gives({}, {}), my_list=column("bigint", 1, name="the_key")
    ),
    "an empty key has a name": rule(
        [{"": 1, "b": {"": 2}}], root=gives({"_empty": "bigint", "b___empty": "bigint"}, {"_empty": 1, "b___empty": 2})
    ),
    "of two keys with one name the last stands": rule(
        [{"aB": 1, "a_b": 2}, {"a_b": 3, "aB": 4}], root=column("bigint", 2, 4, name="a_b")
    ),
    "a null that comes last stands too": rule(
        [{"aB": 1, "a_b": None}, {"aB": 2}], root=column("bigint", None, 2, name="a_b")
    ),
    "two keys with one name in different records": rule(
        [{"aB": 1}, {"a_b": "2"}], root=column("bigint", 1, 2, name="a_b")
    ),
    "an object's path and a key with one name": rule(
        [{"a": {"b": 1}}, {"a__b": 2}], root=column("bigint", 1, 2, name="a__b")
    ),
    "two lists with one name": rule(
        [{"myL": [1], "my_l": [2]}], root=gives({}, {}), my_l=column("bigint", 2, name="value")
    ),
    "a key that comes twice": rule(
        [b'{"a": 1, "a": 2}', b'{"o": {"x": 1}, "o": {"y": 2}}'],
        root=gives({"a": "bigint", "o__y": "bigint"}, {"a": 2}, {"o__y": 2}),
    ),
    "keys spelt with escapes": rule(
        [b'{"\\u0061": 1}', b'{"a": 1.5, "n\\u00e9": 1}'],
        root=gives({"a": "bigint", "a__v_double": "double", "nx": "bigint"}, {"a": 1}, {"a__v_double": 1.5, "nx": 1}),
    ),
}

EVOLUTION = {
    "a new key in a later page is a new column": rule(
        of_a(1), [{"a": 2, "b": "x"}], root=gives({"a": "bigint", "b": "text"}, {"a": 1}, {"a": 2, "b": "x"})
    ),
    "a type that changes in a later page is a variant": rule(
        of_a(1),
        of_a("x"),
        of_a(2),
        root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "x"}, {"a": 2}),
    ),
    "a child table may come late": rule(
        [{"a": 1, "l": []}], [{"a": 2, "l": [5]}], root=column("bigint", 1, 2), l=column("bigint", 5, name="value")
    ),
    "a column of nulls is decided by a later page": rule(
        of_a(None, None), of_a(1.5), root=column("double", None, None, 1.5)
    ),
    "a text column takes the moments of a later page as text": rule(
        of_a("x"), of_a("2024-01-01T10:00:00Z"), root=column("text", "x", "2024-01-01T10:00:00Z")
    ),
    "a moment column refuses the texts of a later page": rule(
        of_a("2024-01-01T10:00:00Z"),
        of_a("soon"),
        root=gives({"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a__v_text": "soon"}),
    ),
    "an object turns into a list": rule(
        [{"f": {"x": 1}}],
        [{"f": [{"x": 2}]}],
        root=gives({"f__x": "bigint"}, {"f__x": 1}, {}),
        f=column("bigint", 2, name="x"),
    ),
    "empty pages change nothing": rule([], of_a(1), [], of_a(2), root=column("bigint", 1, 2)),
}

TRAPS = {
    "texts that look like dates stay as written": rule(
        of_a("2024-01-01", "2024-01-02", "2024-01-03 00:00:00"),
        root=column("text", "2024-01-01", "2024-01-02", "2024-01-03 00:00:00"),
    ),
    "a text among moments": rule(
        of_a("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z", "x"),
        root=gives({"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a": TEN}, {"a__v_text": "x"}),
    ),
    "records with newlines": rule(
        [b'{\n  "a": "one",\n  "l": [\n    1\n  ]\n}', b'{"a":"two"}', b'{ "a" : "a\\nb" }\n'],
        root=column("text", "one", "two", "a\nb"),
        l=column("bigint", 1, name="value"),
    ),
    "carriage returns and tabs": rule([b'{\r\n\t"a":\t1\r\n}', b'{"a": 2}'], root=column("bigint", 1, 2)),
    "texts with the look of keys": rule(
        [{"a": '"a": 5, "b": 8.0'}, {"a": '{"a": 1.5}'}], root=column("text", '"a": 5, "b": 8.0', '{"a": 1.5}')
    ),
    "mixed kinds beside texts with the look of keys": rule(
        [{"a": 1, "t": '"a": "x"'}, {"a": 8.5, "t": ',"a": 8'}, {"a": "y"}],
        root=gives(
            {"a": "bigint", "t": "text", "a__v_double": "double", "a__v_text": "text"},
            {"a": 1, "t": '"a": "x"'},
            {"t": ',"a": 8', "a__v_double": 8.5},
            {"a__v_text": "y"},
        ),
    ),
    "empty objects in a column of nulls": rule([{"a": {}}, {"a": None}, {"a": {"b": {}}}], root=gives({}, {}, {}, {})),
    "lists of nothing but nulls": rule([{"l": [None, None]}], root=gives({}, {}), l=gives({}, {}, {})),
    "keys that no name tells apart": rule([{"a b": 1, "a-b": 2, "a.b": 3}], root=column("bigint", 3, name="a_b")),
    "all kinds under one key": rule(
        of_a(1, 1.5, True, "x", {"b": 1}, [2], None),
        root=gives(
            {"a": "bigint", "a__v_double": "double", "a__v_bool": "bool", "a__v_text": "text", "a__b": "bigint"},
            {"a": 1},
            {"a__v_double": 1.5},
            {"a__v_bool": True},
            {"a__v_text": "x"},
            {"a__b": 1},
            {},
            {},
        ),
        a=column("bigint", 2, name="value"),
    ),
    "our own columns in the data": rule(
        [{"_dlt_load_id": "mine", "l": [{"_dlt_parent_id": "x", "_dlt_list_idx": 9, "v": 1}]}],
        root=gives({}, {}),
        l=column("bigint", 1, name="v"),
    ),
}
