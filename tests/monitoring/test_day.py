"""What a daemon told of a day with faults, against what happened."""

from importlib.metadata import version

from tests.commands.shop import NAME
from tests.monitoring.day import Day


def test_capture_is_counted_as_a_call_and_as_an_action(the_day: Day) -> None:
    it = the_day.done
    assert it("calls_total", store=NAME, remote="Resurs", kind="capture", outcome="done") == it("calls_total") == 1
    assert it("actions_ended_total", store=NAME, kind="capture", outcome="done") == 1
    assert (it("open_actions"), it("attention_orders"), it("notes_waiting"), it("oldest_action_seconds")) == (
        0,
    ) * 4
    assert list(it.each("outage_seconds")) == []


def test_what_waits_is_told_by_state_and_reason(the_day: Day) -> None:
    it = the_day.troubled
    assert (
        it("open_actions", kind="capture", state="held") == it("open_actions", kind="capture", state="unknown") == 1
    )
    assert it("open_actions") == 2
    assert it("attention_orders", store=NAME, reason="less-reserved") == it("attention_orders") == 1
    assert 0 < it("oldest_action_seconds", state="unknown") <= the_day.took
    assert it("calls_total", outcome="unknown") == 1


def test_action_that_a_person_gave_up_beside_the_daemon_has_ended(the_day: Day) -> None:
    it = the_day.troubled
    assert (it("actions_ended_total", outcome="dropped"), it("actions_ended_total", outcome="done")) == (1, 1)


def test_every_request_is_counted_with_its_outcome(the_day: Day) -> None:
    it = the_day.troubled
    told = {remote: it("request_duration_seconds_count", remote=remote) for remote in the_day.seen}
    assert told == the_day.seen
    assert it("request_duration_seconds_count") == sum(the_day.seen.values())
    assert it("request_duration_seconds_count", remote=NAME, outcome="failed") == 1, "the 500"
    assert it("request_duration_seconds_count", remote="Resurs", outcome="lost") == 1, "the capture"
    assert it.labels("request_duration_seconds_count", "outcome") == {"ok", "failed", "lost"}
    assert 0 < it("request_duration_seconds_sum") < 60


def test_after_a_restart_the_database_says_the_same_and_counters_begin_anew(the_day: Day) -> None:
    it = the_day.restarted
    assert it("open_actions", state="held") == it("open_actions", state="unknown") == it("attention_orders") == 1
    assert it("oldest_action_seconds", state="unknown") > the_day.troubled("oldest_action_seconds", state="unknown")
    assert (it("actions_ended_total"), it("calls_total")) == (0, 0)


def test_store_is_told_to_be_well(the_day: Day) -> None:
    it = the_day.troubled
    assert (it("store_ready", store=NAME), it("store_live"), it("store_stopped"), it("database_up")) == (1, 1, 0, 1)
    assert 0 <= it("poll_age_seconds") < 20
    assert it("build_info", version=version("wc-bridge")) == 1
