from hypothesis import given, settings
from hypothesis import strategies as st

from source.domain.token_estimate import TokenEstimator

REPORTS = st.lists(st.tuples(st.integers(-10, 10**7), st.integers(-10, 10**7)), max_size=30)


def taught(reports: list[tuple[int, int]]) -> TokenEstimator:
    estimator = TokenEstimator()
    for prompt_bytes, input_tokens in reports:
        estimator.observe("m", prompt_bytes, input_tokens)
    return estimator


def test_three_bytes_are_a_token_until_usage_is_reported() -> None:
    estimator = TokenEstimator()
    assert estimator.tokens("m", 3000) == 1000
    assert estimator.bytes_for("m", 1000) == 3000


def test_part_of_a_token_counts_as_a_whole_one() -> None:
    assert TokenEstimator().tokens("m", 1) == 1
    assert TokenEstimator().tokens("m", 0) == 0


def test_repeated_reports_lead_to_the_reported_ratio() -> None:
    estimator = taught([(45_000, 10_000)] * 30)
    assert 4_400 <= estimator.bytes_for("m", 1000) <= 4_500


def test_one_report_moves_the_estimate_only_in_part() -> None:
    estimator = taught([(50_000, 10_000)])
    assert 3_000 < estimator.bytes_for("m", 1000) < 4_000


def test_a_short_prompt_teaches_less_than_a_long_one() -> None:
    short, long = taught([(60, 10)]), taught([(60_000, 10_000)])
    assert 3_000 < short.bytes_for("m", 1000) < long.bytes_for("m", 1000)


def test_each_model_is_learnt_by_itself() -> None:
    estimator = taught([(80_000, 10_000)] * 30)
    assert estimator.bytes_for("other", 1000) == 3000


@settings(deadline=None)
@given(REPORTS, st.integers(0, 10**6))
def test_no_report_leads_out_of_bounds(reports: list[tuple[int, int]], tokens: int) -> None:
    assert tokens <= taught(reports).bytes_for("m", tokens) <= 8 * tokens


@settings(deadline=None)
@given(REPORTS, st.integers(0, 10**6))
def test_what_fits_a_budget_is_not_counted_as_more(reports: list[tuple[int, int]], tokens: int) -> None:
    estimator = taught(reports)
    assert estimator.tokens("m", estimator.bytes_for("m", tokens)) <= tokens


@settings(deadline=None)
@given(REPORTS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_longer_texts_never_take_fewer_tokens(reports: list[tuple[int, int]], one: int, other: int) -> None:
    estimator = taught(reports)
    assert estimator.tokens("m", min(one, other)) <= estimator.tokens("m", max(one, other))
