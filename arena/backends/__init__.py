"""How models are asked: one file per wire format, one line each below."""

from arena.backends.anthropic import Anthropic
from arena.backends.echo import Echo
from arena.backends.eliza import Eliza
from arena.backends.gemini import Gemini
from arena.backends.openai import OpenAI
from arena.backends.protocol import Backend

BACKENDS: dict[str, Backend] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "echo": Echo(),
    "eliza": Eliza(),
}
