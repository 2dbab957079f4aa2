"""A contestant without weights or network: it says what it was told."""

from collections.abc import AsyncGenerator

import aiohttp

from arena.endpoints.backends.pacing import speak
from arena.endpoints.backends.protocol import Part, Request, Timeouts


class Echo:
    """Kind `echo`: repeats the last message word by word."""

    def stream(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        timeouts: Timeouts,
    ) -> AsyncGenerator[Part]:
        return speak(request.messages[-1].content if request.messages else "", request, timeouts)
