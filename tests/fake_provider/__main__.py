import argparse

from tests.fake_provider.server import serve

parser = argparse.ArgumentParser(prog="python -m tests.fake_provider", description="A fake model provider.")
parser.add_argument("--port", type=int, default=0, help="0 selects a free port; the port is printed")
serve(parser.parse_args().port)
