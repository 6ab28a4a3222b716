"""An officer's steps go through the services and are refused with a sentence."""

from __future__ import annotations

from desk.cases.models import Exhibit
from desk.jobs.models import Job
from desk.leads.models import Lead
from tests.console.conftest import Sessions
from tests.console.world import World


def _lead(world: World, name: str) -> Lead:
    return Lead.objects.get(pk=world.leads[name].pk)


def test_shortlisting_stays_on_the_lead_and_says_it_is_no_finding(
    session: Sessions, world: World
) -> None:
    lead = world.leads["new"]
    answer = session("officer").post(
        f"/leads/{lead.pk}/shortlist/", {"note": "价格偏低", "revision": lead.revision}, follow=True
    )
    assert answer.redirect_chain[-1][0] == f"/leads/{lead.pk}/"
    assert "不是认定" in answer.content.decode()
    assert _lead(world, "new").state == "shortlisted"
    event = lead.events.last()
    assert event is not None
    assert (event.actor, event.note) == (world.people["officer"], "价格偏低")


def test_dismissing_needs_a_reason(session: Sessions, world: World) -> None:
    lead = world.leads["new"]
    answer = session("officer").post(f"/leads/{lead.pk}/dismiss/", {"note": "不像"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'role="alert"' in page
    assert '<details class="choose" open>' in page
    assert 'value="不像"' in page, "the note is kept"
    assert _lead(world, "new").state == "new"


def test_dismissing_with_other_needs_words(session: Sessions, world: World) -> None:
    lead = world.leads["new"]
    answer = session("officer").post(f"/leads/{lead.pk}/dismiss/", {"reason_code": "other"})
    assert answer.status_code == 409
    assert _lead(world, "new").state == "new"


def test_dismissing_goes_on_to_the_next_lead(session: Sessions, world: World) -> None:
    lead = world.leads["new"]
    answer = session("officer").post(
        f"/leads/{lead.pk}/dismiss/", {"reason_code": "genuine"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == f"/leads/{world.leads['second'].pk}/"
    assert lead.number in answer.content.decode()
    assert _lead(world, "new").reason_code == "genuine"


def test_the_last_lead_leads_back_to_the_list(session: Sessions, world: World) -> None:
    client = session("officer")
    client.post(f"/leads/{world.leads['new'].pk}/authorise/")
    answer = client.post(f"/leads/{world.leads['second'].pk}/authorise/")
    assert answer["Location"] == "/leads/"
    assert _lead(world, "second").state == "authorised"


def test_what_somebody_else_decided_meanwhile_is_not_overwritten(
    session: Sessions, world: World
) -> None:
    lead = world.leads["new"]
    seen = lead.revision
    session("officer").post(f"/leads/{lead.pk}/authorise/", {"revision": seen})
    answer = session("officer").post(f"/leads/{lead.pk}/shortlist/", {"revision": seen})
    assert answer.status_code == 409
    assert _lead(world, "new").state == "authorised"


def test_a_decision_can_be_taken_back(session: Sessions, world: World) -> None:
    lead = world.leads["dismissed"]
    session("officer").post(f"/leads/{lead.pk}/undo/")
    assert _lead(world, "dismissed").state == "new"


def test_preserving_makes_exhibit_and_job_and_warns_of_trial(
    session: Sessions, world: World
) -> None:
    lead = world.leads["shortlisted"]
    client = session("officer")
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert "不得作为正式证据使用" in page
    answer = client.post(f"/leads/{lead.pk}/preserve/", follow=True)
    page = answer.content.decode()
    exhibit = Exhibit.objects.get(lead=lead)
    assert Job.objects.filter(kind="preserve", payload__exhibit=exhibit.pk).count() == 1
    assert exhibit.number in page
    assert f'data-refresh="/leads/{lead.pk}/status/"' in page
    assert "lead-undo" not in page
    part = client.get(f"/leads/{lead.pk}/status/").content.decode()
    assert "data-refresh" in part
    assert "data-done" not in part
    assert "<html" not in part


def test_a_new_lead_cannot_be_preserved(session: Sessions, world: World) -> None:
    lead = world.leads["new"]
    answer = session("officer").post(f"/leads/{lead.pk}/preserve/")
    assert answer.status_code == 409
    assert not Exhibit.objects.filter(lead=lead).exists()


def test_an_owner_sees_the_lead_without_the_officers_steps(session: Sessions, world: World) -> None:
    page = session("owner").get(f"/leads/{world.leads['shortlisted'].pk}/").content.decode()
    assert "机器发现疑似" in page
    assert "formaction" not in page
    assert "officer" not in page


def test_filters_and_order(session: Sessions, world: World) -> None:
    client = session("officer")
    every = client.get("/leads/")
    order = [lead.pk for lead in every.context["window"].leads]
    assert order == [world.leads[name].pk for name in world.leads]
    some = client.get("/leads/?state=dismissed")
    assert [lead.pk for lead in some.context["window"].leads] == [world.leads["dismissed"].pk]
    assert not client.get("/leads/?q=没有这样的").context["window"].leads
    assert client.get("/leads/?q=大橙子").context["window"].total == 5
    assert client.get("/leads/?platform=shop.example").context["window"].total == 5
    assert client.get("/leads/?mark=999999&state=nonsense").status_code == 200
    assert client.get("/leads/?page=99").status_code == 200
