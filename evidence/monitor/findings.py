"""What a monitor can find wrong, each a sentence in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.errors import EvidenceError
from evidence.format.tiles import Tile
from evidence.log.report import AuditReport


@dataclass(frozen=True)
class Findings:
    """Adds findings to a report."""

    report: AuditReport

    def checkpoint(self, error: EvidenceError) -> None:
        """The checkpoint is not the log's."""
        self.report.add(
            "checkpoint",
            None,
            f"检查点不是该日志所签：{error.zh.rstrip('。')}。",
            f"The checkpoint is not one that this log signed: {error.en.rstrip('.')}.",
        )

    def rollback(self, seen: int, size: int, looked: str) -> None:
        """The log is shorter than it was seen."""
        self.report.add(
            "rollback",
            size,
            f"日志回退：上次（{looked}）已见其签名的 {seen} 条，现只示 {size} 条。",
            f"The log was rolled back: at {looked} it had signed {seen} entries, now it shows "
            f"{size}.",
        )

    def two_roots(self, size: int) -> None:
        """Two checkpoints of one size have different roots."""
        self.report.add(
            "fork",
            None,
            f"日志分叉：同一密钥签了两个大小同为 {size} 而树根不同的检查点；两者均已留存。",
            f"The log forked: its key signed two checkpoints of size {size} with different roots; "
            "both were kept.",
        )

    def rewritten(self, seen: int, where: tuple[int, int] | None) -> None:
        """The old part is another one."""
        zh = en = ""
        if where is not None and where[0] == where[1]:
            zh, en = f"：第 {where[0]} 条被改写", f": entry {where[0]} was rewritten"
        elif where is not None:
            zh = f"：被改写处在第 {where[0]} 至 {where[1]} 条之间"
            en = f": what was rewritten lies among the entries {where[0]} to {where[1]}"
        self.report.add(
            "fork",
            where[0] if where else None,
            f"日志分叉：现有的前 {seen} 条不是此前所见的那些{zh}；两份检查点均已留存。",
            f"The log forked: its first {seen} entries are not those seen before{en}; both "
            "checkpoints were kept.",
        )

    def changed(self, index: int) -> None:
        """An entry of the last, unfinished bundle was changed."""
        self.report.add(
            "leaf",
            index,
            f"第 {index} 条不是此前所见的那条：该条被改动，或日志分叉。",
            f"Entry {index} is not the one seen before: it was changed, or the log forked.",
        )

    def leaf(self, index: int) -> None:
        """An entry does not have the hash that the log commits to."""
        self.report.add(
            "leaf",
            index,
            f"第 {index} 条与日志所承诺的叶散列不符：该条被改动。",
            f"Entry {index} does not have the hash the log committed to: it was changed.",
        )

    def entries(self, index: int, error: EvidenceError) -> None:
        """A bundle of entries is damaged."""
        self.report.add(
            "entries",
            index,
            f"自第 {index} 条起的条目无法使用：{error.zh.rstrip('。')}。",
            f"The entries from {index} on cannot be used: {error.en.rstrip('.')}.",
        )

    def root(self) -> None:
        """The entries do not make the tree that was signed."""
        self.report.add(
            "root",
            None,
            "条目推不出检查点的树根：有条目被改动、增加或删除，或瓦片不符。",
            "The entries do not lead to the checkpoint's root: entries were changed, added or "
            "removed, or tiles do not fit.",
        )

    def tile(self, tile: Tile, *, short: bool) -> None:
        """A hash tile is not that of the entries."""
        zh, en = ("过短", "is cut short") if short else ("与条目不符", "does not fit the entries")
        self.report.add(
            "tile", None, f"散列瓦片 {tile.path()} {zh}。", f"The hash tile {tile.path()} {en}."
        )

    def tiles_short(self, error: EvidenceError) -> None:
        """The hash tiles cannot be used to look further."""
        self.report.add(
            "tile",
            None,
            f"日志的散列瓦片无法使用：{error.zh.rstrip('。')}。",
            f"The log's hash tiles cannot be used: {error.en.rstrip('.')}.",
        )

    def given(self, name: str, error: EvidenceError) -> None:
        """A checkpoint that was given cannot be used."""
        self.report.add(
            "given",
            None,
            f"给出的检查点 {name} 不能用：{error.zh.rstrip('。')}。",
            f"The checkpoint {name} that was given cannot be used: {error.en.rstrip('.')}.",
        )

    def shorter_than_given(self, name: str, given: int, size: int) -> None:
        """The log is shorter than a checkpoint from elsewhere."""
        self.report.add(
            "rollback",
            size,
            f"给出的检查点 {name} 有 {given} 条，日志现只示 {size} 条：末尾条目被删除或被隐去。",
            f"The checkpoint {name} has {given} entries, the log shows {size}: its end was removed "
            "or is withheld.",
        )

    def other_than_given(self, name: str, size: int) -> None:
        """The log is not the one of a checkpoint from elsewhere."""
        self.report.add(
            "fork",
            None,
            f"日志分叉：现有的前 {size} 条与给出的检查点 {name} 不符。",
            f"The log forked: its first {size} entries are not those of the checkpoint {name}.",
        )
