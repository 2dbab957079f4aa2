import pytest

from arena.endpoints.backends.protocol import Message

FAST = {"first_token_s": 0, "tokens_per_second": 10_000}


@pytest.mark.parametrize("prompt", ["Hello", "Say this:\n\n- one\n- two 🙂", "x " * 50 + "x"])
async def test_echo_repeats_the_prompt(ask, prompt):
    result = await ask("echo", "", prompt, parameters=FAST)
    assert result.text == prompt
    assert result.usage[0].output_tokens == len(prompt.split())


async def test_echo_repeats_only_the_last_message(ask):
    messages = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    assert (await ask("echo", "", messages=messages, parameters=FAST)).text == "three"


@pytest.mark.parametrize("messages", [(), (Message("user", " "),)])
async def test_echo_of_nothing_is_an_error(ask, messages):
    result = await ask("echo", "", messages=messages, parameters=FAST)
    assert result.outcome == ("REPLACE", "empty")
