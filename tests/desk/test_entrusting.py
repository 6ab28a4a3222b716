"""A notary office sees the exhibits entrusted to it, for as long as they are."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from desk.cases.models import Entrustment, Exhibit
from desk.cases.selectors import custody_of, entrustments_of, exhibit_for, exhibits_for
from desk.cases.services import end_entrustment, entrust, request_preservation
from desk.errors import NotAllowed, NotFound, NotPossible
from desk.leads.services import shortlist
from desk.register.models import Organisation, Role
from desk.register.services import add_organisation, add_user
from tests.desk.conftest import LeadMaker, Town
from tests.desk.test_cases import Sealer, preserve


@pytest.fixture
def exhibit(town: Town, make_lead: LeadMaker) -> Exhibit:
    lead = shortlist(lead=make_lead(), actor=town.officer)
    return request_preservation(lead=lead, actor=town.officer)


@pytest.fixture
def sealed(exhibit: Exhibit) -> Exhibit:
    return preserve(exhibit, Sealer())


@pytest.fixture
def office(town: Town) -> Organisation:
    return town.notary.memberships.get().organisation


def test_an_office_sees_what_is_entrusted_to_it_and_no_longer(
    town: Town, sealed: Exhibit, office: Organisation
) -> None:
    elsewhere = add_organisation(name="别处公证处", kind="notary_office")
    stranger, _ = add_user(
        name="stranger", role=Role.NOTARY, organisation=elsewhere, password="a-long-password-1"
    )
    with pytest.raises(NotFound):
        exhibit_for(town.notary, sealed.pk)
    row = entrust(exhibit=sealed, office=office, actor=town.officer)
    entrust(exhibit=sealed, office=elsewhere, actor=town.officer)
    assert exhibit_for(town.notary, sealed.pk) == sealed
    assert list(exhibits_for(town.notary)) == [sealed], "once, whoever else sees it"
    assert [one.office for one in entrustments_of(town.notary, sealed)] == [office]
    assert [one.office for one in entrustments_of(town.officer, sealed)] == [office, elsewhere]
    end_entrustment(entrustment=row, actor=town.officer)
    assert not exhibits_for(town.notary).exists()
    assert exhibit_for(stranger, sealed.pk) == sealed
    told = [(one.kind, one.note) for one in custody_of(town.officer, sealed)][-3:]
    assert told == [
        ("entrusted", office.name),
        ("entrusted", elsewhere.name),
        ("entrustment_ended", office.name),
    ]
    with pytest.raises(NotPossible):
        end_entrustment(entrustment=row, actor=town.officer)
    entrust(exhibit=sealed, office=office, actor=town.officer)
    assert exhibits_for(town.notary).exists()


def test_only_an_officer_of_the_bureau_and_only_to_a_notary_office(
    town: Town, sealed: Exhibit, office: Organisation
) -> None:
    for who in (town.owner, town.other_officer, town.notary, town.auditor, town.administrator):
        with pytest.raises(NotAllowed):
            entrust(exhibit=sealed, office=office, actor=who)
    with pytest.raises(NotPossible, match="no notary office"):
        entrust(exhibit=sealed, office=sealed.organisation, actor=town.officer)
    row = entrust(exhibit=sealed, office=office, actor=town.officer)
    for who in (town.other_officer, town.notary, town.auditor):
        with pytest.raises(NotAllowed):
            end_entrustment(entrustment=row, actor=who)
    with pytest.raises(NotPossible, match="already"):
        entrust(exhibit=sealed, office=office, actor=town.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entrustment.objects.create(exhibit=sealed, office=office, at=row.at)
    assert not entrustments_of(town.other_officer, sealed).exists()


def test_what_is_not_sealed_is_not_entrusted(
    town: Town, exhibit: Exhibit, office: Organisation
) -> None:
    with pytest.raises(NotPossible, match="sealed"):
        entrust(exhibit=exhibit, office=office, actor=town.officer)
