"""What people fill in: errors stand beside the field and nothing is written."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from desk.cases.models import Verification
from desk.register.models import Mark
from tests.console.conftest import Sessions
from tests.console.world import PASSWORD, World

GOOD = {
    "mark_id": "DEMO-0003",
    "name": "桐鸢",
    "classes": "25；18",
    "kind": "word",
    "shops": "桐鸢旗舰店\n\n 桐鸢旗舰店 \n岫里",
}


def test_a_mark_is_registered_with_its_shops(session: Sessions, world: World) -> None:
    answer = session("owner").post("/marks/new/", GOOD, follow=True)
    mark = Mark.objects.get(mark_id="DEMO-0003")
    assert answer.redirect_chain[-1][0] == f"/marks/{mark.pk}/"
    assert mark.class_numbers() == (18, 25)
    assert mark.holder == "宁波霁泷家居用品有限公司"
    assert [seller.shop for seller in mark.authorised_sellers.all()] == ["岫里", "桐鸢旗舰店"]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("classes", "46", "“46”不是尼斯分类的类别号"),
        ("classes", "0", "“0”不是尼斯分类的类别号"),
        ("classes", "25;服装", "“服装”不是尼斯分类的类别号"),
        ("classes", "２５", "“２５”不是尼斯分类的类别号"),
        ("classes", ";", "不是尼斯分类的类别号"),
        ("classes", "", "必填"),
        ("name", "", "必填"),
        ("name", "长" * 201, "200"),
        ("mark_id", "", "必填"),
        ("kind", "smell", "smell"),
        ("shops", "\n".join(str(n) for n in range(201)), "最多 200 家店铺"),
        ("mark_id", "DEMO-0002", "已登记"),
    ],
)
def test_a_wrong_mark_is_refused_in_place(
    field: str, value: str, says: str, session: Sessions, world: World
) -> None:
    before = Mark.objects.count()
    answer = session("owner").post("/marks/new/", GOOD | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert 'role="alert"' in page
    if value != "DEMO-0002":
        assert f'id="id_{field}_error"' in page
    assert Mark.objects.count() == before


def test_one_more_shop(session: Sessions, world: World) -> None:
    mark = world.marks["mine"]
    session("owner").post(f"/marks/{mark.pk}/sellers/", {"shop": "霁泷专卖店"})
    assert mark.authorised_sellers.filter(shop="霁泷专卖店").exists()


def test_signing_in(session: Sessions, world: World) -> None:
    client = session()
    wrong = client.post("/sign-in/", {"username": "officer", "password": "guess"})
    assert "用户名或密码不正确" in wrong.content.decode()
    empty = client.post("/sign-in/", {})
    assert "请填写用户名和密码" in empty.content.decode()
    right = client.post("/sign-in/", {"username": "officer", "password": PASSWORD})
    assert right["Location"] == "/"
    away = session().post(
        "/sign-in/?next=https://evil.example/",
        {"username": "officer", "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert away["Location"] == "/"


def test_no_file_and_an_empty_file(session: Sessions, world: World) -> None:
    client = session("notary")
    assert "请先选择一个文件" in client.post("/verify/", {}).content.decode()
    empty = client.post("/verify/", {"file": SimpleUploadedFile("a.wacz", b"")})
    assert empty.status_code == 422
    assert "空" in empty.content.decode()
    assert not Verification.objects.exists()


def test_too_large_a_file(session: Sessions, world: World) -> None:
    with override_settings(MARKSEAL_UPLOAD_LIMIT=10):
        answer = session("notary").post(
            "/verify/", {"file": SimpleUploadedFile("a.wacz", b"x" * 11)}
        )
    assert answer.status_code == 422
    assert "超过上限" in answer.content.decode()
    assert not Verification.objects.exists()


def test_a_text_file_is_told_to_be_no_package(session: Sessions, world: World) -> None:
    client = session("notary")
    name = "<script>alert(1)</script>.zip"
    answer = client.post("/verify/", {"file": SimpleUploadedFile(name, b"just words")}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "不是封装文件" in page
    assert "<script>alert" not in page
    row = Verification.objects.get()
    assert row.exit_code == 2
    assert "核验记录" in client.get("/verify/").content.decode()
    assert session("owner").get(f"/verify/{row.pk}/").status_code == 404
