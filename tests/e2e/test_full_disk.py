"""A journal whose disk takes no more, from the first byte on or later: the same exit code, and nothing is lost."""

from __future__ import annotations

import json
import random
import resource
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.api import served
from tests.e2e.workplace import Workplace, command_line, environment

pytestmark = pytest.mark.timeout(120)


def answer(target: str) -> tuple[int, Any]:
    """Two pages that no compression makes small."""
    page = int(target.rpartition("=")[2])
    words = random.Random(page).randbytes(200_000).hex()
    return 200, [{"id": page, "words": words}] if page < 3 else []


@pytest.fixture
def url() -> Iterator[str]:
    with served(answer) as url:
        yield url


@pytest.mark.parametrize("file_bytes", [0, 3_000, 300_000])
def test_a_disk_without_room_is_exit_4_whenever_it_is_full(workplace: Workplace, url: str, file_bytes: int) -> None:
    paging = {"type": "page_number", "base_page": 1, "total_path": None}
    resources = [{"name": "users", "endpoint": {"path": "users", "paginator": paging}}]
    (workplace.folder / "c.json").write_text(json.dumps({"client": {"base_url": url}, "resources": resources}))
    full = subprocess.run(
        command_line("fetch", "c.json"),
        cwd=workplace.folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes)),
    )
    assert full.returncode == 4, full.stdout + full.stderr
    assert "The journal .headrace/c" in " ".join((full.stdout + full.stderr).split())
    assert "Traceback" not in full.stderr
    ran = workplace.headrace("fetch", "c.json", "--format", "json")
    assert ran.report["resources"]["users"]["records"] == 2, ran.err
