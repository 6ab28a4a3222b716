"""The verdict as text for people: Chinese first, then English."""

from __future__ import annotations

from evidence.verify.verdict import CLAIM_NAMES, NOT_PROVED, Claim, Status, Verdict

MARKS = {
    Status.VALID: ("成立", "valid"),
    Status.INVALID: ("不成立", "INVALID"),
    Status.NOT_CHECKED: ("未核查", "not checked"),
}


def print_report(verdict: Verdict) -> str:
    """Return the whole report; its first line is the headline."""
    lines = [_plain(verdict.headline_zh), _plain(verdict.headline_en), ""]
    lines += [f"文件 File: {_plain(verdict.file)}"]
    lines += _facts(verdict)
    if verdict.claims:
        lines += ["", "核查结果 Findings:"]
    for claim_id in CLAIM_NAMES:
        lines += _claim_lines(claim_id, [c for c in verdict.claims if c.id == claim_id])
    if verdict.claims:
        lines += ["", "以下各项未予证明 This does NOT prove:"]
        lines += [f"  - {zh} / {en}" for zh, en in NOT_PROVED]
        lines += ["  - 未核查证书吊销与见证人 / revocation and witnesses were not checked"]
    return "\n".join(lines) + "\n"


def _claim_lines(claim_id: str, claims: list[Claim]) -> list[str]:
    lines: list[str] = []
    for claim in claims:
        zh, en = MARKS[claim.status]
        name_zh, name_en = CLAIM_NAMES[claim_id]
        need = "" if claim.required else "（非必需 optional）"
        lines.append(f"  [{zh} {en}] {name_zh} / {name_en}{need}")
        if claim.where:
            lines.append(f"      位置 where: {_plain(claim.where)}")
        lines += [f"      {_plain(claim.zh)}", f"      {_plain(claim.en)}"]
    return lines


def _facts(verdict: Verdict) -> list[str]:
    facts = verdict.facts
    lines: list[str] = []
    if facts.get("site_certificate") == "bad":
        lines.append("注意：固证时该网站证书有误 Note: the site's certificate did not verify")
    for key, label in (
        ("url", "网址 URL"),
        ("case", "案件 Case"),
        ("manifest_sha256", "清单 Manifest SHA-256"),
        ("manifest_sm3", "清单 Manifest SM3"),
    ):
        if facts.get(key) is not None:
            lines.append(f"{label}: {_plain(str(facts[key]))}")
    if "captured" in facts:
        captured = facts["captured"]
        lines.append(f"固证时间 Captured: {captured['started']} – {captured['finished']}")
    for token in facts.get("tokens", []):
        note = "" if token["trusted"] else "（未核查 not checked）"
        if token.get("trial"):
            note = "（试用 trial）"
        lines.append(f"时间戳 Token: {token['time']} {token['authority']}{note}")
    if "log" in facts:
        log = facts["log"]
        lines.append(f"日志 Log: {_plain(log['origin'])}，大小 size {log['size']}")
    return lines


def _plain(text: str) -> str:
    """Return ``text`` with control characters shown, so that a package cannot write a report."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
