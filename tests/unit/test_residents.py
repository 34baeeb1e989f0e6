"""Which conversations leave memory when they were chosen to."""

from source.domain.eviction import Residency
from source.domain.identifiers import IdGenerator
from source.services.conversation import Conversation
from source.services.residents import Residents
from tests.fakes.transcript_samples import a_conversation


def always(_: Residency) -> bool:
    return True


def test_a_conversation_that_was_used_after_it_was_chosen_stays() -> None:
    residents, conversation = Residents(), Conversation.loaded(a_conversation(), IdGenerator())
    residents.use(conversation, 0.0)
    chosen = residents.idle_longest(300.0, always, in_use=(), at_most=10)
    residents.use(conversation, 300.0)

    assert residents.drop(chosen, in_use=()) == 0
    assert residents.all() == [conversation]
    assert residents.drop(residents.idle_longest(600.0, always, in_use=(), at_most=10), in_use=()) == 1
    assert residents.all() == []
