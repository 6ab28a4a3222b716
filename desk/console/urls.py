"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from desk.console.views import (
    entrusting,
    exhibits,
    home,
    keeping,
    leads,
    log,
    marks,
    public,
    sign_in,
    sources,
    triage,
    verify,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="login"),
    path("sign-out/", sign_in.SignOut.as_view(), name="logout"),
    path("leads/", leads.lead_list, name="leads"),
    path("leads/<int:pk>/", leads.lead_page, name="lead"),
    path("leads/<int:pk>/picture/", leads.listing_picture, name="listing-picture"),
    path("leads/<int:pk>/status/", leads.lead_status, name="lead-status"),
    path("leads/<int:pk>/shortlist/", triage.shortlist_lead, name="lead-shortlist"),
    path("leads/<int:pk>/dismiss/", triage.dismiss_lead, name="lead-dismiss"),
    path("leads/<int:pk>/authorise/", triage.authorise_lead, name="lead-authorise"),
    path("leads/<int:pk>/undo/", triage.undo_lead, name="lead-undo"),
    path("leads/<int:pk>/preserve/", triage.preserve_lead, name="lead-preserve"),
    path("marks/", marks.mark_list, name="marks"),
    path("marks/new/", marks.mark_new, name="mark-new"),
    path("marks/<int:pk>/", marks.mark_page, name="mark"),
    path("marks/<int:pk>/sellers/", marks.mark_seller, name="mark-seller"),
    path("exhibits/", exhibits.exhibit_list, name="exhibits"),
    path("exhibits/<int:pk>/", exhibits.exhibit_page, name="exhibit"),
    path("exhibits/<int:pk>/screenshot/", exhibits.exhibit_screenshot, name="exhibit-screenshot"),
    path(
        "exhibits/<int:pk>/pictures/<slug:key>/", exhibits.exhibit_picture, name="exhibit-picture"
    ),
    path("exhibits/<int:pk>/files/<slug:key>/", exhibits.exhibit_file, name="exhibit-file"),
    path("exhibits/<int:pk>/comparison/", exhibits.exhibit_comparison, name="exhibit-comparison"),
    path("exhibits/<int:pk>/again/", exhibits.exhibit_again, name="exhibit-again"),
    path("exhibits/<int:pk>/entrust/", entrusting.exhibit_entrust, name="exhibit-entrust"),
    path(
        "exhibits/<int:pk>/entrust/end/",
        entrusting.exhibit_entrust_end,
        name="exhibit-entrust-end",
    ),
    path("exhibits/<int:pk>/dossier/", exhibits.exhibit_dossier, name="exhibit-dossier"),
    path("exhibits/<int:pk>/papers/<slug:key>/", exhibits.exhibit_paper, name="exhibit-paper"),
    path("exhibits/<int:pk>/keeping/", keeping.exhibit_keeping, name="exhibit-keeping"),
    path("exhibits/<int:pk>/hold/", keeping.exhibit_hold, name="exhibit-hold"),
    path("exhibits/<int:pk>/release/", keeping.exhibit_release, name="exhibit-release"),
    path("exhibits/<int:pk>/erasure/", keeping.exhibit_erasure, name="exhibit-erasure"),
    path("keeping/", keeping.keeping_page, name="keeping"),
    path("erasures/<int:pk>/approve/", keeping.erasure_approve, name="erasure-approve"),
    path("erasures/<int:pk>/end/", keeping.erasure_end, name="erasure-end"),
    path("erasures/<int:pk>/retry/", keeping.erasure_retry, name="erasure-retry"),
    path("chain/", log.log_page, name="log"),
    path("log/<path:path>", public.log_tile, name="public-log"),
    path("verify/public/", public.public_verify, name="public-verify"),
    path("verify/offline/", public.offline_file, name="offline-file"),
    path("verify/", verify.verify_page, name="verify"),
    path("verify/<int:pk>/", verify.verification_page, name="verification"),
    path("sources/", sources.source_list, name="sources"),
    path("sources/new/", sources.source_new, name="source-new"),
    path("watches/<int:pk>/pause/", sources.watch_pause, name="watch-pause"),
    path("watches/<int:pk>/run/", sources.watch_run, name="watch-run"),
]
