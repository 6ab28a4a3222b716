"""What can go wrong on the way out.

::

    EgressError
    ├── GuardNotStarted     the guard's process did not say that it listens
    ├── Refused             the target is not a public address, or is on the refusal list
    ├── Unreachable         the name has no address, or nobody answered there
    ├── BadRequest          what the client sent is neither strict SOCKS5 nor strict HTTP
    ├── JournalFailed       the journal cannot be written, so nothing may pass
    └── BadNameserver       a name server that is not written as an address
"""

from __future__ import annotations


class EgressError(Exception):
    """A failure of the guard, as one sentence in English (``en``) and Chinese (``zh``)."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class GuardNotStarted(EgressError):
    """The guard's process ended, or stayed silent, before it said that it listens."""


class Refused(EgressError):
    """The target may not be reached; ``reason`` is the code written to the journal."""

    def __init__(self, reason: str, host: str) -> None:
        super().__init__(
            f"The target {host} is refused by the egress guard ({reason}).",
            f"目标 {host} 被出口守卫拒绝（{reason}）。",
        )
        self.reason = reason


class Unreachable(EgressError):
    """The target may be reached, but could not be; ``reason`` as in the journal."""

    def __init__(self, reason: str, host: str) -> None:
        super().__init__(
            f"The target {host} cannot be reached ({reason}).",
            f"无法连接目标 {host}（{reason}）。",
        )
        self.reason = reason


class BadRequest(EgressError):
    """The client broke the protocol, or sent something that could be read two ways."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The request is not understood: {what}.", f"无法理解该请求：{what}。")
        self.what = what


class JournalFailed(EgressError):
    """The journal cannot be written: the guard closes rather than let anything pass unseen."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(
            f"The egress journal {path} cannot be written ({cause}); the guard stops.",
            f"出口日志 {path} 无法写入（{cause}），守卫停止。",
        )


class BadNameserver(EgressError):
    """A name server must be given by its address, with or without a port."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a name server; write its address, such as 223.5.5.5 or "
            "[2400:3200::1]:53.",
            f"{text!r} 不是域名服务器；请写成地址，如 223.5.5.5 或 [2400:3200::1]:53。",
        )
