"""The sentence that ends a crawl, Chinese and English."""

from __future__ import annotations

from crawler.order import CrawlState

REFUSALS = {
    "loopback": ("本机地址", "this machine's own address"),
    "private_address": ("内网地址", "a private address"),
    "metadata": ("云主机元数据地址", "a cloud metadata address"),
    "link_local": ("链路本地地址", "a link-local address"),
    "carrier_nat": ("运营商内部地址", "a carrier's internal address"),
    "bad_host": ("不是有效的主机名", "not a valid host"),
    "call_home": ("在拒绝名单上", "on the refusal list"),
    "guard_itself": ("出口守卫自身", "the guard itself"),
}
REMEDIES = {
    "loopback": (
        "仅演示与测试可设 MARKSEAL_ALLOW_LOOPBACK=1",
        "only for a demo or a test: MARKSEAL_ALLOW_LOOPBACK=1",
    ),
}
FAILURES = {
    "name_not_found": ("域名无法解析", "the name has no address"),
    "connect_failed": ("连接被拒绝", "the connection was refused"),
    "connect_timed_out": ("连接超时", "the connection timed out"),
    "timed_out": ("等待应答超时", "no answer in time"),
    "bad_answer": ("应答不是有效的 HTTP", "the answer is not HTTP"),
    "bad_certificate": (
        "站点证书无效（采集不接受；可用保存的页面）",
        "its certificate is not valid (a crawl does not accept that; give a saved page)",
    ),
    "too_large": ("应答过大", "the answer is too large"),
    "server_error": ("服务器出错", "the server reported an error"),
    "robots_unreachable": ("robots.txt 无法取得", "robots.txt could not be had"),
    "too_many_redirects": ("重定向过多", "too many redirects"),
}
_ENDS: dict[str, tuple[str, str]] = {
    CrawlState.BLOCKED: ("来源 {host} 拦截了采集", "The source {host} blocks the crawl"),
    "login": (
        "来源 {host} 要求登录，已停止",
        "The source {host} asks for a login, so the crawl stopped",
    ),
    "verification": (
        "来源 {host} 要求人工验证，已停止（不绕过验证）",
        "The source {host} asks for a human check, so the crawl stopped (it is never bypassed)",
    ),
    CrawlState.FORBIDDEN: (
        "来源 {host} 的 robots.txt 不允许采集，已停止",
        "The robots.txt of {host} forbids the crawl, so nothing was read",
    ),
    CrawlState.GONE: ("来源 {host} 的页面不存在", "The page at {host} is gone"),
}


def counted(number: int, noun: str) -> str:
    """Return ``1 listing`` or ``2 listings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ending(
    state: CrawlState,
    *,
    host: str,
    reason: str | None,
    listings: int,
    pages: int,
    total: int | None,
    failed: int,
    left: int = 0,
    overridden: int = 0,
) -> tuple[str, str]:
    """Return the sentence of a crawl that ended, Chinese and English."""
    counted_zh = f"共读取 {pages} 个页面、{listings} 条商品"
    counted_en = f"{counted(pages, 'page')} and {counted(listings, 'listing')} read"
    if total is not None:
        counted_zh += f"（来源自报 {total} 条）"
        counted_en += f" (the source itself reports {total})"
    if failed:
        counted_zh += f"，{failed} 个页面未能读取"
        counted_en += f"; {counted(failed, 'page')} could not be read"
    if overridden:
        counted_zh += f"，其中 {overridden} 个页面依例外批准读取"
        counted_en += f"; {counted(overridden, 'page')} under an override"
    if left and state is not CrawlState.COMPLETE:
        counted_zh += f"，已知尚有 {left} 个页面未读"
        counted_en += f"; {counted(left, 'page')} known and not read yet"
    if state is CrawlState.COMPLETE and not failed:
        return f"采集完成，{counted_zh}。", f"The crawl is complete: {counted_en}."
    if state is CrawlState.COMPLETE:
        return f"采集结束，{counted_zh}。", f"The crawl has ended: {counted_en}."
    if reason is not None and " until " in reason:
        return _wait(host, reason, counted_zh, counted_en)
    if state is CrawlState.LIMITED:
        return f"已达设定上限，{counted_zh}。", f"The crawl reached its bound: {counted_en}."
    if state is CrawlState.REFUSED:
        zh, en = REFUSALS.get(reason or "", ("非公网地址", "not a public address"))
        what_zh, what_en = REMEDIES.get(reason or "", ("请换公网网址", "give a public address"))
        return (
            f"来源 {host} 是{zh}，已拒绝（{reason}）；{what_zh}；{counted_zh}。",
            f"The source {host} is {en}, refused ({reason}); {what_en}; {counted_en}.",
        )
    if state is CrawlState.UNREACHABLE:
        zh, en = FAILURES.get(reason or "", ("无应答", "no answer"))
        return (
            f"来源 {host} 无法访问（{zh}）；请检查网址。{counted_zh}。",
            f"The source {host} cannot be reached ({en}); check the address. {counted_en}.",
        )
    if reason is not None and reason.startswith("override "):
        what, _, until = reason.rpartition(" expired ")
        return (
            f"来源 {host} 的例外批准 {what[9:]} 已于 {until} 到期，已停止；{counted_zh}。",
            f"The {what} for {host} expired at {until}, so the crawl stopped; {counted_en}.",
        )
    key = reason if state is CrawlState.BLOCKED and reason in _ENDS else state
    zh, en = _ENDS[key or state]
    return f"{zh.format(host=host)}；{counted_zh}。", f"{en.format(host=host)}; {counted_en}."


def _wait(host: str, reason: str, counted_zh: str, counted_en: str) -> tuple[str, str]:
    """Return the sentence of a crawl that is to go on later (``budget until …``, ``asked …``)."""
    why, _, until = reason.partition(" until ")
    zh, en = ("的请求额度已用完", "The request budget of {} is used up")
    if why == "asked":
        zh, en = ("要求稍后再访问", "The source {} asks to be left alone")
    en = en.format(host)
    return (
        f"来源 {host} {zh}，{until} 后再次运行即可继续；{counted_zh}。",
        f"{en}; run it again after {until} to go on; {counted_en}.",
    )
