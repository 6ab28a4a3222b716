"""The demo's story in seven steps, each done the way a person or the service does it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

from demo.dossier import check_twice
from demo.errors import NotAsTold, TooLong
from demo.person import Person
from demo.processes import DIRECT, ROOT, Child, Household, free_port
from demo.shop.catalogue import MARKS, SELLERS, Goods, read_catalogue
from demo.truth import Comparison, compare, number_in
from demo.wording import Teller

SHOP_PYTHON = ROOT / ".venv-demo" / "bin" / "python"
BUREAU, OWNER, NOTARY = "甬城市场监管局（演示）", "甬城品牌联盟（演示）", "甬城公证处（演示）"
PEOPLE = (
    # role, account, organisation and its kind
    ("owner", "owner", OWNER, "brand_owner", "权利人 / brand owner"),
    ("officer", "officer", BUREAU, "bureau", "执法人员 / officer"),
    ("notary", "notary", NOTARY, "notary_office", "公证人员 / notary"),
)
SWEEP_SECONDS, SEAL_SECONDS, START_SECONDS = 420.0, 240.0, 90.0
NOT_INHERITED = ("MARKSEAL_DATABASE_URL", "MARKSEAL_PUBLIC_URL", "MARKSEAL_SECRET_KEY_FILE")
_TOTAL = re.compile(r"<strong>(\d+)</strong>")


@dataclass
class Story:
    """Tells the story once; raises DemoError at the first thing that is not as promised."""

    home: Path
    shop_data: Path
    household: Household
    teller: Teller
    goods: list[Goods] = field(default_factory=read_catalogue)
    shop: str = ""
    console: str = ""
    passwords: dict[str, str] = field(default_factory=dict)

    def tell(self) -> None:
        """Do all seven steps."""
        self.teller.title(
            "markseal 演示：登记商标 → 监控店铺 → 线索 → 核查 → 固证封装 → 离线核验",
            "markseal demo: marks → watch → leads → shortlist → seal → verify offline",
        )
        self._environment()
        self._start_shop()
        self._start_service()
        self._settle()
        run = self._sweep()
        self._compare(run)
        dossier = self._preserve()
        self._verify(dossier)
        self._close()

    def _environment(self) -> None:
        """Set what the service and this process read; nothing of another installation."""
        for name in NOT_INHERITED:
            os.environ.pop(name, None)
        os.environ |= {
            "MARKSEAL_HOME": str(self.home),
            "MARKSEAL_HOST": "127.0.0.1",
            "MARKSEAL_PORT": str(free_port()),
            "MARKSEAL_ALLOW_LOOPBACK": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        self.teller.say(
            "本演示放行本机地址（MARKSEAL_ALLOW_LOOPBACK=1），记录中会注明。",
            "This demo lets this machine's own address through (MARKSEAL_ALLOW_LOOPBACK=1), "
            "and the record says so.",
        )
        if os.geteuid() == 0:
            os.environ["MARKSEAL_NO_SANDBOX"] = "1"
            self.teller.say(
                "以 root 运行，浏览器不用沙箱（MARKSEAL_NO_SANDBOX=1），环境记录中会注明。",
                "Run as root, the browser has no sandbox (MARKSEAL_NO_SANDBOX=1), "
                "declared in the environment record.",
            )

    def _start_shop(self) -> None:
        self.teller.step("演示商城（django-oscar）", "the demo shop (django-oscar)")
        if not SHOP_PYTHON.exists():
            raise NotAsTold(
                "The shop's environment is missing; run make demo, which makes it.",
                "缺少商城的运行环境，请运行 make demo 自动建立。",
            )
        self.teller.progress("上架商品 / putting goods on the shelves")
        filled = subprocess.run(
            [str(SHOP_PYTHON), "-m", "demo.shop.fill", "--data", str(self.shop_data)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if filled.returncode:
            last = (filled.stderr.strip().splitlines() or ["-"])[-1]
            raise NotAsTold(f"The shop cannot be filled: {last}", f"商城上架失败：{last}")
        port = free_port()
        self.shop = f"http://127.0.0.1:{port}"
        command = [str(SHOP_PYTHON), "-m", "demo.shop.serve"]
        command += ["--data", str(self.shop_data), "--port", str(port)]
        child = self.household.start("演示商城", "demo shop", command, environment=os.environ)
        self._await(child, f"{self.shop}/catalogue/")
        self.teller.fact("网址", "address", f"{self.shop}/")
        self.teller.fact("商城显示的商品数", "listings the shop reports", self._shop_total())

    def _shop_total(self) -> int:
        """Return the number of listings that the shop's own page prints."""
        with DIRECT.open(f"{self.shop}/catalogue/", timeout=30) as answer:
            found = _TOTAL.search(answer.read().decode("utf-8"))
        if found is None:
            raise NotAsTold("The shop prints no number of listings.", "商城没有显示商品总数。")
        return int(found[1])

    def _start_service(self) -> None:
        self.teller.step("markseal 服务", "the markseal service")
        self.console = f"http://127.0.0.1:{os.environ['MARKSEAL_PORT']}"
        command = [sys.executable, "-m", "desk.cli", "run"]
        child = self.household.start("服务", "service", command, environment=os.environ)
        self._await(child, f"{self.console}/sign-in/")
        self.teller.fact("控制台", "console", f"{self.console}/")
        self.teller.fact("数据目录", "data folder", self.home)

    def _await(self, child: Child, url: str) -> None:
        self.teller.progress(f"等待启动 / starting: {child.en}")
        self.household.await_answer(child, url, seconds=START_SECONDS)

    def _settle(self) -> None:
        """Make organisations, accounts, marks and authorised sellers."""
        django.setup()
        from desk.register.services import add_organisation, add_user
        from desk.register.services.imports import import_marks, import_sellers

        self.teller.step("机构、账号与商标", "organisations, accounts and marks")
        organisations = {}
        for role, name, organisation, kind, _ in PEOPLE:
            organisations[role] = add_organisation(name=organisation, kind=kind)
            _, self.passwords[name] = add_user(
                name=name, role=role, organisation=organisations[role]
            )
        marks = import_marks(path=MARKS, organisation=organisations["owner"])
        sellers = import_sellers(path=SELLERS, organisation=organisations["owner"])
        self.teller.fact("登记商标", "marks registered", marks.added)
        self.teller.fact("授权店铺", "authorised sellers", sellers.added)
        self._accounts()

    def _accounts(self) -> None:
        rows: list[tuple[str, ...]] = [("账号 / account", "密码 / password", "")]
        rows += [(name, self.passwords[name], said) for _, name, _, _, said in PEOPLE]
        self.teller.table(rows)

    def _sweep(self) -> Any:
        """Add the source and its watch, and wait until the service has done the first run."""
        from django.utils import timezone

        from desk.leads.models import Run
        from desk.leads.services import add_source, add_watch
        from desk.register.models import Organisation

        self.teller.step("监控商城并比对", "watch the shop and compare")
        source = add_source(
            organisation=Organisation.objects.get(name=BUREAU),
            name="演示商城",
            start_url=f"{self.shop}/catalogue/",
            recipe="oscar",
        )
        watch = add_watch(source=source, now=timezone.now(), name="全部商品")
        run = self._until(
            lambda: Run.objects.filter(watch=watch, finished_at__isnull=False).first(),
            what=("首次读取", "the first reading"),
            seconds=SWEEP_SECONDS,
            key="sweep:",
        )
        self.teller.say(run.sentence_zh, run.sentence_en)
        reported = self._shop_total()
        self.teller.fact("读取商品", "listings crawled", run.listings)
        self.teller.fact("商城显示的商品数", "listings the shop reports", reported)
        if not run.listings == reported == run.reported_total == len(self.goods):
            raise NotAsTold(
                f"{run.listings} listings were read ({run.state}), the shop reports {reported}, "
                f"the crawl saw {run.reported_total}, the catalogue has {len(self.goods)}.",
                f"读取 {run.listings} 条（{run.get_state_display()}），商城显示 {reported} 条，"
                f"采集看到的总数 {run.reported_total}，目录共 {len(self.goods)} 条，不一致。",
            )
        return run

    def _compare(self, run: Any) -> None:
        """Print the leads by kind; raises NotAsTold when a promise is broken."""
        from desk.leads.models import Lead

        self.teller.step("线索与目录真值对照", "leads compared with the truth")
        leads = Lead.objects.filter(listing__last_run=run)
        found = leads.values_list("listing__url", "mark__mark_id")
        result = compare(self.goods, [(number_in(url), mark) for url, mark in found])
        self.teller.fact("疑似线索", "suspected leads", leads.count())
        self.teller.table(result.rows())
        if not result.as_promised:
            raise _broken(result)
        self.teller.say(
            f"未授权的相同使用 {result.planted['exact']} 条全部列为疑似；"
            "授权正品与适配配件无一误列。",
            f"All {result.planted['exact']} exact uses by unauthorised sellers are suspected; "
            "no genuine or compatible-with listing is.",
        )

    def _preserve(self) -> Any:
        """Have the officer shortlist one lead and preserve it; return the sealed exhibit."""
        from desk.cases.models import Exhibit
        from desk.leads.models import Lead

        self.teller.step("执法人员列入核查并固证", "an officer shortlists and preserves")
        exact = {one.upc for one in self.goods if one.family == "exact"}
        lead = next(
            lead
            for lead in Lead.objects.filter(state="new").select_related("listing", "mark")
            if number_in(lead.listing.url) in exact
        )
        self.teller.fact("线索", "lead", f"{lead.number}  {lead.listing.title}")
        self.teller.fact("商标", "mark", f"{lead.mark.name}（{lead.mark.mark_id}）")
        officer = Person(self.console, "officer", self.passwords["officer"])
        page = f"/leads/{lead.pk}/"
        note = "演示：列入核查，不是认定。"
        officer.post(f"{page}shortlist/", {"note": note}, form=page)
        officer.post(f"{page}preserve/", {}, form=page)
        exhibit = self._until(
            lambda: Exhibit.objects.filter(lead=lead, state__in=("sealed", "failed")).first(),
            what=("固证封装", "sealing"),
            seconds=SEAL_SECONDS,
            key="preserve:",
        )
        if exhibit.state != "sealed":
            raise NotAsTold(
                f"The page was not preserved: {exhibit.error_en}",
                f"固证失败：{exhibit.error_zh}",
            )
        self.teller.fact("证据项", "exhibit", exhibit.number)
        self.teller.fact("证据文件", "exhibit's path", self.home / exhibit.folder)
        self._entrust(officer, f"/exhibits/{exhibit.pk}/")
        return exhibit

    def _entrust(self, officer: Person, page: str) -> None:
        """Have the officer entrust the exhibit to the notary's office, which sees it from then."""
        from desk.register.selectors import notary_offices

        office = notary_offices().get()
        officer.post(f"{page}entrust/", {"office": str(office.pk)}, form=page)
        self.teller.fact("委托公证机构", "entrusted to", office.name)

    def _verify(self, exhibit: Any) -> None:
        """Have the notary download the dossier, and verify that copy twice."""
        self.teller.step("公证人员下载并离线核验", "a notary downloads and verifies offline")
        notary = Person(self.console, "notary", self.passwords["notary"])
        handed = self.home / "demo" / "handed-over"
        dossier = notary.download(f"/exhibits/{exhibit.pk}/dossier/", handed / exhibit.dossier)
        check_twice(
            dossier, sha256=exhibit.dossier_sha256, trust=self.home / "trust", teller=self.teller
        )

    def _close(self) -> None:
        self.teller.title("演示全部通过。", "Everything is as promised.")

    def tell_doors(self) -> None:
        """Say where the console and the shop are, and with which accounts one enters."""
        self.teller.fact("控制台", "console", f"{self.console}/")
        self.teller.fact("演示商城", "demo shop", f"{self.shop}/")
        self._accounts()

    def _until(
        self, look: Callable[[], Any], *, what: tuple[str, str], seconds: float, key: str
    ) -> Any:
        """Return what ``look`` finds, showing the job's progress; raises TooLong in the end."""
        from desk.jobs.models import Job

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = look()
            if found is not None:
                return found
            self.household.check()
            job = Job.objects.filter(key__startswith=key).order_by("-pk").first()
            said = (job.progress or job.get_state_display()) if job else "排队 / waiting"
            self.teller.progress(f"{what[0]} / {what[1]}: {said}")
            if job is not None and job.state == "dead":
                raise NotAsTold(f"The job broke: {job.error_en}", f"任务失败：{job.error_zh}")
            time.sleep(1)
        raise TooLong(
            f"{what[1]} took longer than {seconds:.0f} s; see {self.household.logs}.",
            f"{what[0]}超过 {seconds:.0f} 秒仍未完成，详见 {self.household.logs}。",
        )


def _broken(result: Comparison) -> NotAsTold:
    """Return the error that names what was missed and who was wronged."""
    missed = "；".join(one.title for one in result.missed[:5]) or "-"
    wronged = "；".join(one.title for one in result.wronged[:5]) or "-"
    return NotAsTold(
        f"{len(result.missed)} exact uses were missed ({missed}) and {len(result.wronged)} "
        f"genuine or compatible listings flagged ({wronged}).",
        f"漏掉相同使用 {len(result.missed)} 条（{missed}），"
        f"误列正品或适配商品 {len(result.wronged)} 条（{wronged}）。",
    )
