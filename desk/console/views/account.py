"""A person's own account: where they are signed in, and the password; whom somebody administers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from desk.console.access import EVERYBODY, role_required, viewer_of
from desk.console.limits import address_of
from desk.register.models import Role
from desk.register.selectors import people_for, person_for
from desk.register.services.signing_in import begin_sign_in, signed_in
from desk.register.services.tokens import revoke_tokens, valid_tokens
from desk.register.sessions import end_session, end_sessions, sessions_of


class PasswordForm(PasswordChangeForm):
    """Another password for one's own account; the rules are those of settings."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": gettext_lazy("当前密码不正确，请重新输入。"),
        "password_mismatch": gettext_lazy("两次输入的新密码不一致。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "old_password": gettext_lazy("当前密码"),
            "new_password1": gettext_lazy("新密码"),
            "new_password2": gettext_lazy("再次输入新密码"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"].help_text = gettext_lazy(
            "至少 12 个字符，不得与账号相近或过于常见。"
        )
        self.fields["new_password2"].help_text = ""


@require_GET
@role_required(*EVERYBODY)
def account_page(request: HttpRequest) -> HttpResponse:
    """Return where this person is signed in, and the form for another password."""
    return _page(request, PasswordForm(viewer_of(request)))


@require_POST
@role_required(*EVERYBODY)
def account_password(request: HttpRequest) -> HttpResponse:
    """Change the password, which ends this person's other sessions.

    A wrong present password counts like a failed sign-in, and is refused like one.
    """
    account = viewer_of(request)
    form = PasswordForm(account, request.POST)
    if not request.POST.get("old_password"):
        return _page(request, form)
    attempt = begin_sign_in(name=account.username, address=address_of(request), now=timezone.now())
    if attempt.wait is not None:
        minutes = int(attempt.wait.total_seconds() // 60) + 1
        told = _("密码错误次数过多，请 %(n)s 分钟后再试。") % {"n": minutes}
        messages.error(request, told)
        return redirect("account")
    valid = form.is_valid()
    if "old_password" not in form.errors:
        signed_in(attempt)
    if not valid:
        return _page(request, form)
    form.save()
    update_session_auth_hash(request, account)
    end_sessions(account, but=request.session.session_key)
    messages.success(request, _("密码已更改，其他登录均已退出。"))
    return redirect("account")


@require_POST
@role_required(*EVERYBODY)
def account_session_end(request: HttpRequest) -> HttpResponse:
    """End one of this person's sessions; one that is over already stays over."""
    if end_session(viewer_of(request), request.POST.get("session", "")):
        messages.success(request, _("该处登录已退出。"))
    else:
        messages.info(request, _("该处登录此前已结束。"))
    return redirect("account")


@require_GET
@role_required(Role.ADMINISTRATOR)
def people_page(request: HttpRequest) -> HttpResponse:
    """Return the people whom this person administers, with where they are signed in."""
    now, here = timezone.now(), request.session.session_key
    tokens = Counter(valid_tokens(now=now).values_list("account_id", flat=True))
    rows = [
        (person, sessions_of(person, now=now, current=here), tokens[person.pk])
        for person in people_for(viewer_of(request))
    ]
    return render(request, "console/people.html", {"rows": rows})


@require_POST
@role_required(Role.ADMINISTRATOR)
def person_sessions_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End all sessions of a person, but the one that asks, and revoke their tokens."""
    person = person_for(viewer_of(request), pk)
    number = end_sessions(person, but=request.session.session_key)
    revoked = revoke_tokens(person, now=timezone.now())
    told = _("已结束 %(name)s 的 %(n)s 处登录，吊销接口令牌 %(m)s 个。")
    messages.success(request, told % {"name": person, "n": number, "m": revoked})
    return redirect("people")


def _page(request: HttpRequest, form: PasswordForm) -> HttpResponse:
    account = viewer_of(request)
    context = {
        "form": form,
        "sessions": sessions_of(account, now=timezone.now(), current=request.session.session_key),
    }
    return render(request, "console/account.html", context, status=422 if form.errors else 200)
