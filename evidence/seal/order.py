"""What is asked of one preservation, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from evidence.browser.order import Http2, Login, Profile
from evidence.capture import Limits, check_url
from evidence.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
_CAPTURE_ID = re.compile(r"[0-9a-f]{32}\Z")
_HOST = re.compile(r"\[?[0-9A-Za-z.:-]{1,253}\]?(:[0-9]{1,5})?\Z", re.ASCII)
_TEXT_LIMIT = 200
_SESSION_LIMIT = 5_000_000
_SECRETS = 50
_SERVERS = 8


class Status(StrEnum):
    """The two ways in which a preservation that did not fail can end."""

    SEALED = "sealed"
    AWAITING_TIMESTAMP = "awaiting_timestamp"


@dataclass(frozen=True)
class PreserveOrder:
    """One page to be captured and sealed; ``capture_id`` is the idempotency key.

    ``out`` is ``NAME.wacz``; the sidecars and ``NAME.dossier.zip`` are written beside it. The
    fields from ``profile`` to ``resolvers`` are those of ``CaptureOrder``. ``attended`` opens a
    visible browser for the person who asks; ``second_person`` is the other officer present.
    """

    url: str
    case: str
    out: Path
    capture_id: str
    requested_by: str | None = None
    sandbox: bool = True
    strict_tls: bool = False
    profile: Profile = Profile.DESKTOP
    http2: Http2 = Http2.AVOID
    login: Login | None = field(default=None, repr=False)
    licence: str | None = None
    recording: bool = False
    time_servers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    attended: bool = False
    second_person: str | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """NAME, without ``.wacz``."""
        return self.out.name.removesuffix(".wacz")

    def checked(self) -> PreserveOrder:
        """Return the order with its address in ASCII form and an absolute path.

        Raises InputError, before anything is logged, when a field cannot be used.
        """
        if self.out.suffix != ".wacz" or not _NAME.match(self.name) or self.name[0] in ".-":
            raise InputError(
                f"The file name {self.out.name!r} cannot be used: it ends in .wacz, its name has "
                "1 to 80 characters out of A-Z a-z 0-9 . _ - and does not begin with . or -.",
                f"文件名 {self.out.name!r} 不可用：须以 .wacz 结尾，主名为 1 至 80 个字符，"
                "仅限 A-Z a-z 0-9 . _ -，且不以 . 或 - 开头。",
            )
        if not _CAPTURE_ID.match(self.capture_id):
            raise InputError(
                "A capture id has 32 lower-case hex digits.", "取证编号须为 32 位小写十六进制数。"
            )
        for text in (self.case, self.requested_by or "-", self.second_person or "-"):
            if not text.strip() or len(text) > _TEXT_LIMIT or not text.isprintable():
                raise InputError(
                    f"Case and person are 1 to {_TEXT_LIMIT} printable characters.",
                    f"案号与经办人须为 1 至 {_TEXT_LIMIT} 个可见字符。",
                )
        if self.attended and self.requested_by is None:
            raise InputError(
                "An attended capture needs the name of the person at the browser.",
                "有人值守取证须写明操作浏览器的人员。",
            )
        if self.second_person is not None and self.second_person == self.requested_by:
            raise InputError("The second person is another one.", "第二名在场人员须为另一人。")
        for problem in (*_login_problems(self.login), *_server_problems(self)):
            raise problem
        licence = None if self.licence is None else check_url(self.licence)
        return replace(self, url=check_url(self.url), out=self.out.absolute(), licence=licence)

    @property
    def has_private_part(self) -> bool:
        """Whether the capture may carry a login state, which is then sealed encrypted.

        An attended capture in which nobody signed in has none in the end.
        """
        return self.login is not None or self.attended

    def with_id(self, capture_id: str) -> PreserveOrder:
        """Return the same order under another capture id."""
        return replace(self, capture_id=capture_id)


def _login_problems(login: Login | None) -> Iterator[InputError]:
    """Yield what is wrong with a declared login state; its path and content are never told."""
    if login is None:
        return
    try:
        data = login.session.read_bytes() if login.session.is_file() else None
    except OSError:
        data = None
    if data is None or len(data) > _SESSION_LIMIT or not _is_storage_state(data):
        yield InputError(
            "The session file is missing, unreadable or not a storage state (JSON with cookies); "
            "make it again with the browser's driver.",
            "会话文件不存在、无法读取或不是浏览器驱动导出的会话状态（含 cookies 的 JSON）；"
            "请重新导出。",
        )
    if len(login.secrets) > _SECRETS or not all(_is_plain(text) for text in login.secrets):
        yield InputError(
            f"Names of secrets are at most {_SECRETS}, each of 1 to {_TEXT_LIMIT} printable "
            "characters.",
            f"需遮盖的名称至多 {_SECRETS} 个，每个 1 至 {_TEXT_LIMIT} 个可见字符。",
        )


def _is_storage_state(data: bytes) -> bool:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("cookies"), list)


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= _TEXT_LIMIT and text.isprintable()


def _server_problems(order: PreserveOrder) -> Iterator[InputError]:
    for en, zh, servers in (
        ("Time servers", "时间服务器", order.time_servers),
        ("Resolvers", "域名解析器", order.resolvers),
    ):
        if len(servers) > _SERVERS or not all(_HOST.match(server) for server in servers):
            yield InputError(
                f"{en} are at most {_SERVERS}, each a host or address, with a port if need be.",
                f"{zh}至多 {_SERVERS} 个，每个为主机名或地址，可带端口。",
            )


@dataclass(frozen=True)
class Preserved:
    """What was preserved. ``index`` is the outcome's place in the log, None while awaiting.

    ``sealed`` means that our own verifier, with this installation's trust folder, found every
    required claim valid in the dossier as it was then put in place. ``declared`` are sentences
    (Chinese, English) that come before anything else that is said of it; ``beside`` tell what
    the page did beside itself (windows it opened, dialogs).
    """

    status: Status
    wacz: Path
    dossier: Path | None
    manifest_sha256: str
    index: int | None
    trial: bool
    title: str
    final_url: str
    http_status: int
    page_note: str | None
    certificate: str
    checkpoint: str | None
    waiting_for: tuple[str, ...] = ()
    fidelity: str = "decoded"
    declared: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, str], ...] = ()
