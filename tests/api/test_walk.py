"""A plain client walks all of the API by its own description; each answer is what that says."""

from __future__ import annotations

from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from desk.leads.models import LeadEvent
from tests.api.conftest import Programs
from tests.console.world import World

JSON = "application/json"


class Walker:
    """Asks, and holds every answer against the served description."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.openapi = Client().get("/api/v1/openapi.json").json()
        self.seen: set[tuple[str, str, int]] = set()

    def __call__(self, path: str, *, method: str = "get", expect: int = 200, **sent: Any) -> Any:
        address = "/api/v1" + path
        answer = getattr(self.client, method)(address, **sent)
        assert answer.status_code == expect, answer.content
        template = self._template(address.partition("?")[0])
        told = self.openapi["paths"][template][method]["responses"][str(expect)]
        self.seen.add((method, template, expect))
        media = answer["Content-Type"].partition(";")[0]
        if media == "application/zip":
            return b"".join(answer.streaming_content)
        schema = told["content"][media]["schema"] | {"components": self.openapi["components"]}
        Draft202012Validator(schema).validate(answer.json())
        return answer.json()

    def _template(self, address: str) -> str:
        parts = ["{pk}" if part.isdigit() else part for part in address.split("/")]
        return "/".join(parts)


def _decide(walk: Walker, pk: int, key: str, expect: int = 200, **body: Any) -> Any:
    return walk(
        f"/leads/{pk}/decision", method="post", expect=expect, data=body,
        content_type=JSON, headers={"idempotency-key": key},
    )  # fmt: skip


def test_the_description_is_openapi_with_valid_schemas() -> None:
    told = Client().get("/api/v1/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    for schema in told["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for operations in told["paths"].values():
        for operation in operations.values():
            assert operation["security"]
            assert "x-scope" in operation
            for status in ("401", "403", "404", "422"):
                assert list(operation["responses"][status]["content"]) == [
                    "application/problem+json"
                ]


def test_a_client_walks_all_of_it(world: World, program: Programs) -> None:
    assert world.exhibit is not None
    walk = Walker(program("officer"))
    assert walk("/me")["roles"] == ["officer"]
    for path in ("/marks", "/leads", "/exhibits", "/sources", "/runs"):
        ids, cursor = [], ""
        while cursor is not None:
            page = walk(f"{path}?limit=1&cursor={cursor}")
            assert len(page["items"]) <= 1
            ids += [row["id"] for row in page["items"]]
            cursor = page["next"]
        assert len(ids) == len(set(ids)) > 0
        assert [row["id"] for row in walk(path)["items"]] == ids
        walk(f"{path}?cursor=nonsense", expect=422)
        walk(f"{path}?limit=0", expect=422)
    walk(f"/marks/{world.marks['mine'].pk}")
    walk(f"/leads/{world.leads['new'].pk}")
    assert len(walk("/leads?state=new")["items"]) == 2
    for wrong in ("state=guilty", f"mark={10**30}", "search=%00", "cursor=nan~1"):
        walk(f"/leads?{wrong}", expect=422)
    walk("/exhibits?state=guilty", expect=422)
    walk(f"/exhibits/{world.exhibit.pk}")
    assert walk(f"/exhibits/{world.exhibit.pk}/verdict")["verdict"] == "not_a_package"
    assert walk(f"/exhibits/{world.exhibit.pk}/dossier") == b"not a real dossier"
    for path in (f"/marks/{10**30}", "/leads/0", "/exhibits/0", "/exhibits/0/verdict"):
        walk(path, expect=404)
    pk = world.leads["new"].pk
    assert _decide(walk, pk, "key-number-1", decision="shortlist", revision=0)["revision"] == 1
    operations = {
        (method, path, 200) for path, all_of in walk.openapi["paths"].items() for method in all_of
    }
    assert operations <= walk.seen


def test_an_owner_sees_no_step_of_an_officer(world: World, program: Programs) -> None:
    lead = world.leads["dismissed"]
    assert len(Walker(program("officer"))(f"/leads/{lead.pk}")["events"]) == 2
    told = Walker(program("owner"))(f"/leads/{lead.pk}")
    assert [event["to_state"] for event in told["events"]] == ["new"]


def test_what_has_not_changed_is_not_sent_again(world: World, program: Programs) -> None:
    client, walk = program("officer"), Walker(program("officer"))
    lead = world.leads["new"]
    address = f"/api/v1/leads/{lead.pk}"
    tag = client.get(address)["ETag"]
    assert client.get(address, headers={"if-none-match": tag}).status_code == 304
    _decide(walk, lead.pk, "key-number-1", decision="authorise", revision=0)
    assert client.get(address, headers={"if-none-match": tag}).status_code == 200


def test_a_decision_is_taken_once_for_each_key(world: World, program: Programs) -> None:
    walk, lead = Walker(program("officer")), world.leads["new"]
    steps = LeadEvent.objects.filter(lead=lead)
    before = steps.count()
    asked = {"decision": "dismiss", "reason_code": "fair_use", "revision": 0}
    first = _decide(walk, lead.pk, "key-number-1", **asked)
    assert first["state"] == "dismissed"
    assert _decide(walk, lead.pk, "key-number-1", **asked) == first
    assert steps.count() == before + 1
    other = {"decision": "undo", "revision": 1}
    told = _decide(walk, lead.pk, "key-number-1", expect=422, **other)
    assert "幂等键" in told["zh"]
    clerk = Walker(program("clerk"))
    told = _decide(clerk, lead.pk, "key-number-1", expect=409, **asked)
    assert told["type"].endswith("already-decided")
    assert _decide(walk, lead.pk, "key-number-2", **other)["state"] == "new"
    assert steps.count() == before + 2


def test_a_refused_decision_leaves_no_key(world: World, program: Programs) -> None:
    walk, lead = Walker(program("officer")), world.leads["new"]
    _decide(walk, lead.pk, "key-number-1", expect=422, decision="dismiss", revision=0)
    done = _decide(walk, lead.pk, "key-number-1", decision="shortlist", revision=0)
    assert done["state"] == "shortlisted"
    undone = {"decision": "shortlist", "revision": 1}
    _decide(walk, lead.pk, "key-number-2", expect=409, **undone)
    wrong = {"decision": "convict", "revision": 1}
    told = _decide(walk, lead.pk, "key-number-3", expect=422, **wrong)
    assert told["faults"][0]["where"].endswith("decision")
    walk(
        f"/leads/{lead.pk}/decision", method="post", expect=422, data=wrong, content_type=JSON
    )  # no key


def test_what_is_not_json_or_not_a_method_is_a_problem(world: World, program: Programs) -> None:
    client = program("officer", language="en")
    address = f"/api/v1/leads/{world.leads['new'].pk}/decision"
    headers = {"idempotency-key": "key-number-1"}
    answer = client.post(address, "{", content_type=JSON, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The body of the request cannot be read as JSON."
    answer = client.get(address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"] == "application/problem+json"
