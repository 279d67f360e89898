from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.emulate import cli, switches
from headrace.emulate.control import Running
from headrace.emulate.server import running
from headrace.emulate.stats import Stats
from headrace.emulate.vitally import DEFAULT_RECORDS, FAULTS, MUTATIONS, Settings, Step
from headrace.errors import ConfigError, HeadraceError
from tests.emulate.conftest import SMALL
from tests.emulate.talk import ask, walk

Start = Callable[..., Running]
PROGRAM = [
    sys.executable,
    "-m",
    "headrace.emulate",
    "vitally",
    "--profile",
    "lean",
    "--records",
    "users=20,accounts=20",
]


def parsed(*flags: str) -> Settings:
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    return cli.settings(parser.parse_args(flags))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_where_it_listens_and_ends_well_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(PROGRAM, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        assert line.endswith("/resources\n")
        url = line.split()[2]
        with socket.create_connection(
            ("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        ):  # an idle client holds nothing up
            assert len(walk(url, "users")) == 20
            begun = time.monotonic()
            process.send_signal(number)
            assert process.wait(5) == 0
            assert time.monotonic() - begun < 2


def test_a_port_in_use_is_one_sentence_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([*PROGRAM, "--port", str(port)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_bad_flag_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["vitally", "--rate", "fast"]) == 2
    assert capsys.readouterr().err == "--rate fast is not REQUESTS/SECONDS; give e.g. 1000/60, or none.\n"


def test_an_emulator_runs_in_a_process_of_its_own() -> None:
    settings = Settings(profile="lean", records=SMALL, token="geheim", script=(Step("users", 1, "create"),))
    with running(settings) as emulator:
        assert emulator.pid not in {None, os.getpid()}
        assert ask(emulator.url, "/users").status == 401
        assert len(emulator.truth("users")) == SMALL["users"]
        emulator.stop()
        with pytest.raises(ConnectionError):
            emulator.stats()


def test_an_emulator_that_cannot_start_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(port=taken.getsockname()[1], records=SMALL)
        with pytest.raises(HeadraceError, match="did not start"), running(settings):
            pass
        with pytest.raises(HeadraceError, match="cannot listen"), running(settings, where="thread"):
            pass


def test_two_emulators_of_one_seed_hold_the_same(lean: Running) -> None:
    with running(Settings(profile="lean", records=SMALL)) as emulator:
        for name in DEFAULT_RECORDS:
            assert emulator.truth(name) == lean.truth(name)


def test_stats_count_what_was_asked_under_resources(start: Start) -> None:
    emulator = start()
    empty = emulator.stats()
    assert (empty["requests"], empty["first_s"], empty["last_s"], empty["by_path"]) == (0, None, None, {})
    before = time.time()
    for path in ("/users?limit=5", "/users?limit=6", "/none", "/users?limit=5"):
        ask(emulator.url, path)
    ask(emulator.url, "/admins", authorization="")
    found = emulator.stats()
    assert found["requests"] == 5
    assert found["by_path"] == {"/resources/users": 3, "/resources/none": 1, "/resources/admins": 1}
    assert found["pages_served_twice"] == 1
    assert before <= found["first_s"] <= found["last_s"] <= time.time()
    emulator.reset()
    assert emulator.stats()["requests"] == 0


def test_errors_are_not_pages_served_twice(start: Start) -> None:
    emulator = start()
    for _ in range(3):
        ask(emulator.url, "/users?limit=0")
    assert emulator.stats()["pages_served_twice"] == 0


def test_a_page_with_another_query_is_another_page() -> None:
    stats = Stats()
    for target in ("/a?b", "/a?c", "/a?b", "/a?b"):
        stats.served(target)
    assert stats.pages_served_twice == 2


def test_the_flags_of_the_contract_are_understood() -> None:
    flags = (
        "vitally --port 0 --records accounts=20000,users=20000,admins=1000 --seed 7 --profile lean "
        "--token T --rate 600/10 --limiter window --latency-ms 5 "
        "--faults 429:0.02,500:0.01,reset:0.001,slow:0.01,truncate:0.001,html:0.001 "
        "--mutate-per-s 3 --page-cap 50"
    )
    assert parsed(*flags.split()) == Settings(
        records={"accounts": 20000, "users": 20000, "admins": 1000},
        profile="lean",
        token="T",
        rate=(600, 10),
        limiter="window",
        latency_ms=5,
        faults={"429": 0.02, "500": 0.01, "reset": 0.001, "slow": 0.01, "truncate": 0.001, "html": 0.001},
        mutate_per_s=3,
        page_cap=50,
    )


def test_without_flags_it_is_the_documented_api_and_a_small_set() -> None:
    settings = parsed("vitally")
    assert settings == Settings()
    assert (settings.rate, settings.limiter, settings.profile, settings.page_cap) == ((1000, 60), "bucket", "full", 100)
    assert sum(settings.count(name) for name in DEFAULT_RECORDS) < 5000


def test_counts_that_were_not_given_stay_as_they_are() -> None:
    settings = parsed("vitally", "--records", "users=3")
    assert (settings.count("users"), settings.count("notes")) == (3, DEFAULT_RECORDS["notes"])


asked = st.builds(
    Settings,
    records=st.dictionaries(st.sampled_from(list(DEFAULT_RECORDS)), st.integers(0, 10**6)),
    seed=st.integers(-5, 10**9),
    profile=st.sampled_from(["lean", "full"]),
    token=st.none() | st.from_regex("[ -~]+", fullmatch=True),
    rate=st.none() | st.tuples(st.integers(1, 10**6), st.floats(0.001, 3600)),
    limiter=st.sampled_from(["bucket", "window", "none"]),
    latency_ms=st.floats(0, 1000),
    faults=st.dictionaries(st.sampled_from(FAULTS), st.floats(0, 1)),
    mutate_per_s=st.floats(0, 100),
    page_cap=st.integers(1, 1000),
    script=st.lists(
        st.builds(Step, st.sampled_from(list(DEFAULT_RECORDS)), st.integers(1, 99), st.sampled_from(MUTATIONS))
    ).map(tuple),
    switches=st.dictionaries(st.just("next.at_end"), st.sampled_from(["null", "absent"]))
    | st.dictionaries(st.sampled_from(list(switches.TEXTS)), st.text(st.characters(codec="ascii"))),
)


@given(asked)
def test_settings_survive_the_way_through_the_flags(settings: Settings) -> None:
    assert parsed(*cli.argv(settings)) == settings


@pytest.mark.parametrize(
    "flags",
    [
        ["--records", "planets=3"],
        ["--records", "users=-1"],
        ["--records", "users"],
        ["--records", "users=many"],
        ["--faults", "fire:0.1"],
        ["--faults", "500:2"],
        ["--faults", "500=0.1"],
        ["--rate", "0/60"],
        ["--rate", "5/0"],
        ["--port", "70000"],
        ["--page-cap", "0"],
        ["--latency-ms", "-1"],
        ["--mutate-at", "users:x:update"],
        ["--mutate-at", "users:0:update"],
        ["--mutate-at", "users:1:paint"],
        ["--mutate-at", "planets:1:create"],
        ["--switch", "next.at_end=never"],
        ["--switch", "no.such=1"],
        ["--switch", "cursor.ttl=soon"],
        ["--switch", "page.default_limit=0"],
        ["--switch", "next.at_end"],
    ],
)
def test_a_flag_that_makes_no_sense_is_refused_in_one_sentence(flags: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed("vitally", *flags)
    assert str(refused.value).endswith(".")


def test_settings_do_not_show_the_token() -> None:
    assert "geheim" not in repr(Settings(token="geheim"))


@pytest.mark.parametrize("name", [*switches.CHOICES, *switches.NUMBERS, *switches.TEXTS])
def test_every_switch_takes_its_own_default(name: str) -> None:
    assert Settings(switches={name: switches.default(name)}).switch(name) == Settings().switch(name)


def test_a_cursor_expires_when_a_switch_says_so() -> None:
    from headrace.emulate.api import Api

    now = [0.0]
    settings = Settings(profile="lean", records=SMALL, switches={"cursor.ttl": "10"})
    api = Api(settings, lambda: now[0])
    following = api.get("tasks?limit=5").body.rpartition(b'"next":"')[2].rstrip(b'"}').decode()
    now[0] = 10.0
    assert api.get(f"tasks?limit=5&from={following}").status == 200
    now[0] = 10.5
    assert api.get(f"tasks?limit=5&from={following}").status == 400
