"""A contestant without weights or network: it says what it was told."""

from collections.abc import AsyncGenerator

import aiohttp

from arena.endpoints.backends.pacing import stream_words
from arena.endpoints.backends.protocol import Request, StreamPart, Timeouts


class EchoBackend:
    """Kind `echo`: repeats the last message word by word."""

    def stream(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        timeouts: Timeouts,
    ) -> AsyncGenerator[StreamPart]:
        return stream_words(request.messages[-1].content if request.messages else "", request, timeouts)
