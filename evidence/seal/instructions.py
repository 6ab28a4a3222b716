"""``VERIFY.txt`` of a dossier: the commands with which anyone checks it without us."""

from __future__ import annotations

from collections.abc import Sequence


def verify_text(name: str, authorities: Sequence[str]) -> bytes:
    """Return the text for the dossier of NAME with tokens by ``authorities``."""
    stamps = "\n".join(
        f"openssl ts -verify -data evidence/manifest.json -in {name}.{a}.tsr "
        f"-CAfile authorities/{a}.pem"
        for a in authorities
    )
    return _TEXT.format(name=name, stamps=stamps).encode()


_TEXT = """如何核验本固证封装 / How to verify this dossier without our software

注意：本包内的证书与密钥仅供查看，信任须来自包外（信任文件夹）。
Note: certificates and keys in here are for reading; trust must come from outside.

unzip -o {name}.dossier.zip
unzip -o {name}.wacz
sha256sum {name}.wacz
sha256sum evidence/manifest.json
openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in evidence/manifest.json \
-sigfile evidence/manifest.sig
{stamps}
"""
