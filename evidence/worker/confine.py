"""What keeps a capture from the keys, and the proof by trying: the process confines itself.

Landlock is an allow-list: programs, fonts and settings of the system may be read, the capture's
own folder and a private temporary one written, and nothing else opened. With a guard, TCP goes
to the guard's port alone (ABI 4). What was refused is then tried, and written down as found.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evidence.worker import landlock
from evidence.worker.request import Isolation, Request, Secret

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc", "/sys",
    "/var/cache/fontconfig", "/var/lib/dpkg", "/run/systemd/resolve", "/run/resolvconf",
    "/run/NetworkManager/resolv.conf", "/nix/store", "/snap",
)  # fmt: skip
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_NEW_USER = 0x10000000
_SCOPES = {landlock.SCOPE_ABSTRACT_UNIX: "abstract unix sockets", landlock.SCOPE_SIGNAL: "signals"}


def confine(request: Request) -> dict[str, Any]:
    """Confine this process and all that it will start; return what is then really in force."""
    _limits(request)
    method, detail = request.isolation, ""
    tcp, scopes = "not restricted", 0
    version = landlock.abi()
    if method is Isolation.LANDLOCK and request.order.sandbox and not sandbox_can_be_made():
        method, detail = Isolation.NONE, "the browser's sandbox needs a set-uid helper here"
    if method is Isolation.LANDLOCK:
        try:
            rules = _landlock(request, version)
            rules.enforce()
        except OSError as error:
            method, detail = Isolation.NONE, f"Landlock could not be applied ({error.strerror})"
        else:
            detail, scopes = f"Landlock ABI {version}", rules.scopes
            tcp = "the egress guard's port only" if rules.tcp else tcp
    tested = [{"place": secret.label, "outcome": _try(secret)} for secret in request.secrets]
    if any(row["outcome"].startswith("readable") for row in tested):
        method, detail = Isolation.NONE, f"{detail or 'no isolation'}; keys could be opened"
    return {
        "key_isolation": method.value,
        "key_isolation_detail": detail or _why_none(request, version),
        "tested_by_the_capture": tested,
        "tcp": tcp,
        "kept_inside": [name for bit, name in _SCOPES.items() if scopes & bit],
        "environment_variables": sorted(os.environ),
        "limits": {
            "memory_bytes": request.bounds.memory_bytes,
            "file_bytes": request.bounds.file_bytes,
            "core_bytes": 0,
            "seconds": f"{request.bounds.seconds_for(request.order):.0f}",
            "nice": os.nice(0),
        },
    }


def sandbox_can_be_made() -> bool:
    """Return whether an ordinary process can make the user namespace of Chromium's sandbox.

    Landlock forbids gaining privileges, so that a set-uid sandbox helper would not work in it.
    """
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        made = libc.unshare(_NEW_USER) == 0 and libc.chroot(b"/") == 0
        os._exit(0 if made else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _limits(request: Request) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    wanted = request.bounds.file_bytes
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wanted, wanted))
    os.nice(request.bounds.nice)


def _landlock(request: Request, version: int) -> landlock.Ruleset:
    order = request.order
    rules = landlock.Ruleset(version, tcp=order.proxy is not None, screen=order.headed)
    secret = tuple(item.path.resolve() for item in request.secrets)
    for allowed in (*map(Path, _SYSTEM), *_programs(request), *request.fonts):
        for path in _around(allowed.resolve(), secret):
            rules.allow(path, landlock.READ)
    for path in request.readable:
        rules.allow(path, landlock.READ_FILE)
    if os.environ.get("XAUTHORITY"):
        rules.allow(Path(os.environ["XAUTHORITY"]), landlock.READ_FILE)
    # The sandbox writes the maps of its own namespaces; root, which has none, must not write here.
    writing = landlock.WRITE_FILE if os.geteuid() != 0 else 0
    rules.allow(Path("/proc"), landlock.READ_FILE | landlock.READ_DIR | writing)
    for name in _DEVICES:
        rules.allow(Path("/dev") / name, landlock.USE_DEVICE)
    for path in (request.folder, request.inside, Path("/dev/shm"), Path("/dev/pts")):  # noqa: S108
        rules.allow(path, rules.files)
    if order.proxy is not None:
        rules.allow_port(int(order.proxy.rpartition(":")[2]))
    return rules


def _programs(request: Request) -> Iterable[Path]:
    """Return the folders of the interpreter, of our code, of the driver and of the browser."""
    yield Path(sys.prefix)
    yield Path(sys.base_prefix)
    yield Path(sys.executable).resolve().parent
    yield Path(__file__).resolve().parents[1]
    yield Path(__file__).resolve().parents[2] / "egress"  # read for the digest of the code
    yield Path(__file__).resolve().parents[2] / ".git"  # the commit that the code stands at
    for entry in sys.path:
        if entry.endswith(("site-packages", "dist-packages", ".zip")):
            yield Path(entry)
    yield request.order.browser.resolve().parent
    downloads = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if downloads:
        yield Path(downloads)


def _around(path: Path, secret: tuple[Path, ...]) -> Iterator[Path]:
    """Yield ``path``, or, where something secret lies below it, all in it but that."""
    if any(path == place or place in path.parents for place in secret):
        return
    if not any(path in place.parents for place in secret):
        yield path
        return
    try:
        inside = sorted(path.iterdir())
    except OSError:
        return
    for item in inside:
        if not item.is_symlink():
            yield from _around(item, secret)


def _try(secret: Secret) -> str:
    """Try to open each file; return refused, hidden, or how many could be opened."""
    paths = secret.files or (secret.path,)
    roots = [Path(f"/proc/{pid}/root") for pid in os.listdir("/proc") if pid.isdigit()]  # noqa: PTH208
    if any(_opens(root / str(paths[0]).lstrip("/")) for root in roots):
        return "readable (through another process)"
    opened = absent = 0
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
            opened += 1
        except (FileNotFoundError, NotADirectoryError):
            absent += 1
        except OSError:
            continue
    if opened:
        return f"readable ({opened} of {len(paths)})"
    if absent < len(paths):
        return f"refused ({len(paths) - absent})"
    return f"hidden ({absent})" if secret.files else "not there"


def _opens(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _why_none(request: Request, version: int) -> str:
    if request.isolation is Isolation.BUBBLEWRAP:
        return "bubblewrap"
    return "Landlock not used" if version else "this kernel has no Landlock"
