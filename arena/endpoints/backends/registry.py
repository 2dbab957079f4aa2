"""All backends, keyed by endpoint kind. To add a backend, write a module, import its class, and add an entry below."""

from arena.endpoints.backends.anthropic import AnthropicBackend
from arena.endpoints.backends.eliza import ElizaBackend
from arena.endpoints.backends.gemini import GeminiBackend
from arena.endpoints.backends.openai import OpenAIBackend
from arena.endpoints.backends.protocol import Backend
from arena.endpoints.backends.word_stream import EchoBackend

BACKENDS: dict[str, Backend] = {
    "openai": OpenAIBackend(),
    "anthropic": AnthropicBackend(),
    "gemini": GeminiBackend(),
    "echo": EchoBackend(),
    "eliza": ElizaBackend(),
}
