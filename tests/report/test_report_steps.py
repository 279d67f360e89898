"""What a report tells to do: what must change first, by the kind of each failure, and how to go on."""

from __future__ import annotations

import msgspec
import pytest

from headrace.report.collect import Failure, Kind, ResourceReport, RunReport
from headrace.report.mend import Mend
from headrace.report.steps import Setting, Step, steps

SETTING = Setting(name="x.md", destination="memory://", again="AGAIN")


def failed(*mends: Mend, pages: int = 0, kind: Kind = "source") -> RunReport:
    resources = {f"r{n}": ResourceReport(pages=pages, stopped="error") for n in range(len(mends))}
    errors = tuple(
        Failure(
            kind,
            mend,
            f"r{n}",
            503 if mend == "again" else None,
            url=f"http://h{n}",
            mend=mend,
            secrets=("a", "b") if mend == "credentials" else (),
        )
        for n, mend in enumerate(mends)
    )
    return RunReport("r1", "failed", resources, errors=errors)


def told(report: RunReport, setting: Setting = SETTING) -> list[Step]:
    return list(steps(report, setting))


@pytest.mark.parametrize(
    ("mend", "words"),
    [
        ("credentials", "Mend the credentials: a and b."),
        ("request", "Mend the path or the parameters of r0, or the base URL."),
        ("selector", "Mend the data selector of r0, as said above."),
        ("answer", "See what the URL of r0 answers, and mend the path or the base URL."),
        ("origin", "Allow http://h0 with --allow-origin, if it is to be trusted."),
        ("paging", "Mend the paging of r0, as said above."),
        ("time", "State a longer retry.timeout_s of r0, if the API is that slow."),
        ("cause", "Mend what failed of r0, as said above."),
    ],
)
def test_what_asking_again_cannot_change_is_mended_first(mend: Mend, words: str) -> None:
    assert told(failed(mend)) == [Step(words), Step("Then run it again:", "AGAIN")]


def test_where_time_may_do_it_running_again_is_all() -> None:
    assert told(failed("again")) == [Step("Run it again when the API answers:", "AGAIN")]
    (step,) = told(failed("again", pages=3))
    assert step.words.startswith("Go on where it stopped")


def test_the_same_mend_of_several_resources_is_one_step() -> None:
    assert [step.words for step in told(failed("request", "again", "request", "credentials"))] == [
        "Mend the path or the parameters of r0 and r2, or the base URL.",
        "Wait until the API answers for r1.",
        "Mend the credentials: a and b.",
        "Then run it again:",
    ]


def test_where_nothing_has_ever_answered_the_base_url_is_to_be_checked() -> None:
    silent = Failure("source", "no connection", "r0", url="http://h/a", mend="again")
    report = RunReport("r1", "failed", {"r0": ResourceReport(requests=6)}, errors=(silent, silent))
    assert told(report) == [
        Step("Check the base URL: nothing has answered at http://h/a."),
        Step("Then run it again:", "AGAIN"),
    ]
    answered = msgspec.structs.replace(silent, status=503)
    for other in (
        msgspec.structs.replace(report, errors=(silent, answered)),
        msgspec.structs.replace(report, resources={"r0": ResourceReport(pages=1)}),
        msgspec.structs.replace(report, errors=(msgspec.structs.replace(silent, mend="time"),)),
    ):
        assert not any("base URL" in step.words for step in told(other))


def test_an_interrupted_run_waits_for_no_api() -> None:
    assert told(failed("again", kind="interrupted")) == [Step("Run it again:", "AGAIN")]


def test_another_warehouse_is_offered_only_while_nothing_is_kept_for_this_one() -> None:
    assert "--journal" in told(failed("warehouse", kind="sink"))[0].words
    assert "--journal" not in told(failed("warehouse", kind="sink", pages=1))[0].words


def test_a_contract_is_mended_in_the_configuration_and_the_warehouse_is_not_blamed() -> None:
    first, then = told(failed("contract", kind="sink", pages=1))
    assert first.words == (
        "Mend the schema contract of r0 in the configuration, which asks for nothing again; or, if the API's data was "
        "mended, fetch it again with --new."
    )
    assert then.command == "AGAIN"


@pytest.mark.parametrize("mend", ["request", "credentials", "contract"])
def test_what_a_run_that_stays_unfinished_keeps_from_the_others_is_said(mend: Mend) -> None:
    report = failed(mend, pages=1, kind="sink" if mend == "contract" else "source")
    others = {name: ResourceReport(pages=1, stopped="end") for name in ("a", "b")}
    report = msgspec.structs.replace(report, resources={**report.resources, **others})
    assert told(report)[-1] == Step(
        "Until then the run stays unfinished, and running it again brings nothing new of a and b: for that, begin a "
        "new run with --new, and leave out r0 by naming others with --resource."
    )
    assert not any("unfinished" in step.words for step in told(report, msgspec.structs.replace(SETTING, anew=True)))


def test_where_time_may_do_it_the_others_need_not_be_named() -> None:
    report = failed("again", pages=1)
    report = msgspec.structs.replace(report, resources={**report.resources, "a": ResourceReport(stopped="end")})
    assert len(told(report)) == 1


def test_a_run_that_is_done_has_nothing_to_mend() -> None:
    assert told(RunReport("r1", "complete", {"r0": ResourceReport(pages=1, stopped="end")})) == []
