"""The whole service on this machine, by one command: `./scripts/up`."""

import argparse
import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from signal import Signals
from typing import NoReturn

from config import embedded, local_models
from config.data_folder import DataFolder, DataFolderError
from config.supervisor import Program, ProgramError, Supervisor, http_ok
