"""``markseal watch``: recurring watches on sources."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from desk.leads.models import Run, Source
    from desk.register.models import Organisation


def add(commands: Any) -> None:
    """Register the commands on watches."""
    parser = commands.add_parser(
        "watch",
        help="监控 / recurring watches",
        description="定期监控 / Recurring watches.",
        epilog="例 / example: markseal watch list",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_add(actions)
    listing = actions.add_parser(
        "list",
        help="列出监控 / list the watches",
        description="列出监控及最近一次执行 / List the watches and their last runs.",
        epilog="例 / example: markseal watch list",
    )
    listing.set_defaults(run=_list)
    run = actions.add_parser(
        "run",
        help="立即执行一次 / run once now",
        description="立即执行一次并等待结果 / Run a watch once now and wait for the result.",
        epilog="例 / example: markseal watch run 1",
    )
    run.add_argument("watch", metavar="ID", type=int, help="监控编号 / number of the watch")
    run.set_defaults(run=_run)


def _add_add(actions: Any) -> None:
    parser = actions.add_parser(
        "add",
        help="新增监控 / add a watch",
        description="新增监控：已有来源的名称、网址或商品清单文件（.jsonl） / "
        "Add a watch on a named source, an address, or a file of listings (.jsonl).",
        epilog="例 / example: markseal watch add http://127.0.0.1:8100/ --recipe oscar "
        "--query 甬舟 --every 60",
    )
    parser.add_argument(
        "source", metavar="SOURCE|URL", help="来源名称或网址 / name of a source, or an address"
    )
    parser.add_argument(
        "--recipe", default="", help="采集规则，默认按网址匹配 / recipe (default: by the address)"
    )
    parser.add_argument("--query", help="关键词 / keyword")
    parser.add_argument(
        "--every",
        type=int,
        default=1440,
        metavar="MINUTES",
        help="间隔分钟数 / minutes between runs",
    )
    parser.add_argument("--limit", type=int, help="每次条数上限 / most listings a run")
    parser.add_argument("--name", default="", help="监控名称 / name of the watch")
    parser.add_argument(
        "--organisation", help="所属监管部门，仅有一个时可省略 / bureau (default: the only one)"
    )
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from django.db import transaction

    from desk.leads.services import add_watch

    with transaction.atomic():
        watch = add_watch(
            source=_source(arguments),
            now=datetime.now(UTC),
            name=arguments.name,
            query=_check_query(arguments.query),
            every_minutes=arguments.every,
            item_limit=arguments.limit,
        )
    print(f"监控 {watch.pk} 已建立：{watch.name}")
    print(f"Watch {watch.pk} made: {watch.name}")
    return 0


def bureau_named(name: str | None) -> Organisation:
    """Return the bureau of this name, or the only one; raise BadInput when it is not clear."""
    from desk.errors import BadInput
    from desk.register.models import Organisation, OrganisationKind

    bureaux = Organisation.objects.filter(kind=OrganisationKind.BUREAU)
    found = list(bureaux.filter(name=name) if name else bureaux[:2])
    if len(found) == 1:
        return found[0]
    if name or found:
        raise BadInput(
            "Say which bureau the watch belongs to: --organisation NAME of an existing bureau.",
            "请用 --organisation 指明监控所属的监管部门（须已存在）。",
        )
    raise BadInput(
        "There is no bureau yet; make one with: markseal user add NAME --role officer "
        "--organisation BUREAU",
        "还没有监管部门，请先运行 markseal user add 姓名 --role officer --organisation 部门名称。",
    )


def _source(arguments: argparse.Namespace) -> Source:
    from config.environment import RECIPES
    from crawler.recipe import named_recipe
    from desk.leads.models import Source
    from desk.leads.services import add_source

    bureau = bureau_named(arguments.organisation)
    if arguments.recipe:
        named_recipe(arguments.recipe, RECIPES)
    given = arguments.source
    for known in ({"name": given}, {"start_url": _place(given), "recipe": arguments.recipe}):
        found = Source.objects.filter(organisation=bureau, **known).first()
        if found is not None:
            return found
    return add_source(
        organisation=bureau,
        name=_free_name(bureau, _label(given)),
        start_url=_place(given),
        recipe=arguments.recipe,
    )


def _check_query(query: str | None) -> str:
    from desk.errors import BadInput

    if query is not None and not query.strip():
        raise BadInput(
            "The keyword is empty; give one, or leave --query out to read the whole source.",
            "关键词为空；请填写关键词，或不带 --query 以读取整个来源。",
        )
    return query or ""


def _label(given: str) -> str:
    """Return the host of an address or the name of a file, to call a source by."""
    try:
        return urlsplit(given).netloc or Path(given).name
    except ValueError:
        return given


def _place(given: str) -> str:
    path = Path(given)
    return str(path.resolve()) if given.endswith(".jsonl") and path.is_file() else given


def _free_name(bureau: Organisation, wanted: str) -> str:
    taken = set(bureau.sources.values_list("name", flat=True))
    number = 1
    name = wanted[:100]
    while name in taken:
        number += 1
        name = f"{wanted[:100]} ({number})"
    return name


def _list(_: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from django.utils import timezone

    from desk.leads.models import Watch

    for watch in Watch.objects.select_related("source").order_by("pk"):
        last = watch.runs.first()
        due = timezone.localtime(watch.next_due_at)
        print(
            f"{watch.pk}\t{watch.name}\t{watch.source.start_url}\t{watch.query or '-'}\t"
            f"{watch.every_minutes} min\t{due:%Y-%m-%d %H:%M}\t{last.state if last else '-'}"
        )
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from desk.commands.opening import open_desk

    open_desk()
    from desk.errors import NotFound
    from desk.leads.models import Watch
    from desk.leads.services import run_now
    from desk.leads.services.watches import OPEN

    watch = Watch.objects.filter(pk=arguments.watch).first()
    if watch is None:
        raise NotFound(
            f"There is no watch {arguments.watch}; see markseal watch list.",
            f"没有编号为 {arguments.watch} 的监控，请用 markseal watch list 查看。",
        )
    return finish_run(
        watch.runs.filter(state__in=OPEN).first() or run_now(watch=watch, now=datetime.now(UTC))
    )


def finish_run(run: Run) -> int:
    """Work on a run here, or wait for who has it; say how it ended and return the exit code."""
    from desk.jobs.engine import Engine
    from desk.jobs.models import Job
    from desk.leads.services.watches import job_key

    job = Job.objects.get(key=job_key(run))
    ended = Engine().work_on(job.pk, on_progress=lambda said: print(said, file=sys.stderr))
    run.refresh_from_db()
    return _tell(run, ended)


def _tell(run: Run, job: Any) -> int:
    from desk.leads.states import RunState

    if run.state in {RunState.QUEUED, RunState.RUNNING}:
        waits = run.goes_on is not None
        print(f"尚未完成：{job.error_zh or (waits and run.sentence_zh) or job.get_state_display()}")
        print(f"Not finished: {job.error_en or (waits and run.sentence_en) or job.state}")
        return 1
    print(f"{run.get_state_display()}：{run.sentence_zh}")
    print(f"{run.state}: {run.sentence_en}")
    if run.alarm_zh:
        print(f"报警：{run.alarm_zh}\nAlarm: {run.alarm_en}")
    return 0 if run.state in {RunState.COMPLETE, RunState.LIMITED} else 1
