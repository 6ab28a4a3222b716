"""Haystack's simple backend, taught the filters, the paging and the order that the shop asks for.

As delivered, that backend looks only for the last word of a query and takes the shop's own
filters (public, category) for words, so that browsing finds nothing and every page is page one.
Here each word is looked for by substring, which finds Chinese without a word list; words are
joined by *and*. Negated and *or* queries are not understood: the shop's pages ask none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from haystack.backends import BaseEngine, SearchNode
from haystack.backends.simple_backend import SimpleSearchBackend, SimpleSearchQuery
from haystack.models import SearchResult
from oscar.core.loading import get_model

SEARCHED = ("title", "description", "upc")
ORDERS = {
    "date_created": "date_created",
    "title_exact": "title",
    "price": "stockrecords__price",
    "rating": "rating",
}


class SubstringQuery(SimpleSearchQuery):
    """Writes what the shop asks for as JSON: one list of words, one of categories."""

    def build_query(self) -> str:
        words: list[str] = []
        categories: list[int] | None = None
        for field, value in self._conditions(self.query_filter):
            if field == "content":
                words += str(getattr(value, "query_string", value)).split()
            elif field == "category":
                categories = [int(pk) for pk in value]
        return json.dumps({"words": words, "categories": categories, "order": self.order_by})

    def _conditions(self, node: SearchNode) -> Iterator[tuple[str, Any]]:
        for child in node.children:
            if isinstance(child, SearchNode):
                yield from self._conditions(child)
            else:
                yield str(child[0]).split("__")[0], child[1]


class SubstringBackend(SimpleSearchBackend):
    """Finds public goods whose title, description or number contains every word."""

    def search(self, query_string: str, **kwargs: Any) -> dict[str, Any]:
        found = self._goods(json.loads(query_string))
        page = found[kwargs.get("start_offset") or 0 : kwargs.get("end_offset")]
        result_class = kwargs.get("result_class") or SearchResult
        return {"results": [self._row(p, result_class) for p in page], "hits": found.count()}

    def _goods(self, asked: dict[str, Any]) -> QuerySet[Any]:
        goods = get_model("catalogue", "Product").objects.browsable()
        for word in asked["words"]:
            anywhere = Q()
            for field in SEARCHED:
                anywhere |= Q(**{f"{field}__icontains": word})
            goods = goods.filter(anywhere)
        if asked["categories"] is not None:
            goods = goods.filter(categories__in=asked["categories"]).distinct()
        order = [
            ("-" if name.startswith("-") else "") + ORDERS[name.lstrip("-")]
            for name in asked["order"]
            if name.lstrip("-") in ORDERS
        ]
        return goods.order_by(*order, "pk")

    def _row(self, product: Any, result_class: type[SearchResult]) -> SearchResult:
        row = result_class("catalogue", "product", product.pk, 0)
        row._model, row._object = type(product), product
        return row


class SubstringEngine(BaseEngine):
    """What ``HAYSTACK_CONNECTIONS`` names."""

    backend = SubstringBackend
    query = SubstringQuery
