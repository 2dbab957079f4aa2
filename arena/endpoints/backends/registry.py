"""How models are asked: one file per wire format, one line each below."""

from arena.endpoints.backends.anthropic import Anthropic
from arena.endpoints.backends.echo import Echo
from arena.endpoints.backends.eliza import Eliza
from arena.endpoints.backends.gemini import Gemini
from arena.endpoints.backends.openai import OpenAI
from arena.endpoints.backends.protocol import Backend

BACKENDS: dict[str, Backend] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "echo": Echo(),
    "eliza": Eliza(),
}
