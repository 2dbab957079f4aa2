"""A fake model provider for tests and load tests. A model's name selects its behavior, including failures.

It supports the wire formats of all backends with a server. In a test, use `with FakeProvider() as provider: …
provider.base_url … provider.requests(model)`. As a process, `python -m tests.fake_provider --port 0` prints its port.
`GET /log?model=NAME` returns the requests as JSON (time, format, model, messages, system, body, headers, writes, and
state: open, finished, failed, or aborted), and `DELETE /log` deletes them. `GET /outage?seconds=3` resets
all requests that are open or arrive in the next 3 seconds. It answers any path that ends like the
format's path, so the base URL is http://127.0.0.1:PORT/v1.
"""

from tests.fake_provider.behavior import expected_reasoning, expected_text
from tests.fake_provider.server import FakeProvider

__all__ = ["FakeProvider", "expected_reasoning", "expected_text"]
