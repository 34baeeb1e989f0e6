"""Who may talk with Echo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.access import AccessRules, Verdict, Visitor

IN_THREAD = Visitor("1", ("20", "21"), ("31", "30"), "40", "50")
IN_PRIVATE = Visitor("1")


def _verdict(visitor: Visitor = IN_THREAD, **rules: list[str]) -> Verdict:
    return AccessRules.of(**rules).verdict(visitor)


def test_without_rules_everybody_may() -> None:
    assert _verdict() is Verdict.ALLOWED
    assert _verdict(IN_PRIVATE) is Verdict.ALLOWED


@pytest.mark.parametrize("rule", ["user:1", "role:21", "channel:31", "channel:30", "category:40", "guild:50"])
def test_a_thread_counts_as_its_parent_and_each_kind_of_rule_speaks_of_it(rule: str) -> None:
    assert _verdict(allow=[rule]) is Verdict.ALLOWED
    assert _verdict(deny=[rule]) is not Verdict.ALLOWED


@pytest.mark.parametrize("rule", ["user:2", "role:1", "channel:1", "category:30", "guild:40", "dm"])
def test_a_rule_that_speaks_of_others_does_not_let_in(rule: str) -> None:
    assert _verdict(allow=[rule]) is not Verdict.ALLOWED
    assert _verdict(deny=[rule]) is Verdict.ALLOWED


def test_deny_beats_allow_but_not_an_admin() -> None:
    assert _verdict(allow=["user:1"], deny=["role:20"]) is Verdict.REFUSED
    assert _verdict(allow=["user:9"], deny=["user:1", "guild:50"], admins=["role:20"]) is Verdict.ALLOWED


def test_a_place_that_is_denied_as_a_whole_is_closed_and_a_person_is_refused() -> None:
    assert _verdict(deny=["channel:30"]) is Verdict.CLOSED_PLACE
    assert _verdict(deny=["user:1"]) is Verdict.REFUSED
    assert _verdict(deny=["user:1", "category:40"]) is Verdict.CLOSED_PLACE
    assert _verdict(IN_PRIVATE, deny=["dm"]) is Verdict.CLOSED_PLACE


def test_where_only_other_places_are_allowed_the_place_is_closed() -> None:
    assert _verdict(allow=["channel:99", "dm"]) is Verdict.CLOSED_PLACE
    assert _verdict(allow=["channel:99", "role:99"]) is Verdict.REFUSED


def test_direct_messages_are_spoken_of_by_dm_and_the_person_alone() -> None:
    assert _verdict(IN_PRIVATE, allow=["dm"]) is Verdict.ALLOWED
    assert _verdict(IN_PRIVATE, allow=["user:1"]) is Verdict.ALLOWED
    assert _verdict(IN_PRIVATE, allow=["guild:50", "role:20"]) is not Verdict.ALLOWED


def test_admins_are_known_as_such() -> None:
    rules = AccessRules.of(admins=["user:1"])
    assert rules.is_admin(IN_THREAD)
    assert not rules.is_admin(Visitor("2"))


_RULES = st.lists(
    st.sampled_from(["user:1", "user:2", "role:20", "channel:30", "channel:9", "category:40", "guild:50", "dm"])
)


@given(_RULES, _RULES, _RULES)
def test_one_more_denial_never_lets_anybody_in(allow: list[str], deny: list[str], more: list[str]) -> None:
    before = _verdict(allow=allow, deny=deny)
    after = _verdict(allow=allow, deny=[*deny, *more])
    assert not (before is not Verdict.ALLOWED and after is Verdict.ALLOWED)
