"""Documents made worse by chance: the reader never fails, and what it says can be pointed to. `make fuzz` does many."""

from __future__ import annotations

import pytest

from .documents import CORPUS, EXAMPLE
from .fuzz import checked, documents, failures, main
from .golden import PAGE
from .mutation import mutated
from .test_spec_near_python import CUT, GUIDE, JSON

OURS = [(each.text, each.form) for each in (*PAGE.EXAMPLES.values(), *PAGE.REFUSED.values())]
OURS += [(CUT, "md"), (GUIDE, "md"), (JSON, "json"), *[(EXAMPLE.read_text(encoding="utf-8"), "md")] * 20]
YAML = (
    'client:\n  base_url: https://api.acme.io\nresources:\n  - users\n  - name: notes\n    endpoint: {path: "/notes"}\n'
)
OURS += [(YAML, "yaml"), ('[client]\nbase_url = "https://api.acme.io"\n', "toml")] * 4


@pytest.mark.parametrize("start", range(0, 600, 100))
def test_our_own_documents_made_worse_never_make_the_reader_fail(start: int) -> None:
    texts = [text for text, _ in OURS]
    for seed in range(start, start + 100):
        text, form = OURS[seed % len(OURS)]
        checked(mutated(text, texts, seed), form)


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_documents_as_found_made_worse_never_make_the_reader_fail(start: int) -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus is not here ({CORPUS})")
    known = documents(CORPUS)
    for seed in range(start, start + 100):
        text, form = known[seed % len(known)]
        checked(mutated(text, [other for other, _ in known[:20]], seed), form)


def test_a_mutation_follows_from_its_seed() -> None:
    assert [mutated(CUT, [JSON], seed) for seed in range(9)] == [mutated(CUT, [JSON], seed) for seed in range(9)]
    assert len({mutated(CUT, [JSON], seed) for seed in range(30)}) > 20


def test_a_document_that_breaks_what_must_hold_is_told_with_its_seed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "a.json").write_text(JSON)
    monkeypatch.setattr("tests.spec.fuzz.read", lambda source: 1 / 0 if source else None)
    found = list(failures(folder, 3, 5))
    assert [failure.split(" ", 2)[1] for failure in found] == ["5", "6", "7"]
    assert main(["--corpus", str(folder / "none")]) == 2
