"""Bureaux as a tree: auditors of the city read what its districts have, and change nothing."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from desk.cli import main
from desk.errors import BadInput, NotAllowed
from desk.leads.paging import Wanted, window
from desk.leads.selectors import lead_counts, leads_for, sources_for
from desk.leads.services import shortlist
from desk.register.models import Organisation, Role, User
from desk.register.roles import below, scope_of
from desk.register.selectors import units_below
from desk.register.services import add_organisation, add_user, place_organisation
from tests.desk.conftest import LeadMaker, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(town: Town) -> Organisation:
    """Return the city, with a zone under it and the town's bureau under the zone."""
    city = add_organisation(name="甬城市局", kind="bureau")
    zone = add_organisation(name="前湾新区局", kind="bureau")
    place_organisation(organisation=zone, under=city)
    place_organisation(organisation=town.bureau, under=zone)
    return city


def _person(name: str, role: Role, organisation: Organisation) -> User:
    return add_user(name=name, role=role, organisation=organisation, password="a long password")[0]


def test_auditors_read_below_officers_only_their_own(
    town: Town, city: Organisation, make_lead: LeadMaker
) -> None:
    lead = make_lead()
    auditor = _person("city-auditor", Role.AUDITOR, city)
    assert list(leads_for(auditor)) == [lead]
    assert window(auditor, Wanted(), size=5).leads == [lead]
    assert lead_counts(auditor)["new"] == 1
    assert list(sources_for(auditor)) == [town.source]
    assert [str(one) for one in units_below(auditor)] == ["前湾新区局", "鄞州局"]
    with pytest.raises(NotAllowed):
        shortlist(lead=lead, actor=auditor)
    for role in (Role.OFFICER, Role.ADMINISTRATOR):
        person = _person(f"city-{role}", role, city)
        assert not leads_for(person).exists()
        assert not units_below(person).exists()


def test_nobody_sees_above_or_beside(town: Town, city: Organisation, make_lead: LeadMaker) -> None:
    make_lead()
    assert scope_of(town.auditor).bureaux == {town.bureau.pk}
    beside = _person("beside", Role.AUDITOR, town.other_bureau)
    assert not leads_for(beside).exists()
    place_organisation(organisation=town.bureau, under=None)
    assert not leads_for(_person("city-auditor", Role.AUDITOR, city)).exists()


def test_only_bureaux_form_a_tree_and_no_circle(town: Town, city: Organisation) -> None:
    for under in (city, town.bureau):
        with pytest.raises(BadInput):
            place_organisation(organisation=city, under=under)
    for organisation, under in ((town.brand, city), (town.bureau, town.brand)):
        with pytest.raises(BadInput):
            place_organisation(organisation=organisation, under=under)
    for values in ({"parent": city}, {"parent": town.brand.pk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.filter(pk=town.brand.pk).update(**values)


def test_a_circle_in_the_database_ends_the_walk(town: Town, city: Organisation) -> None:
    Organisation.objects.filter(pk=city.pk).update(parent=town.bureau)
    assert town.bureau.pk in below([city.pk])


def test_the_commands_place_and_list(
    town: Town, city: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["organisation", "place", "海曙局"]
    assert main([*place, "--under", "甬城市局"]) == 0
    assert main([*place, "--under", "无此局"]) == 1
    assert main(["organisation", "list"]) == 0
    told = capsys.readouterr()
    assert "没有名为“无此局”的机构" in told.err
    assert "甬城市局 · bureau\n  前湾新区局" in told.out
    assert "\n    鄞州局" in told.out
    assert "\n  海曙局" in told.out
    assert main(place) == 0
