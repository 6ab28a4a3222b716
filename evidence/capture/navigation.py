"""Why a navigation failed, in one sentence: the guard's journal first, then the browser's word."""

from __future__ import annotations

import re

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.order import CaptureOrder
from evidence.environment.journal import read_journal

_CODE = re.compile(r"net::(ERR_[A-Z0-9_]+)")

WITHOUT_CONTENT = "ERR_HTTP_RESPONSE_CODE_FAILURE"
"""The browser's word for an answer with an error status and an empty body."""


def explain(message: str, order: CaptureOrder, mark: int) -> PageNotCaptured:
    """Return the failure that the browser's ``message`` stands for.

    ``mark`` is the place in the guard's journal where this capture began.
    """
    match = _CODE.search(message)
    code = match[1] if match else ""
    if code.startswith("ERR_CERT"):
        return PageNotCaptured(
            Reason.CERTIFICATE,
            f"The site's certificate did not verify ({code}).",
            f"网站证书未通过验证（{code}）。",
        )
    refused = _refused(order, mark)
    if refused is not None:
        return refused
    if "Download is starting" in message or code == "ERR_ABORTED":
        return PageNotCaptured(
            Reason.DOWNLOAD,
            "The address answers with a download or with no content, not with a page.",
            "该网址返回的是下载文件或空内容，而不是网页。",
        )
    if code == "ERR_INVALID_AUTH_CREDENTIALS":
        return PageNotCaptured(
            Reason.AUTHENTICATION,
            "The site asks for a user name and password before it shows the page (HTTP 401).",
            "该网站要求先输入用户名和密码才显示网页（HTTP 401）。",
        )
    if code == WITHOUT_CONTENT:
        return PageNotCaptured(
            Reason.UNREACHABLE,
            "The site answered with an error status and without content; there is no page to show.",
            "该网站以错误状态作答，且没有任何内容；没有可显示的网页。",
        )
    if code == "ERR_UNSAFE_PORT":
        return PageNotCaptured(
            Reason.UNREACHABLE,
            "The browser asks no site at this port, which is kept for other services "
            "(ERR_UNSAFE_PORT); nothing was sent.",
            "浏览器不访问该端口，此端口保留给其他服务（ERR_UNSAFE_PORT）；未发出任何请求。",
        )
    if "Timeout" in message or code in ("ERR_TIMED_OUT", "ERR_CONNECTION_TIMED_OUT"):
        return PageNotCaptured(
            Reason.TIMEOUT,
            f"The site did not answer within {order.limits.load_seconds:.0f} seconds.",
            f"网站在 {order.limits.load_seconds:.0f} 秒内没有应答。",
        )
    return _unreachable(order, code or message.splitlines()[0][:120], mark)


def _refused(order: CaptureOrder, mark: int) -> PageNotCaptured | None:
    journal = read_journal(order.journal, mark)
    found = [c for c in journal.contacts if c.verdict == "refused" and c.reason != "call_home"]
    if not found:
        return None
    last = journal.refusal(order.url) or found[-1]
    if last.verdict != "refused":
        return None
    if last.reason == "bad_host":
        return PageNotCaptured(
            Reason.REFUSED,
            f"{last.host}:{last.port} is not a host that can be asked; correct the address.",
            f"{last.host}:{last.port} 不是可访问的主机名；请更正网址。",
        )
    return PageNotCaptured(
        Reason.REFUSED,
        f"The address {last.host}:{last.port} is not public and was refused ({last.reason}).",
        f"地址 {last.host}:{last.port} 不是公网地址，已拒绝访问（{last.reason}）。",
    )


def _unreachable(order: CaptureOrder, why: str, mark: int) -> PageNotCaptured:
    contact = read_journal(order.journal, mark).refusal(order.url)
    if contact is not None and contact.reason == Reason.NAME_NOT_FOUND.value:
        return PageNotCaptured(
            Reason.NAME_NOT_FOUND,
            f"There is no host of the name {contact.host}; correct the address, or note that "
            "nothing was found there.",
            f"不存在名为 {contact.host} 的主机；请更正网址，或据此记录未发现网页。",
        )
    cause = f"{why}; {contact.reason}" if contact and contact.reason else why
    return PageNotCaptured(
        Reason.UNREACHABLE,
        f"The site could not be reached ({cause}); check the address and the network.",
        f"无法访问该网站（{cause}）；请检查网址和网络。",
    )
