"""What the guard and the site answered: names, addresses, certificate, status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.environment.journal import JournalView, host_and_port
from evidence.environment.rows import Row, checked, differs, not_checked

_LIMIT = 100


@dataclass(frozen=True)
class Answered:
    """What the capture saw of the page itself; ``certificate`` is the browser's verdict.

    ``chain_sha256`` are the digests of the certificates served, leaf first. ``root_store`` is
    the version of the browser's own roots, None where its log names none.
    """

    url: str
    http_status: int
    certificate: str
    chain_sha256: tuple[str, ...] = ()
    root_store: str | None = None


def guard_row(journal: JournalView, *, proxied: bool) -> Row:
    """Return how the egress guard stood between browser and network, and what it refused."""
    if not proxied or journal.allow_loopback is None:
        return not_checked(
            "egress_guard",
            "未经出口守卫。",
            "The capture did not go through an egress guard.",
        )
    refused = [
        {"host": c.host, "port": c.port, "reason": c.reason or ""} for c in journal.refused()
    ]
    data = {
        "allow_loopback": journal.allow_loopback,
        "refused": refused[:_LIMIT],
        "calls_home_refused": journal.calls_home_refused,
    }
    home = journal.calls_home_refused
    zh = f"经出口守卫；拒绝连接 {len(refused)} 次，拒绝浏览器自发连接 {home} 次"
    en = f"Through the guard; it refused {len(refused)} connections and {home} calls home"
    if journal.allow_loopback:
        return differs(
            "egress_guard",
            f"{zh}；按设置放行本机地址（演示、测试用）。",
            f"{en}; this machine's own address is let through, by setting (demo, tests).",
            **data,
        )
    return checked("egress_guard", f"{zh}。", f"{en}.", **data)


def resolvers_row(journal: JournalView) -> Row:
    """Return whether further resolvers named the same address for each name that was used."""
    names: dict[str, Mapping[str, Any]] = {}
    for contact in journal.contacts:
        if contact.comparison in ("agrees", "differs", "not_checked"):
            worst = names.get(contact.host, {}).get("result")
            if worst != "differs":
                names[contact.host] = {
                    "host": contact.host,
                    "address": contact.address or "",
                    "answers": list(contact.answers),
                    "result": contact.comparison,
                    "others": [_opinion(o) for o in contact.opinions],
                }
    rows = list(names.values())
    data = {"names": rows[:_LIMIT]}
    other = [str(r["host"]) for r in rows if r["result"] == "differs"]
    agreed = sum(1 for r in rows if r["result"] == "agrees")
    if not rows or not (agreed or other):
        return not_checked(
            "resolvers",
            "没有其他解析器的应答可供比较（未设置、未应答，或网址不含域名）。",
            "No other resolver's answer to compare (none set, none answered, or no name in use).",
            **data,
        )
    zh = f"{agreed} 个域名与其他解析器一致"
    en = f"{agreed} names agree with other resolvers"
    if other:
        return differs(
            "resolvers",
            f"{zh}；{len(other)} 个不一致（{'、'.join(other[:5])}），内容分发网络也会如此。",
            f"{en}; {len(other)} do not ({', '.join(other[:5])}); content networks do that too.",
            **data,
        )
    return checked("resolvers", f"{zh}。", f"{en}.", **data)


def _opinion(said: Mapping[str, Any]) -> dict[str, Any]:
    answers = said.get("answers")
    return {
        "server": str(said.get("server", "")),
        "answers": [str(a) for a in answers] if isinstance(answers, list) else [],
        "error": str(said.get("error") or ""),
    }


def server_row(journal: JournalView, answered: Answered | None) -> Row:
    """Return the address that really answered for the page's own host."""
    if answered is None:
        return _unknown("server_address")
    host, port = host_and_port(answered.url)
    address = journal.peer(answered.url)
    used = sorted(
        {
            c.address
            for c in journal.contacts
            if (c.host, c.port) == (host, port) and c.verdict == "connected" and c.address
        }
    )
    if not used:
        return not_checked(
            "server_address",
            "未经出口守卫，对端地址未单独记录。",
            "Not through the guard, so the peer's address has no record of its own.",
        )
    listed = ", ".join(used)
    return checked(
        "server_address",
        f"{host}:{port} 由 {listed} 应答。",
        f"{host}:{port} was answered by {listed}.",
        host=host,
        port=port,
        addresses=used,
        one_address=address is not None,
    )


def certificate_row(answered: Answered | None) -> Row:
    """Return the browser's verdict on the site's certificate, and the digests of the chain."""
    if answered is None:
        return _unknown("certificate")
    if not answered.url.startswith("https:"):
        return not_checked(
            "certificate", "未加密连接，没有证书。", "Not encrypted: there is no certificate."
        )
    chain = list(answered.chain_sha256)
    data = {"verdict": answered.certificate, "chain_sha256": chain}
    if answered.certificate == "bad":
        return differs(
            "certificate",
            "网站证书未通过浏览器验证。",
            "The site's certificate did not verify.",
            **data,
        )
    return checked(
        "certificate",
        f"证书链共 {len(chain)} 张，浏览器验证通过。",
        f"A chain of {len(chain)}, accepted by the browser.",
        **data,
    )


def status_row(answered: Answered | None) -> Row:
    """Return the HTTP status of the page; other than 2xx it is not an ordinary page."""
    if answered is None:
        return _unknown("http_status")
    status = answered.http_status
    if 200 <= status < 300:
        return checked("http_status", f"HTTP {status}。", f"HTTP {status}.", status=status)
    return differs(
        "http_status",
        f"HTTP {status}，不是通常的网页应答。",
        f"HTTP {status}, not an ordinary page.",
        status=status,
    )


def _unknown(topic: str) -> Row:
    return not_checked(
        topic, "取证过程未提供此项。", "The capture did not hand this to the record."
    )
