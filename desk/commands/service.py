"""``markseal run``, ``work``, ``user`` and ``settings``."""

from __future__ import annotations

import argparse
import json
from typing import Any

from config.environment import SETTINGS, SettingError, port, setting

KIND_OF_ROLE = {"owner": "brand_owner", "officer": "bureau", "notary": "notary_office"}


def add(commands: Any) -> None:
    """Register the commands that run the service and its accounts."""
    _add_run(commands)
    _add_work(commands)
    _add_user(commands)
    _add_settings(commands)


def _add_run(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="启动服务 / run the service",
        description="启动网页、定时与任务进程；停止时全部结束 / "
        "Run web, timetable and worker; all of them end together.",
        epilog="例 / example: markseal run --host 127.0.0.1 --port 8000",
    )
    parser.add_argument("--host", help="监听地址 / address to listen on (MARKSEAL_HOST)")
    parser.add_argument(
        "--port", type=_port, help="监听端口，0 为任选 / port, 0: any free one (MARKSEAL_PORT)"
    )
    parser.set_defaults(run=_run)


def _port(value: str) -> int:
    """Return a port from the command line, held to the same bounds as MARKSEAL_PORT."""
    try:
        return port(environ={"MARKSEAL_PORT": value})
    except SettingError as error:
        raise argparse.ArgumentTypeError(f"{value!r}: 0 … 65535") from error


def _run(arguments: argparse.Namespace) -> int:
    from desk.commands.house import run_house, sole
    from desk.commands.opening import check_session_key, open_desk, open_home
    from desk.commands.trust import warn_stale
    from evidence.home import EvidenceHome

    host = arguments.host or setting("MARKSEAL_HOST")
    number = port() if arguments.port is None else arguments.port
    with sole(open_home()):
        home = EvidenceHome(open_desk())
        if home.trust.exists():
            warn_stale(home)
        check_session_key()
        return run_house(host=host, port=number)


def _add_work(commands: Any) -> None:
    parser = commands.add_parser(
        "work",
        help="只启动定时与任务进程 / run timetable and worker only",
        description="定时与任务进程，不含网页；可多开 / "
        "Timetable and worker without the pages; several may run.",
        epilog="例 / example: markseal work",
    )
    parser.set_defaults(run=_work)


def _work(_: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.commands.house import work

    return work()


def _add_user(commands: Any) -> None:
    parser = commands.add_parser(
        "user",
        help="账号 / accounts",
        description="账号管理 / Accounts.",
        epilog="例 / example: "
        "markseal user add wang --role officer --organisation 鄞州区市场监管局",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "add",
        help="新建账号 / make an account",
        description="新建账号并显示一次性生成的口令 / "
        "Make an account; its generated password is shown once.",
        epilog="例 / example: markseal user add li --role notary --organisation 某公证处",
    )
    new.add_argument("name", metavar="NAME", help="账号名 / name to sign in with")
    new.add_argument(
        "--role",
        required=True,
        help="角色 / role: owner, officer, notary, auditor, administrator",
    )
    new.add_argument("--organisation", required=True, help="机构名称 / name of the organisation")
    new.add_argument(
        "--kind",
        help="机构类型，默认随角色 / kind of organisation (default: as the role has it): "
        "bureau, brand_owner, notary_office",
    )
    new.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    new.set_defaults(run=_user_add)


def _user_add(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from django.db import transaction

    from desk.register.models import Organisation
    from desk.register.services import add_organisation, add_user, check_role

    check_role(arguments.role)
    name = arguments.organisation
    kind = arguments.kind or KIND_OF_ROLE.get(arguments.role)
    with transaction.atomic():
        found = Organisation.objects.filter(name=name).first()
        if found is None or arguments.kind:
            found = add_organisation(name=name, kind=kind or "")
        user, password = add_user(name=arguments.name, role=arguments.role, organisation=found)
    if arguments.json:
        print(json.dumps({"name": user.username, "password": password}, ensure_ascii=False))
    else:
        print(f"账号 {user.username} 已建立，口令（只显示这一次）：{password}")
        print(f"Account {user.username} made; password (shown only now): {password}")
    return 0


def _add_settings(commands: Any) -> None:
    parser = commands.add_parser(
        "settings",
        help="列出设置 / list the settings",
        description="列出 MARKSEAL_* 环境变量、当前值与含义 / "
        "List the MARKSEAL_* environment variables, their values and meaning.",
        epilog="例 / example: markseal settings",
    )
    parser.set_defaults(run=_settings)


def _settings(_: argparse.Namespace) -> int:
    for item in SETTINGS:
        value = setting(item.name)
        print(f"{item.name}={'（已设置 / set）' if item.secret and value else value}")
        print(f"    {item.zh}\n    {item.en}")
    return 0
