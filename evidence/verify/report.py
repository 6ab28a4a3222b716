"""The verdict as text for people: Chinese first, then English."""

from __future__ import annotations

from typing import Any

from evidence.verify.headline import FOREIGN_ADVICE
from evidence.verify.verdict import CLAIM_NAMES, Claim, Status, Verdict

MARKS = {
    Status.VALID: ("成立", "valid"),
    Status.INVALID: ("不成立", "INVALID"),
    Status.NOT_CHECKED: ("未核查", "not checked"),
}

MOST_PLACES = 5
"""Failing places that are told at once; the findings name every one."""

NOT_GIVEN = {"no-case": "未填 none given"}
"""What stands where nothing was given."""

REPLAY = {
    "equal": "与封存的画面和文字一致（由封存方自查） equal to the sealed picture and text, as the "
    "sealing side found",
    "differs": "有差异，见 evidence/replay.json differs, see evidence/replay.json",
    "not_checked": "未核查 not checked",
}


def print_report(verdict: Verdict) -> str:
    """Return the whole report; its first line is the headline."""
    lines = [plain(verdict.headline_zh), plain(verdict.headline_en)]
    if verdict.foreign:
        lines += FOREIGN_ADVICE
    elif verdict.places:
        shown = ", ".join(verdict.places[:MOST_PLACES])
        more = " …" if len(verdict.places) > MOST_PLACES else ""
        lines.append(f"不成立之处 Failing: {plain(shown)}{more}")
    declared = "取证时的声明 Declared at the capture"
    lines += [f"{declared}: {plain(zh)} / {plain(en)}" for zh, en in verdict.declared]
    lines += ["", f"文件 File: {plain(verdict.file)}"]
    lines += _facts(verdict)
    if verdict.claims:
        lines += ["", "核查结果 Findings:"]
    for claim_id in CLAIM_NAMES:
        lines += _claim_lines(claim_id, [c for c in verdict.claims if c.id == claim_id])
    if verdict.claims:
        lines += ["", "以下各项未予证明 This does NOT prove:"]
        lines += [f"  - {zh} / {en}" for zh, en in verdict.not_proved]
    return "\n".join(lines) + "\n"


def _claim_lines(claim_id: str, claims: list[Claim]) -> list[str]:
    lines: list[str] = []
    for claim in claims:
        zh, en = MARKS[claim.status]
        name_zh, name_en = CLAIM_NAMES[claim_id]
        need = "" if claim.required else "（非必需 optional）"
        lines.append(f"  [{zh} {en}] {name_zh} / {name_en}{need}")
        if claim.where:
            lines.append(f"      位置 where: {plain(claim.where)}")
        lines += [f"      {plain(claim.zh)}", f"      {plain(claim.en)}"]
    return lines


def _facts(verdict: Verdict) -> list[str]:
    facts = verdict.facts
    lines: list[str] = []
    for key, label in (
        ("url", "网址 URL"),
        ("shown_url", "所示页面的网址 URL shown"),
        ("case", "案件 Case"),
        ("fidelity", "交互记录保真度 Fidelity"),
        ("manifest_sha256", "清单 Manifest SHA-256"),
        ("manifest_sm3", "清单 Manifest SM3"),
    ):
        if facts.get(key) is not None:
            lines.append(f"{label}: {NOT_GIVEN.get(str(facts[key])) or plain(str(facts[key]))}")
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
        lines.append(f"日志 Log: {plain(log['origin'])}，大小 size {log['size']}")
    for witness in facts.get("witnesses", []):
        name, relation = plain(witness["name"]), plain(witness["relation"])
        lines.append(f"见证人 Witness: {witness['time']} {name}（{relation}）")
    return lines + _more(facts) + _later(facts)


def _more(facts: dict[str, Any]) -> list[str]:
    """Return what is told of optional files: the replay check, the review, the encrypted part."""
    lines: list[str] = []
    if "replay" in facts:
        words = REPLAY.get(facts["replay"], REPLAY["not_checked"])
        lines.append(f"离线重放 Replay: {words}")
    if "review" in facts:
        result = {"passed": "通过 passed", "failed": "未通过 FAILED"}[facts["review"]["result"]]
        finished = plain(facts["review"]["finished"])
        lines.append(f"技术核查 Technical review: {result}，{finished}")
    if "attended" in facts:
        people = [facts["attended"]["by"], facts["attended"]["second"]]
        lines.append(f"有人值守 Attended by: {plain('、'.join(filter(None, people)))}")
    if "private" in facts:
        size = facts["private"]["size"]
        lines.append(
            f"加密部分 Encrypted part: {size} 字节 bytes，仅核对哈希值，未解密查看 "
            "only its digests were checked, it was not looked into"
        )
    return lines


def _later(facts: dict[str, Any]) -> list[str]:
    """Return what came after sealing: renewals, receipts of anchoring, the basis of erasure."""
    lines: list[str] = []
    for one in facts.get("renewals", []):
        kind = "重新计算摘要 hashed again" if one["kind"] == "hash_tree" else "时间戳 timestamp"
        when = one.get("time", "未核查 not checked")
        lines.append(f"续期 Renewed: {when} {one['authority']}（{kind}）")
    if facts.get("renew_before"):
        lines.append(f"下次续期不晚于 Renew before: {facts['renew_before']}")
    for one in facts.get("anchors", []):
        stated = plain(one["reference"] or "")
        other = "" if one["names_this"] is not False else "；所存摘要与本清单不符 of another digest"
        lines.append(
            f"存证回执 Anchored at: {one['name']} {stated}（收到 received {one['received']}；"
            f"未核查，不作证明 not verified, no proof{other}）"
        )
    if "erasure" in facts:
        basis = facts["erasure"]["basis"]
        lines.append(
            f"内容已删除 Erased: {facts['erasure']['time']}，{plain(basis['code'])}，"
            f"《{plain(basis['title'])}》{plain(basis['article'])}"
            "（合法性未核查 legality not checked）"
        )
    return lines


def plain(text: str) -> str:
    """Return ``text`` with control characters shown, so that a package cannot write a report."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
