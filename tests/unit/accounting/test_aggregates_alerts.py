"""What is worth a look, and what is not: thresholds of the rules, words for people, one alert per finding."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.aggregates.alerts import Limits, Repeat, much_cancelled, repeated, unusual_density
from services.accounting.aggregates.budget_alerts import alerts_of, period_text
from services.accounting.aggregates.cells import Sums
from services.accounting.aggregates.counting import Batch
from services.accounting.aggregates.norms import Norm
from services.accounting.budgets.budget import Budget, Use, window_of
from services.accounting.budgets.check import State, check
from services.accounting.budgets.store import BudgetUse
from tests.unit.accounting.charge_records import NOW, RULES, charge, record

LIMITS = Limits()
DAY = date(2026, 11, 20)


def budget(**changes):
    told = {"id": 7, "owner_kind": "project", "owner": "P-100", "period": "month", "amount_micro": 100_000_000}
    return Budget(**{**told, **changes})


def repeats(times):
    jobs = [f"job-{number}" for number in range(times)]
    return list(repeated([Repeat(jobs[-1], "plotter-1", "alice", NOW, jobs)], LIMITS))


def test_every_third_print_of_a_document_is_an_alert():
    assert [times for times in range(1, 10) if repeats(times)] == [3, 6, 9]
    (alert,) = repeats(3)
    assert alert.words.startswith("The same document was printed 3 times within 60 minutes")
    assert alert.id == repeats(3)[0].id != repeats(6)[0].id


def test_a_density_is_far_above_only_by_both_measures():
    norm = Norm(median_nl_per_m2=1_000_000, deviation_nl_per_m2=10_000, samples=50)
    told = [
        density
        for density in (1_100_000, 3_000_000, 3_000_001)
        if unusual_density(charge(), density, norm, LIMITS)
    ]
    wide = norm._replace(deviation_nl_per_m2=500_000)

    assert told == [3_000_001]
    assert unusual_density(charge(), 3_000_001, wide, LIMITS) is None
    assert unusual_density(charge(), 3_000_001, None, LIMITS) is None
    assert (
        "took 3.00 ml of ink per m2, usual there are 1.00"
        in unusual_density(charge(), 3_000_001, norm, LIMITS).words
    )


def test_cancelled_area_is_an_alert_from_its_share_on_once_the_printer_did_something():
    def told(used, cancelled):
        sums = Sums(used_area_mm2=used, cancelled_area_mm2=cancelled)
        return much_cancelled("plotter-1", "2026-11-20", sums, LIMITS, now=NOW)

    assert told(10_000_000, 2_999_999) is None
    assert told(10_000_000, 3_000_000).cancelled.percent == 30
    assert told(4_999_999, 4_999_999) is None
    assert told(10_000_000, 3_000_000).id == told(20_000_000, 9_000_000).id


def test_history_that_is_told_again_rings_no_bell():
    long_ago = datetime(2026, 10, 20, tzinfo=UTC)
    batch = Batch({}.get, {}.get, RULES, NOW)
    for entry in range(1, 40):
        ink = 50_000 if entry == 39 else 500
        batch.count(record(charge(entry, ink_ul=ink, outcome="aborted", occurred_at=long_ago)))
    batch.finish()

    assert not batch.alerts
    assert not batch.jobs


def test_an_unusual_line_is_held_against_those_before_it():
    batch = Batch({}.get, {}.get, RULES, NOW)
    for entry in range(1, 40):
        batch.count(record(charge(entry, ink_ul=50_000 if entry == 39 else 500)))
    (alert,) = batch.alerts
    assert (alert.kind, alert.density.samples) == ("ink_density", 38)


def test_each_threshold_of_a_budget_is_one_alert_in_its_window():
    state = BudgetUse(window_of(budget(), DAY), Use(70_000_000, 15_000_000))
    found = list(alerts_of(budget(), state, DAY, now=NOW, currency="EUR"))
    later = BudgetUse(window_of(budget(), date(2026, 12, 1)), state.use)
    next_month = list(alerts_of(budget(), later, date(2026, 12, 1), now=NOW, currency="EUR"))

    assert [(each.budget.threshold, each.budget.percent) for each in found] == [(50, 85), (80, 85)]
    assert found[0].words == (
        "Budget 7 of project P-100 has reached 50 % in 2026-11: "
        "of 100.0000 EUR 70.0000 are used and 15.0000 reserved."
    )
    assert not {each.id for each in found} & {each.id for each in next_month}


def test_a_budget_of_another_amount_tells_its_thresholds_anew():
    """Else one that was raised after an alert would run out without another."""
    window = window_of(budget(), DAY)
    before, same, raised = (
        {each.id for each in alerts_of(each, BudgetUse(window, Use(used)), DAY, now=NOW, currency="EUR")}
        for each, used in (
            (budget(), 100_000_000),
            (budget(hard=True), 100_000_000),
            (budget(amount_micro=200_000_000), 200_000_000),
        )
    )
    assert len(before) == 3
    assert before == same
    assert not before & raised


def test_a_person_s_budget_names_the_person_only_in_its_place():
    own = budget(owner_kind="person", owner="alice")
    (alert, *_) = alerts_of(own, BudgetUse(window_of(own, DAY), Use(60_000_000)), DAY, now=NOW, currency="EUR")
    assert (alert.person.claimed, alert.budget.code) == ("alice", "")
    assert "alice" not in alert.words + alert.subject


def test_periods_in_words():
    lengths = ("month", "quarter", "year", "total")
    assert [period_text(budget(period=each), DAY) for each in lengths] == ["2026-11", "2026-Q4", "2026", "total"]


def test_the_strictest_budget_decides_and_says_why():
    room = State(budget(id=1), Use(0))
    soft = State(budget(id=2, owner="P-200"), Use(99_000_000))
    hard = State(budget(id=3, owner_kind="person", owner="alice", hard=True), Use(50_000_000, 49_000_000))

    assert check([], 10**9, currency="EUR").verdict == "allow"
    assert check([room], 2_000_000, currency="EUR").decided_by is None
    assert check([room, soft], 2_000_000, currency="EUR").decided_by.budget.id == 2
    denied = check([room, soft, hard], 2_000_000, currency="EUR")
    assert (denied.verdict, denied.decided_by.budget.id) == ("deny", 3)
    assert denied.decided_by.words == (
        "The budget of person alice does not allow it: of 100.0000 EUR 99.0 % are used or reserved, "
        "1.0000 EUR are left, and this job is estimated at 2.0000 EUR."
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2 * 10**8)), max_size=5), st.integers(0, 10**8))
def test_one_budget_more_never_makes_the_answer_milder(budgets, estimate_micro):
    states = [State(budget(id=at, hard=hard), Use(used)) for at, (hard, used) in enumerate(budgets)]
    ranks = [
        ("allow", "warn", "deny").index(check(states[:count], estimate_micro, currency="EUR").verdict)
        for count in range(len(states) + 1)
    ]
    assert ranks == sorted(ranks)
