"""Makes a home folder whose browser trusts one test authority (an NSS database, as users have).

Run as a program of its own: the library that writes it keeps its state for a whole process.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from ctypes import byref, c_char_p, c_int, c_uint, c_ulong, c_void_p
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from tests.evidence.ground.authority import Authority

_ROOT = Path(__file__).resolve().parents[3]
_VALID_CA, _TRUSTED_CA = 1 << 3, 1 << 4


class _Item(ctypes.Structure):
    _fields_ = (("type", c_int), ("data", c_char_p), ("size", c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("ssl", c_uint), ("email", c_uint), ("signing", c_uint))


def trusting_home(folder: Path, authority: Authority) -> Path:
    """Return a home folder below ``folder`` in which Chromium trusts ``authority``."""
    home = folder / "home"
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    der = folder / "authority.der"
    der.write_bytes(authority.certificate.public_bytes(serialization.Encoding.DER))
    command = [sys.executable, "-m", "tests.evidence.ground.trust", str(database), str(der)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home


def _function(nss: ctypes.CDLL, name: str, *takes: object, gives: object = c_int) -> object:
    function = getattr(nss, name)
    function.argtypes, function.restype = takes, gives
    return function


def _write(database: str, der: bytes) -> None:
    nss = ctypes.CDLL("libnss3.so")

    def call(name: str, *values: object, takes: tuple[object, ...], gives: object = c_int) -> int:
        return int(_function(nss, name, *takes, gives=gives)(*values) or 0)  # type: ignore[operator]

    def must(name: str, *values: object, takes: tuple[object, ...]) -> None:
        if call(name, *values, takes=takes) != 0:
            sys.exit(f"{name}: {call('PORT_GetError', takes=())}")

    must("NSS_InitReadWrite", f"sql:{database}".encode(), takes=(c_char_p,))
    slot = call("PK11_GetInternalKeySlot", takes=(), gives=c_void_p)
    if call("PK11_NeedUserInit", slot, takes=(c_void_p,)):
        must("PK11_InitPin", slot, None, b"", takes=(c_void_p, c_char_p, c_char_p))
    store = call("CERT_GetDefaultCertDB", takes=(), gives=c_void_p)
    item = _Item(0, der, len(der))
    made = (c_void_p, c_void_p, c_char_p, c_int, c_int)
    one = call("CERT_NewTempCertificate", store, byref(item), None, 0, 1, takes=made,
               gives=c_void_p)  # fmt: skip
    kept = (c_void_p, c_void_p, c_ulong, c_char_p, c_int)
    must("PK11_ImportCert", slot, one, 0, b"ground truth", 0, takes=kept)
    trust = _Trust(_VALID_CA | _TRUSTED_CA, 0, 0)
    must("CERT_ChangeCertTrust", store, one, byref(trust), takes=(c_void_p, c_void_p, c_void_p))
    call("CERT_DestroyCertificate", one, takes=(c_void_p,), gives=None)
    call("PK11_FreeSlot", slot, takes=(c_void_p,), gives=None)
    must("NSS_Shutdown", takes=())


if __name__ == "__main__":
    _write(sys.argv[1], Path(sys.argv[2]).read_bytes())
