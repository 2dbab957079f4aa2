"""Creates .venv and installs lock files into it, with uv if possible, else with pip. Called by scripts/install."""

import fcntl
import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MIN_DISK_BYTES = 2 * 10**9


class InstallError(Exception):
    """Raised if the installation is not possible. The message is one line for the user."""


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    locks, command = arguments[:split], arguments[split + 1 :]
    # Hold the lock until this program ends. A concurrent installation waits, and then finds everything installed.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    if missing := [lock for lock in locks if not is_installed(lock)]:
        install(missing)
    if command:
        os.execv(command[0], command)  # noqa: S606  # the caller of this script chooses the command


def install(locks: list[str]) -> None:
    if (free := shutil.disk_usage(ROOT).free) < MIN_DISK_BYTES:
        raise InstallError(f"only {free // 10**6} MB of disk space is free in {ROOT}; the packages need 2 GB")
    if not can_run(PYTHON, "-m", "pip", "--version"):
        create_venv()
    for lock in locks:
        install_lock(lock)


def is_installed(lock: str) -> bool:
    installed = VENV / lock
    return can_run(PYTHON, "-c", "") and installed.exists() and filecmp.cmp(ROOT / lock, installed, shallow=False)


def can_run(*command: str | Path) -> bool:
    try:
        return run_quietly(*command).returncode == 0
    except OSError:
        return False


def create_venv() -> None:
    say("creating .venv")
    if not can_run(sys.executable, "-m", "ensurepip", "--version"):
        install_ensurepip()
    run("the virtual environment", sys.executable, "-m", "venv", "--clear", str(VENV))


def install_ensurepip() -> None:
    """Install the Debian package that contains `ensurepip`, because Debian's Python package does not contain it."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.getuid() or not shutil.which("apt-get"):
        raise InstallError(f"Python's venv module is incomplete; on Debian, run: apt install {package}")
    say(f"installing Debian's package {package}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run("Debian's list of packages", "apt-get", "update", "-qq")
    run(package, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package)


def install_lock(lock: str) -> None:
    say(f"installing {lock} ({(ROOT / lock).read_text().count('==')} packages) …")
    start = time.monotonic()
    package_options = ("--no-deps", "--require-hashes", "--quiet", "-r", str(ROOT / lock))
    uv = shutil.which("uv")
    flags = ("--system-certs", "--no-python-downloads", "--compile-bytecode", "--python", str(PYTHON))
    tool = "uv"
    if not uv or not can_run(uv, "pip", "install", *flags, *package_options):
        tool = "pip, because uv failed" if uv else "pip, because uv is not installed"
        run(lock, str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *package_options)
    shutil.copyfile(ROOT / lock, VENV / lock)
    say(f"installed {lock} with {tool} in {time.monotonic() - start:.0f} s")


def run(name: str, *command: str) -> None:
    """Run a command. Raises InstallError with the last line of its output if it fails.

    name: what the command installs, for the message.
    """
    result = run_quietly(*command)
    if result.returncode:
        lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
        raise InstallError(f"{name} cannot be installed: {lines[-1] if lines else 'no reason was given'}")


def run_quietly(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # all commands are defined in this module
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip


def say(line: str) -> None:
    sys.stderr.write(f"arena: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        main(sys.argv[1:])
    except (InstallError, OSError) as error:
        sys.exit(f"arena: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
