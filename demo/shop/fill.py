"""``python -m demo.shop.fill --data DIR``: an empty shop becomes the shop of the catalogue.

A shop already filled from the same catalogue is left as it is; a half-filled one is made anew.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import django

from demo.shop.catalogue import CATALOGUE, Goods, digest, read_catalogue

CARD, PAGE = "x155", "440x400"  # the sizes of pictures the engine's templates ask for
ATTRIBUTES = (("shop", "店铺"), ("brand", "品牌"), ("ship_from", "发货地"), ("sku", "货号"))


def main() -> int:
    """Fill the shop in the folder given and say how many listings it has."""
    parser = argparse.ArgumentParser(prog="python -m demo.shop.fill", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the shop's folder")
    parser.add_argument("--catalogue", type=Path, default=CATALOGUE)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    with data.with_name(data.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return make(data, arguments.catalogue)


def make(data: Path, catalogue: Path) -> int:
    """Fill the folder from the catalogue unless it is filled from it already; return 0."""
    stamp = data / "filled"
    expected = digest(catalogue)
    if stamp.is_file() and stamp.read_text() == expected:
        print("商城已就绪。/ The shop is ready as it is.", file=sys.stderr)
        return 0
    shutil.rmtree(data, ignore_errors=True)
    (data / "media" / "goods").mkdir(parents=True)
    (data / "static").mkdir()
    os.environ["DEMO_SHOP_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.shop.settings"  # not the desk's
    count = fill(read_catalogue(catalogue), data)
    stamp.write_text(expected)
    print(f"已上架 {count} 件商品。/ The shop has {count} listings.", file=sys.stderr)
    return 0


def fill(goods: list[Goods], data: Path) -> int:
    """Make the tables and put all goods into them; return how many listings there are."""
    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction

    # Tables are made as they are now, not by walking through their history: it is far quicker.
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    with transaction.atomic():
        _site()
        _stock(goods, data)
    return apps.get_model("catalogue", "Product").objects.browsable().count()


def _site() -> None:
    """Give the shop its name and the one country the engine's forms need."""
    from django.apps import apps

    apps.get_model("sites", "Site").objects.update_or_create(
        pk=1, defaults={"domain": "127.0.0.1", "name": "演示商城"}
    )
    apps.get_model("address", "Country").objects.get_or_create(
        iso_3166_1_a2="CN", defaults={"printable_name": "中国", "name": "中国"}
    )


def _stock(goods: list[Goods], data: Path) -> None:
    """Create the product class, categories, partners, goods, stock and pictures."""
    from django.apps import apps
    from oscar.apps.catalogue.categories import create_from_breadcrumbs

    get = apps.get_model
    kind = get("catalogue", "ProductClass").objects.create(
        name="普通商品", slug="goods", requires_shipping=True, track_stock=True
    )
    attributes = {
        code: get("catalogue", "ProductAttribute").objects.create(
            product_class=kind, code=code, name=name, type="text"
        )
        for code, name in ATTRIBUTES
    }
    categories = {
        path: create_from_breadcrumbs(path) for path in sorted({g.category for g in goods})
    }
    partners = {
        shop: get("partner", "Partner").objects.create(code=f"shop-{n:03d}", name=shop)
        for n, shop in enumerate(sorted({g.shop for g in goods}), 1)
    }
    for one in goods:
        product = _product(one, kind, categories[one.category], partners[one.shop])
        _describe(product, one, attributes)
        _picture(product, one, data)


def _product(one: Goods, kind: Any, category: Any, partner: Any) -> Any:
    """Create one product with its category and its partner's price and stock."""
    from django.apps import apps

    get = apps.get_model
    product = get("catalogue", "Product")(
        structure="standalone",
        is_public=True,
        upc=one.upc,
        title=one.title,
        slug=one.url_name,
        description=one.description,
        product_class=kind,
    )
    product.save()
    get("catalogue", "ProductCategory").objects.create(product=product, category=category)
    get("partner", "StockRecord").objects.create(
        product=product,
        partner=partner,
        partner_sku=one.sku,
        price_currency=one.currency,
        price=one.price,
        num_in_stock=one.stock,
    )
    return product


def _describe(product: Any, one: Goods, attributes: dict[str, Any]) -> None:
    """Write the rows of the engine's table of information; what is empty has no row."""
    from django.apps import apps

    value = apps.get_model("catalogue", "ProductAttributeValue")
    value.objects.bulk_create(
        value(product=product, attribute=attribute, value_text=text)
        for code, attribute in attributes.items()
        if (text := getattr(one, code))
    )


def _picture(product: Any, one: Goods, data: Path) -> None:
    """Draw the picture and the engine's two smaller ones, so that no visitor waits for them."""
    from django.apps import apps
    from oscar.core.thumbnails import get_thumbnailer

    from demo.shop.pictures import draw

    name = f"goods/{one.upc}.jpg"
    draw(one.picture, one.upc).save(data / "media" / name, quality=86)
    image = apps.get_model("catalogue", "ProductImage").objects.create(
        product=product, original=name, caption=one.title[:200]
    )
    for size in (CARD, PAGE):
        get_thumbnailer().generate_thumbnail(image.original, size=size, upscale=False)


if __name__ == "__main__":
    sys.exit(main())
