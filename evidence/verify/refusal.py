"""Why a timestamp does not verify: one reason in English and in Chinese, without a full stop."""

from __future__ import annotations

from rfc3161_client import VerificationError


class Refusal(VerificationError):
    """A token does not verify, and why; to be told within a sentence."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh

    @classmethod
    def of(cls, error: Exception) -> Refusal:
        """Return what to tell of any error of the readers; a library's own words are not told."""
        if isinstance(error, Refusal):
            return error
        if isinstance(error, VerificationError):
            return cls(
                "its signature, or its chain of certificates, does not hold", "签名或证书链不成立"
            )
        return cls("a certificate or a field in it cannot be read", "其中有证书或字段无法读取")
