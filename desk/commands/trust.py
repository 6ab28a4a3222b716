"""``markseal trust``: the trust folder of this installation, for those who verify."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.environment import setting

if TYPE_CHECKING:
    from evidence.home import EvidenceHome


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "trust",
        help="信任文件夹 / the trust folder",
        description="导出或更新信任文件夹。 / Export or update the trust folder.",
        epilog="例 / example: markseal trust export --out for-the-court",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser(
        "export",
        help="导出信任文件夹与指纹单 / the folder and its fingerprint sheet",
        description="导出交给核验人的信任文件夹，以及一页指纹单（HTML 供 A4 打印，另有纯文本）。"
        "指纹单须与证据分开交付。 / Write the trust folder for whoever verifies, and one page of "
        "fingerprints (HTML for A4, and plain text), to be handed over apart from any dossier.",
        epilog="例 / example: markseal trust export --out for-the-court",
    )
    one.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="新文件夹 / a new folder"
    )
    add_home(one)
    one.set_defaults(run=_export)
    two = actions.add_parser(
        "update",
        help="按当前密钥与设置更新 / bring it up to date",
        description="密钥、authorities.toml 或 witnesses.toml 变更后，重写信任文件夹并记录；"
        "policy.toml 中的要求保持不变。 / After keys, authorities.toml or witnesses.toml changed: "
        "write the trust folder anew and note it; what policy.toml requires stays.",
        epilog="例 / example: markseal trust update --check",
    )
    two.add_argument(
        "--check",
        action="store_true",
        help="只查看，不改动；有差异时退出码 1 / look only; exit 1 when something differs",
    )
    add_home(two)
    two.set_defaults(run=_update)


def add_home(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the data folder."""
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )


def home_path(arguments: argparse.Namespace) -> Path:
    """Return the data folder that was named, else that of the setting."""
    return Path(arguments.home or setting("MARKSEAL_HOME"))


def existing_home(arguments: argparse.Namespace) -> EvidenceHome:
    """Return the installation in the data folder; InputError where there is none, none is made."""
    from evidence.errors import InputError
    from evidence.format.policy import POLICY
    from evidence.home import EvidenceHome

    home = EvidenceHome(home_path(arguments))
    if not (home.trust / POLICY).exists():
        raise InputError(
            f"There is no installation in {home.path}; check MARKSEAL_HOME or --home.",
            f"{home.path} 中没有安装；请检查 MARKSEAL_HOME 或 --home。",
        )
    return home


def now() -> datetime:
    """Return the time in this machine's zone."""
    return datetime.now().astimezone()


def _export(arguments: argparse.Namespace) -> int:
    from evidence.succession.export import export_trust

    home = existing_home(arguments)
    made = export_trust(home, arguments.out, now=now())
    print(f"信任文件夹 / trust folder: {made.trust}")
    print(f"指纹单 / fingerprint sheet: {made.page}, {made.text}")
    print(f"SHA256SUMS: {made.sheet.whole}")
    print("指纹单请与证据分开交付。 / Hand the sheet over apart from any dossier.")
    return 0


def _update(arguments: argparse.Namespace) -> int:
    home = existing_home(arguments)
    if arguments.check:
        changed = home.stale_trust()
    else:
        with home.signing(exclusive=True):
            changed = home.update_trust(now=now(), why="update")
    verb = "将变更 / would change" if arguments.check else "已写入 / written"
    print("\n".join(f"{verb}: {name}" for name in changed) or "无变化 / nothing to change")
    if changed and not arguments.check:
        print("请重新导出并交付信任文件夹。 / Export the trust folder and hand it over again.")
    return 1 if changed and arguments.check else 0


def warn_stale(home: EvidenceHome) -> None:
    """Say on standard error when the trust folder no longer fits keys and settings."""
    from evidence.errors import EvidenceError

    try:
        stale = home.stale_trust()
    except EvidenceError as error:
        print(f"注意：{error.zh}\nNote: {error.en}", file=sys.stderr)
        return
    if stale:
        names = ", ".join(stale)
        print(
            f"注意：信任文件夹与密钥、设置不一致（{names}）；请运行 markseal trust update。\n"
            f"Note: the trust folder does not fit keys and settings ({names}); run markseal trust "
            "update.",
            file=sys.stderr,
        )
