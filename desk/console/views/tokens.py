"""A person's tokens for the API: the list, a new one shown once, and their end."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from desk.console.access import EVERYBODY, role_required, viewer_of
from desk.register.models import Token, TokenScope
from desk.register.services.tokens import make_token, revoke_tokens

LISTED = 100


class TokenForm(forms.Form):
    """What a new token is for, what may be done with it, and how long."""

    name = forms.CharField(
        label=gettext_lazy("用途"),
        max_length=80,
        help_text=gettext_lazy("哪个系统或程序使用，便于日后辨认。"),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("权限范围"),
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"),
        coerce=int,
        choices=[(days, format_lazy(gettext_lazy("{n} 天"), n=days)) for days in (30, 90, 365)],
        initial=90,
    )


@require_GET
@role_required(*EVERYBODY)
def token_list(request: HttpRequest) -> HttpResponse:
    """Return this person's tokens and the form for another one."""
    return _page(request, TokenForm())


@require_POST
@role_required(*EVERYBODY)
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    _, text = make_token(account=viewer_of(request), now=timezone.now(), **form.cleaned_data)
    answer = _page(request, TokenForm(), text)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@role_required(*EVERYBODY)
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of this person's tokens; one that is over already stays over."""
    if revoke_tokens(viewer_of(request), now=timezone.now(), pk=pk):
        messages.success(request, _("令牌已吊销。"))
    else:
        messages.info(request, _("该令牌此前已失效。"))
    return redirect("tokens")


def _page(request: HttpRequest, form: TokenForm, fresh: str = "") -> HttpResponse:
    tokens = Token.objects.filter(account=viewer_of(request))[:LISTED]
    labels = dict(TokenScope.choices)
    rows = [(one, [str(labels.get(scope, scope)) for scope in one.scopes]) for one in tokens]
    context = {"form": form, "rows": rows, "fresh": fresh, "now": timezone.now()}
    return render(request, "console/tokens.html", context, status=422 if form.errors else 200)
