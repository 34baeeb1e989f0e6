"""A model that says again what it is asked, all of it: what it has answered shows in its answers."""

from tests.fakes.openai_tokens import Body, text_of


def said_again(body: Body) -> str:
    """Repeat everything that was said since the last reply, a line each."""
    messages = body["messages"]
    assert isinstance(messages, list)
    said: list[str] = []
    for message in messages:
        if message["role"] == "assistant":
            said = []
        elif message["role"] == "user":
            said.append(text_of(message.get("content")))
    return "\n".join(said)
