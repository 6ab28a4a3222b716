"""What a statement says, in sentences, for the people who are to sign it."""

from __future__ import annotations

from evidence.format.statement import Gap, Renewal, Revocation, Statement, fingerprint

FATES = {"kept": "仍在使用", "lost": "丢失", "stolen": "被盗"}
REASONS = {
    "backup-older": "备份早于最后检查点",
    "log-key-lost": "日志密钥丢失",
    "log-key-stolen": "日志密钥被盗",
    "all-lost": "全部丢失",
    "log-damaged": "日志损坏",
}
Sentence = tuple[str, str]


def told(statement: Statement) -> list[Sentence]:
    """Return what the statement says, each sentence in Chinese and in English."""
    content = statement.content
    if isinstance(content, Renewal):
        return _renewal(content)
    return _revocation(content) if isinstance(content, Revocation) else _gap(content)


def _renewal(content: Renewal) -> list[Sentence]:
    (old_need, old), (need, new) = content.old, content.new
    named = ", ".join(fingerprint(key) for key in new)
    before_zh, after_zh = f"{len(old)} 把（须 {old_need} 把）", f"{len(new)} 把（须 {need} 把）"
    before_en, after_en = f"{old_need} of {len(old)}", f"{need} of {len(new)}"
    return [
        (
            f"恢复密钥由原 {before_zh}更换为 {after_zh}共同签署。",
            f"Recovery keys: {after_en} new ones sign in the place of {before_en}.",
        ),
        (f"新密钥：{named}。", f"The new keys: {named}."),
    ]


def _revocation(content: Revocation) -> list[Sentence]:
    moment = content.effective.isoformat(sep=" ", timespec="seconds")
    old, new = fingerprint(content.old), fingerprint(content.new)
    revoked = (
        f"吊销签名密钥 {old}，自 {moment} 起无效。",
        f"The signing key {old} is revoked from {moment} on.",
    )
    return [revoked, (f"其后使用 {new}。", f"The key {new} follows it.")]


def _gap(content: Gap) -> list[Sentence]:
    lost, new = content.size - content.kept, fingerprint(content.signer_new)
    ends_zh = f"日志 {content.old.name} 止于已知的最后检查点，共 {content.size} 条"
    ends_en = (
        f"The log {content.old.name} ends at its last known checkpoint, {content.size} entries"
    )
    kept_zh = f"现存 {content.kept} 条；已知曾有而缺失 {lost} 条"
    kept_en = f"{content.kept} entries are in hand; {lost} are known to have been and are gone"
    follows_zh = f"其后的日志为 {content.new.name}，签名密钥 {new}"
    follows_en = f"The log {content.new.name} follows, with the signing key {new}"
    return [
        (f"{ends_zh}（{REASONS[content.reason]}）。", f"{ends_en} ({content.reason})."),
        (
            f"{kept_zh}；是否还有其他条目不得而知。",
            f"{kept_en}; whether there were more nobody knows.",
        ),
        (
            f"{follows_zh}（原密钥{FATES[content.fate]}）。",
            f"{follows_en} (old key {content.fate}).",
        ),
    ]
