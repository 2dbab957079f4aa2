"""A backend that needs no server. It repeats the question."""

from collections.abc import AsyncGenerator

import aiohttp

from arena.endpoints.backends.protocol import Pause, Request, StreamPart, Timeouts, do_not_pause
from arena.endpoints.backends.word_stream import stream_words


class EchoBackend:
    """The backend for endpoints of kind `echo`. It repeats the last message word by word."""

    required_fields: tuple[str, ...] = ()

    def stream(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        timeouts: Timeouts,
        pause: Pause = do_not_pause,
    ) -> AsyncGenerator[StreamPart]:
        return stream_words(request.messages[-1].content if request.messages else "", request, timeouts)
