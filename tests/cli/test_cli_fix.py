"""`headrace check --fix`: mends one by one or all that are certain, a copy beside the original, and what is left."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from headrace.cli.fix import changed_lines, free_name
from headrace.cli.main import main
from headrace.cli.world import World
from headrace.spec.mend import same_plan
from headrace.spec.mends import mends
from headrace.spec.read import Options, Source, open_source, read
from tests.spec.documents import EXAMPLE, codes, errors, told

SLIPS = """\
rest_api_source({
    "client": {"base_url": "https://api.acme.io", "auth": {"type": "beaer", "token": "sk_live_1"}, "paginatr": "auto"},
    "resources": [
        {"name": "users", "params": {"q": 1}, "endpoint": {"path": "users"}}
        {"name": "posts", "endpoint": {"path": "orgs/{org}/posts", "paginator": {"type": "offset"}}},
        {"name": "tags", "endpoint": {"path": "tags", "primary_key": "id"}, "nested_hints": {"a": {"merge_key": "x"}}},
    ],
})
"""


class Typing(io.StringIO):
    """A terminal at which these lines are typed."""

    def isatty(self) -> bool:
        return True


class Interrupting(Typing):
    def readline(self, *_: object) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


class Said:
    def __init__(self, *argv: str, typed: str | None = None, stdin: io.StringIO | None = None) -> None:
        out = Typing() if typed is not None or stdin is not None else io.StringIO()
        err = io.StringIO()
        world = World(
            environ={"COLUMNS": "100", "NO_COLOR": "1"},
            stdin=stdin or (io.StringIO() if typed is None else Typing(typed)),
            stdout=out,
            stderr=err,
            argv0="headrace",
            leave=_left,  # type: ignore[arg-type]
        )
        try:
            self.code = main(("check", *argv), world)
        except SystemExit as stop:
            self.code = int(str(stop.code))
        self.out, self.err = out.getvalue(), err.getvalue()


def _left(code: int) -> None:
    raise SystemExit(int(code))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def document(text: str, name: str = "api.py") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def example() -> str:
    return document(EXAMPLE.read_text(encoding="utf-8"), "vitally.md")


# --- without questions -----------------------------------------------------------------------


def test_off_a_terminal_all_that_is_certain_is_mended_in_a_copy_and_said() -> None:
    said = Said(example(), "--fix")
    assert said.code == 0
    assert Path("vitally.md").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")
    before, then = read(open_source("vitally.md")), read(open_source("vitally.fixed.md"))
    assert before.plan is not None
    assert then.plan is not None
    assert same_plan(before.plan, msgspec.structs.replace(then.plan, name=before.plan.name))
    assert not {"cursor-value", "page-size", "auth-alias"} & {fault.code for fault in then.in_full}
    assert "each certain, written to vitally.fixed.md; vitally.md is as it was" in said.out
    assert "dlt has no `cursor_value`" in " ".join(said.out.split())
    assert "vitally.fixed.md can run" in said.out


def test_evident_slips_are_mended_and_what_needs_its_writer_is_left() -> None:
    said = Said(document(SLIPS), "--fix", "--yes")
    assert said.code == 2
    fixed = read(open_source("api.fixed.py"))
    assert sorted(fault.code for fault in errors(fixed)) == ["not-yet", "paginator-argument", "path-param"]
    text = Path("api.fixed.py").read_text(encoding="utf-8")
    assert '"endpoint": {"path": "users", "params": {"q": 1}}' in text
    assert '"type": "bearer"' in text
    assert '"paginator": "auto"' in text
    assert '"primary_key": "id"}' in text
    assert "api.fixed.py cannot run: 3 errors to mend" in said.out


def test_yes_asks_nothing_on_a_terminal() -> None:
    assert "Apply it?" not in Said(example(), "--fix", "--yes", typed="n\n").out


def test_in_place_writes_over_the_document_and_keeps_its_rights() -> None:
    Path(example()).chmod(0o640)
    said = Said("vitally.md", "--fix", "--in-place")
    assert said.code == 0
    assert not Path("vitally.fixed.md").exists()
    assert '"type": "http_basic"' in Path("vitally.md").read_text(encoding="utf-8")
    assert Path("vitally.md").stat().st_mode & 0o777 == 0o640


def test_a_second_copy_does_not_replace_the_first() -> None:
    example()
    assert Said("vitally.md", "--fix").code == Said("vitally.md", "--fix").code == 0
    assert Path("vitally.fixed2.md").exists()
    assert free_name(Path("vitally.md")) == Path("vitally.fixed3.md")


def test_a_document_with_nothing_to_mend_gets_no_copy() -> None:
    said = Said(document("client: {base_url: 'https://a.io'}\nresources: [users]\n", "a.yaml"), "--fix")
    assert said.code == 0
    assert "no copy is written" in said.out
    assert not Path("a.fixed.yaml").exists()


def test_line_ends_stay_as_they_are() -> None:
    Path("w.md").write_bytes(EXAMPLE.read_bytes().replace(b"\n", b"\r\n"))
    Said("w.md", "--fix")
    fixed = Path("w.fixed.md").read_bytes()
    assert fixed.count(b"\r\n") == fixed.count(b"\n") > 10


def test_the_base_url_of_a_flag_is_written_down() -> None:
    Said(example(), "--fix", "--base-url", "https://acme.rest.vitally.io/resources")
    assert "https://acme.rest.vitally.io/resources" in Path("vitally.fixed.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("-", "--fix"), "save the document"),
        (("vitally", "--fix"), "mends a file"),
        (("api.py", "--fix", "--format", "json"), "leave out --format json"),
        (("api.py", "--in-place"), "add --fix"),
        (("api.toml", "--fix"), "convert --as yaml"),
    ],
)
def test_what_fix_cannot_do_is_one_sentence(argv: tuple[str, ...], words: str) -> None:
    document(SLIPS)
    document("", "api.toml")
    said = Said(*argv)
    assert said.code == 2
    assert words in said.err + said.out


# --- one by one ------------------------------------------------------------------------------


def test_each_mend_is_shown_with_its_line_and_what_changes() -> None:
    said = Said(example(), "--fix", typed="\ny\nn\nq\n")
    assert "client.auth" in said.out
    assert "is not an auth type of dlt's; read as `http_basic`." in said.out
    assert '- "type": "basic",' in said.out
    assert '+ "type": "http_basic",' in said.out
    assert "1 mend, written to vitally.fixed.md" in said.out


def test_no_leaves_a_mend_out_and_goes_on() -> None:
    Said(example(), "--fix", typed="\nn\na\n")
    fixed = read(open_source("vitally.fixed.md"))
    assert "auth-alias" in codes(fixed, "note")
    assert "cursor-value" not in codes(fixed, "note")


def test_all_asks_no_more_of_what_is_certain() -> None:
    said = Said(example(), "--fix", typed="\na\n")
    assert said.out.count("Apply it?") == 1


@pytest.mark.parametrize("typed", ["\nq\n", "\n", ""])
def test_leaving_at_once_writes_nothing(typed: str) -> None:
    said = Said(example(), "--fix", typed=typed)
    assert said.code == 0
    assert "no copy is written" in said.out
    assert not Path("vitally.fixed.md").exists()


def test_a_value_that_only_the_writer_knows_is_asked_for_until_it_is_one() -> None:
    said = Said(example(), "--fix", typed="acme\nhttps://acme.rest.vitally.io/resources\nq\n")
    assert said.out.count("Where is the API (its base URL)?") == 2
    assert "acme is not a URL" in said.out
    assert "https://acme.rest.vitally.io/resources" in Path("vitally.fixed.md").read_text(encoding="utf-8")


def test_a_document_of_slips_is_mended_to_the_end() -> None:
    said = Said(document(SLIPS), "--fix", typed="y\nacme\nmany\n50\na\ny\ny\ny\n")
    assert said.code == 0
    assert "`many` is not a number of records" in said.out
    plan = read(open_source("api.fixed.py")).plan
    assert plan is not None
    assert plan.resources[1].request.path == "orgs/acme/posts"
    assert plan.resources[1].paging.size == 50


def test_no_secret_is_shown_or_asked_for() -> None:
    said = Said(document(SLIPS), "--fix", typed="y\n\n\ny\ny\ny\ny\n")
    assert "sk_live" not in said.out + said.err
    assert "sk_live_1" in Path("api.fixed.py").read_text(encoding="utf-8")


def test_an_interruption_leaves_no_file_behind() -> None:
    example()
    said = Said("vitally.md", "--fix", stdin=Interrupting())
    assert said.code == 130
    assert [path.name for path in Path().iterdir()] == ["vitally.md"]


def test_a_write_that_fails_half_way_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    example()

    def fail(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("headrace.cli.output.os.fchmod", fail)
    said = Said("vitally.md", "--fix", "--in-place")
    assert said.code == 2
    assert "No space left on device" in said.err
    assert [path.name for path in Path().iterdir()] == ["vitally.md"]
    assert Path("vitally.md").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")


def test_lines_are_shown_with_a_mask_for_secrets_and_references_as_they_are() -> None:
    before = '  "token": "sk_1", "password": dlt.secrets["x"], "api_key": ""'
    assert changed_lines(before, before + ",")[0] == '- "token": ***, "password": dlt.secrets["x"], "api_key": ""'


# --- mends by form ---------------------------------------------------------------------------

FORMS = {
    "yaml": "client:\n  base_url: https://a.io  # here\n  auth: {type: basic, username: u, password: p}\n"
    "resources:\n  - name: users\n    endpoint:\n      path: users\n      paginator:\n        type: cursor\n"
    "        limit: 5\n        cursor_value: '{{ response.next }}'\n        cursor_param: c\n      # end\n  - tags\n",
    "json": '{\n "client": {"base_url": "https://a.io", "auth": {"type": "basic", "username": "u", "password": "p"}},\n'
    '  "resources": [\n    {"name": "users", "endpoint": {\n      "path": "users",\n      "paginator": {\n'
    '       "type": "cursor", "limit": 5, "cursor_value": "{{ response.next }}", "cursor_param": "c"\n      }\n    }}\n'
    "  ]\n}\n",
    "py": 'PAGES = {"type": "cursor", "limit": 5, "cursor_value": "{{ response.next }}", "cursor_param": "c"}\n'
    'rest_api_source({"client": {"base_url": "https://a.io"}, "resources": [\n'
    '    {"name": "üsers", "endpoint": {"path": "users", "paginator": PAGES}},  # ü\n]})\n',
}


def mended(text: str, form: str, wanted: Callable[[object], bool] = lambda _: True) -> str:
    while True:
        found = mends(Source(text, form, f"x.{form}", "x"), Options())
        mend = next((each for each in found if each.ask is None and wanted(each)), None)
        if mend is None:
            return text
        text = mend.text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_mended_where_it_deviates_and_the_rest_stays(form: str) -> None:
    before = told(FORMS[form], form)
    text = mended(FORMS[form], form)
    then = told(text, form)
    assert same_plan(before.plan, then.plan)
    assert then.in_full == ()
    for kept in ("# here", "# end", "# ü"):
        assert (kept in text) == (kept in FORMS[form])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"write_disposition": "mrge"', '"write_disposition": "merge"'),
        ('"endpoint": {"path": "users", "method": "get"}', '"endpoint": {"path": "users", "method": "GET"}'),
        ('"columns": {"a": {"data_type": "txt"}}', '"columns": {"a": {"data_type": "text"}}'),
        ('"endpoint": {"auth": "bearr"}', '"endpoint": {"auth": { "type": "bearer"'),
    ],
)
def test_a_word_that_was_nearly_right_is_replaced(old: str, new: str) -> None:
    resource = f'{{"name": "users", "primary_key": "id", {old}}}'
    text = f'rest_api_source({{"client": {{"base_url": "https://a.io"}}, "resources": [{resource}]}})\n'
    fixed = mended(text, "py", lambda mend: bool(getattr(mend, "certain", False)))
    assert new in " ".join(fixed.split())
    assert errors(told(fixed, "py")) == []


def test_a_near_key_that_is_there_already_is_not_doubled() -> None:
    text = 'rest_api_source({"client": {"base_url": "https://a.io", "base_ulr": "x"}, "resources": ["users"]})\n'
    assert '"base_url": "https://a.io"}' not in mended(text, "py", lambda mend: bool(getattr(mend, "certain", False)))


def test_typographic_quotes_and_tabs_are_mended() -> None:
    text = 'rest_api_source({“client”: {"base_url": "https://a.io"}, "resources": ["users"]})\n'
    assert errors(told(mended(text, "py"), "py")) == []
    tabbed = "client:\n\tbase_url: https://a.io\nresources: [users]\n"
    assert errors(told(mended(tabbed, "yaml"), "yaml")) == []


def test_a_line_without_an_end_is_masked_in_no_time() -> None:
    begun = time.perf_counter()
    assert changed_lines("", "a" * 20_000) == [f"+ {'a' * 20_000}"]
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "line",
    ["Authorization: Bearer sk-live==", "password: my sk-live", '"token": "a\\"sk-live"', "{token: a sk-live, b: c}"],
)
def test_all_words_of_a_credential_are_masked(line: str) -> None:
    assert "sk-live" not in changed_lines("", line)[0]


def test_a_value_of_several_words_hides_no_credential_after_it() -> None:
    assert "sk-live" not in changed_lines("", 'f(see=one two token="sk-live", a: b token = "sk-live")')[0]
