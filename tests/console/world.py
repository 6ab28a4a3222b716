"""A small world for the pages: two bureaux, two owners, a notary, leads in every state."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from PIL import Image

from desk.cases.models import CustodyEvent, ErasureRequest, Exhibit
from desk.cases.services import entrust
from desk.leads.models import Lead, Run, Source, Watch
from desk.leads.services import dismiss, file_leads, file_listing, shortlist
from desk.register.models import Mark, Organisation, Role, User
from desk.register.services import add_mark, add_organisation, add_user, authorise_seller
from evidence.format import names
from tests.evidence.builder import Draft
from tests.evidence.builder import World as Installation

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PASSWORD = "a-long-enough-password"
TITLE = "霁泷 保温杯 500ml 316不锈钢 便携水杯"
ROLES = ("owner", "officer", "notary", "auditor", "administrator")

ENVIRONMENT = {
    "rows": [
        {
            "id": "hosts",
            "topic": {"zh": "域名文件", "en": "names file"},
            "status": "differs",
            "zh": "取证期间有改动。",
            "en": "It changed meanwhile.",
        }
    ],
    "not_checked": [{"what": "antivirus", "zh": "未做病毒查杀", "en": "no virus scan was made"}],
    "declared": {"profile": "mobile", "viewport": "412x915"},
    "browser": {"session": "declared"},
}
REPLAY = {
    "format": "markseal-replay/1",
    "verdict": "differs",
    "picture": {
        "differing_permille": 12,
        "regions": [{"x": 1, "y": 2, "width": 30, "height": 40, "cause": "clock"}],
    },
    "text": {"equal": False, "differences": [{"line": 7, "sealed": ["39"], "replayed": ["38"]}]},
}


@dataclass
class World:
    """The people by role, and the rows the tests need by name."""

    people: dict[str, User] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    watch: Watch | None = None
    exhibit: Exhibit | None = None
    erasure: ErasureRequest | None = None


def listing_json(item: str, **changes: Any) -> dict[str, Any]:
    """Return a listing as the crawler writes it."""
    return {
        "id": f"shop:{item}",
        "platform": "shop.example",
        "item_id": item,
        "url": f"https://shop.example/item/{item}",
        "title": TITLE,
        "description": "双层真空，保温十二小时。颜色随机，批量价另询。",
        "brand": "霁泷",
        "price": "39.00",
        "list_price": "59.00",
        "currency": "CNY",
        "availability": "InStock",
        "shop": "大橙子批发",
        "category": "家居用品 > 水具",
        "ship_from": "浙江金华",
        "images": [],
        "attributes": {},
    } | changes


def match_json(mark: Mark, priority: float, **changes: Any) -> dict[str, Any]:
    """Return a match as the matcher writes it."""
    return {
        "mark_id": str(mark.pk),
        "similarity": 0.97,
        "priority": priority,
        "flag": True,
        "field": "title",
        "span": [0, 2],
        "reasons": [
            {
                "code": "name.exact",
                "text": "标题中出现与注册商标完全相同的文字“霁泷”。",
                "text_en": "The title contains the mark, letter for letter.",
                "evidence": "霁泷",
            },
            {
                "code": "goods.same_class",
                "text": "商品属于核定使用的第 21 类。",
                "text_en": "The goods fall in class 21, for which the mark is registered.",
                "evidence": {"class": 21},
            },
            {
                "code": "seller.unknown",
                "text": "店铺不在授权名单内。",
                "text_en": "The shop is not among the authorised ones.",
                "evidence": "大橙子批发",
            },
        ],
        "against": [
            {
                "code": "price.ordinary",
                "text": "价格与同类商品相近。",
                "text_en": "The price is that of similar goods.",
                "evidence": "39.00 CNY",
            }
        ],
        "versions": {"rules": "1", "tables": "2026-11-01"},
    } | changes


def build(*, titles: Mapping[str, Any] | None = None) -> World:
    """Make the world and return it; ``titles`` changes fields of the listings."""
    world = World()
    bureau = add_organisation(name="甬城市场监管局", kind="bureau")
    owner = add_organisation(name="宁波霁泷家居用品有限公司", kind="brand_owner")
    notary = add_organisation(name="甬城公证处", kind="notary_office")
    other_bureau = add_organisation(name="邻市市场监管局", kind="bureau")
    other_owner = add_organisation(name="邻市澜岫茶业有限公司", kind="brand_owner")
    places: tuple[tuple[str, str, Organisation], ...] = (
        ("owner", "owner", owner),
        ("officer", "officer", bureau),
        ("notary", "notary", notary),
        ("auditor", "auditor", bureau),
        ("administrator", "administrator", bureau),
        ("clerk", "officer", bureau),
        ("other_officer", "officer", other_bureau),
        ("other_owner", "owner", other_owner),
    )
    for name, role, organisation in places:
        user, _ = add_user(name=name, role=Role(role), organisation=organisation, password=PASSWORD)
        world.people[name] = user
    world.marks["mine"] = add_mark(
        actor=world.people["owner"], mark_id="DEMO-0002", name="霁泷", classes=(21,)
    )
    authorise_seller(actor=world.people["owner"], mark=world.marks["mine"], shop="霁泷旗舰店")
    world.marks["other"] = add_mark(
        actor=world.people["other_owner"], mark_id="DEMO-0001", name="澜岫", classes=(30,)
    )
    _leads(world, bureau, titles or {})
    _exhibit(world)
    return world


def _leads(world: World, bureau: Organisation, changes: Mapping[str, Any]) -> None:
    source = Source.objects.create(
        organisation=bureau, name="演示店铺", start_url="https://shop.example/"
    )
    world.watch = Watch.objects.create(
        source=source, name="演示店铺 · 全部", every_minutes=1440, next_due_at=timezone.now() + DAY
    )
    run = Run.objects.create(
        watch=world.watch,
        due_at=NOW,
        state="complete",
        listings=373,
        reported_total=373,
        sentence_zh="已读 373 条，发现疑似 4 条。",
        sentence_en="Read 373 listings, 4 suspected.",
    )
    for at, name in enumerate(("new", "second", "dismissed", "shortlisted", "preserved")):
        listing = file_listing(data=listing_json(name, **changes), run=run, now=NOW)
        match = match_json(world.marks["mine"], 0.95 - at / 20)
        world.leads[name] = file_leads(listing=listing, matches=[match], run=run, now=NOW)[0]
    officer = world.people["officer"]
    dismiss(lead=world.leads["dismissed"], actor=officer, reason_code="genuine")
    shortlist(lead=world.leads["shortlisted"], actor=officer)
    shortlist(lead=world.leads["preserved"], actor=officer)


def _exhibit(world: World) -> None:
    lead = world.leads["preserved"]
    folder = Path(settings.MARKSEAL_HOME) / "exhibits" / "e1"
    folder.mkdir(parents=True, exist_ok=True)
    package(folder / "e1.wacz")
    (folder / "e1.dossier.zip").write_bytes(b"not a real dossier")
    Lead.objects.filter(pk=lead.pk).update(state="preserved", picture="")
    world.exhibit = Exhibit.objects.create(
        number=f"{lead.number}-证01",
        organisation=lead.organisation,
        lead=lead,
        capture_id="0" * 32,
        url=lead.listing.url,
        state="sealed",
        requested_by=world.people["officer"],
        requested_at=NOW,
        sealed_at=NOW,
        folder="exhibits/e1",
        wacz="e1.wacz",
        dossier="e1.dossier.zip",
        dossier_sha256="ab" * 32,
        manifest_sha256="cd" * 32,
        log_index=1,
        trial=True,
        title=lead.listing.title,
        final_url=lead.listing.url,
        http_status=200,
        certificate="bad",
        fidelity="exact",
        declared=[{"zh": "网站证书未通过验证", "en": "the certificate did not verify"}],
    )
    CustodyEvent.objects.create(exhibit=world.exhibit, kind="sealed", at=NOW, sha256="ab" * 32)
    _entrusted(world, world.exhibit)
    world.erasure = ErasureRequest.objects.create(
        exhibit=world.exhibit,
        basis="pipl-purpose-ended",
        reason="目的已实现",
        requested_by=world.people["clerk"],
        requested_name="clerk",
        requested_at=NOW,
    )
    lead.refresh_from_db()


def _entrusted(world: World, exhibit: Exhibit) -> None:
    office = world.people["notary"].memberships.get().organisation
    entrust(exhibit=exhibit, office=office, actor=world.people["officer"])


def add_capture(world: World, keys: Path, text: str, *, after: Exhibit | None = None) -> Exhibit:
    """Add a later capture of the world's exhibit, whose page then said ``text``; return it.

    The first exhibit's package becomes a real one too, with a price of its own.
    """
    assert world.exhibit is not None
    before = after or world.exhibit
    installation = Installation.create(keys)
    serial = Exhibit.objects.count() + 1
    later = Exhibit.objects.get(pk=world.exhibit.pk)
    later.pk, later.capture_id = None, f"{serial:032x}"
    later.number, later.folder = f"{world.exhibit.number}B{serial}", f"exhibits/e{serial}"
    assert before.sealed_at is not None
    later.sealed_at = before.sealed_at + DAY
    later.manifest_sha256 = secrets.token_hex(32)  # comparisons are kept by it
    folder = Path(settings.MARKSEAL_HOME) / later.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / later.dossier).write_bytes(b"not a real dossier")
    first = Path(settings.MARKSEAL_HOME) / world.exhibit.folder / world.exhibit.wacz
    for path, said in ((folder / later.wacz, text), (first, "现价 59 元")):
        draft = Draft(installation)
        draft.artefacts[names.TEXT] = said.encode()
        path.write_bytes(draft.seal().wacz)
    later.save()
    _entrusted(world, later)
    return later


def picture(colour: str = "#455a64", size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a small PNG."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def package(path: Path) -> None:
    """Write a package with the files an exhibit's page reads; it is not a valid one."""
    record = {
        "exchanges": [{}, {}],
        "masked": [{"file": "archive/data.warc.gz", "part": "head", "what": "Cookie", "places": 3}],
        "bad_certificates": ["img.example:443 (ERR_CERT_DATE_INVALID)"],
        "not_recorded": [
            {
                "what": "websocket",
                "url": "wss://x.example/",
                "reason": "frames are not recorded (12 bytes)",
            },
            {"what": "refused", "url": "10.0.0.1:80", "reason": "by the egress guard (loopback)"},
            {"what": "popup", "url": "https://p.example/", "reason": "a sentence not known yet"},
        ],
    }
    manifest = {
        "artefacts": [
            {"name": names.MHTML, "size": 4, "sha256": "9a" * 32, "sm3": "9b" * 32},
            {"name": names.RECORDING, "size": 4, "sha256": "9c" * 32, "sm3": "9d" * 32},
            {"name": names.strip_name(1), "size": 9, "sha256": "9e" * 32, "sm3": "9f" * 32},
            {"name": "evidence/replay.png", "size": 9, "sha256": "56" * 32, "sm3": "78" * 32},
            {"name": "evidence/text.txt", "size": 5, "sha256": "12" * 32, "sm3": "34" * 32},
        ]
    }
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("evidence/screenshot.png", picture(size=(320, 400)))
        file.writestr("evidence/capture.json", json.dumps(record))
        file.writestr("evidence/manifest.json", json.dumps(manifest))
        file.writestr("evidence/environment.json", json.dumps(ENVIRONMENT))
        file.writestr("evidence/replay.json", json.dumps(REPLAY))
        file.writestr("evidence/replay.png", picture())
        file.writestr(names.strip_name(1), picture())
        file.writestr(names.RECORDING, b"film")
        file.writestr(names.MHTML, b"page")
        file.writestr(names.ATTENDED, json.dumps({"by": "张三", "second": "李四"}))
