"""Serves one language model with llama.cpp's OpenAI-compatible server on a loopback port.

`python -m launcher.model_server --port N MODEL.gguf` generates two answers at a time, each with 8,192 tokens
of context.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

SLOTS = 2
CONTEXT_TOKENS = 8192  # SmolLM2 was trained with this context; 8,000 characters of English are about 1,800 tokens
NICENESS = 10
LOG_FLUSH_S = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(prog="launcher.model_server", description=__doc__, allow_abbrev=False)
    parser.add_argument("model", type=Path, help="path of a model in GGUF format")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--template", type=Path, help="path of a Jinja chat template that replaces the model's own")
    parser.add_argument("--stop", action="append", default=[], help="string that ends an answer")
    options = parser.parse_args()
    for path in filter(None, (options.model, options.template)):
        if not path.is_file():
            sys.exit(f"{path} is not a file")
    os.nice(NICENESS)
    serve_model(options.model, options.port, options.template, options.stop)


def serve_model(model: Path, port: int, template: Path | None, stop_strings: list[str]) -> None:
    """Serve the model until the process is killed. The library answers requests in its own threads.

    Inference uses only one thread. On a busy machine with two cores, two threads are ten times slower.
    """
    import xllamacpp  # loads llama.cpp, which `--help` and wrong arguments do not need

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.model_alias = {model.stem}
    parameters.n_parallel = SLOTS
    parameters.n_ctx = SLOTS * CONTEXT_TOKENS
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.n_threads_http = 2 * SLOTS + 2
    parameters.cache_ram_mib = 0
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.cors_origins = f"http://127.0.0.1:{port}"
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.antiprompt = stop_strings
    if template:
        parameters.chat_template = template.read_text()
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError:
        time.sleep(LOG_FLUSH_S)  # the library logs in another thread, and the launcher shows the user the last line
        sys.exit(f"{model} cannot be served on port {port}; see the reason above")
    sys.stderr.write(f"serving {model.name} at {server.listening_address}\n")
    signal.pause()


if __name__ == "__main__":
    main()
