"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from desk.console.limits import address_of
from desk.register.services.signing_in import begin_sign_in, signed_in
from desk.register.sessions import note_beginning


class SignInForm(AuthenticationForm):
    """Name and password; the answer does not tell which of the two is wrong."""

    error_messages = {  # noqa: RUF012 - Django's own shape
        "invalid_login": _("用户名或密码不正确。请检查后重试；密码区分大小写。"),
        "inactive": _("该账号已停用，请联系本单位管理员。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.update(autocomplete="username", autofocus=True)


class SignIn(auth.LoginView):
    """The sign-in page; somebody already signed in goes home."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign somebody in; after too many failures nobody, with how long to wait (429)."""
        name = request.POST.get("username", "").strip()
        if not name or not request.POST.get("password"):
            return super().post(request, *args, **kwargs)
        address, now = address_of(request), timezone.now()
        attempt = begin_sign_in(name=name, address=address, now=now)
        if attempt.wait is not None:
            return self._refused(request, attempt.wait.total_seconds())
        answer = super().post(request, *args, **kwargs)
        if request.user.is_authenticated:
            signed_in(attempt)
            browser = request.headers.get("User-Agent", "")
            note_beginning(request.session, at=now, address=address, browser=browser)
        return answer

    def _refused(self, request: HttpRequest, seconds: float) -> HttpResponse:
        minutes = int(seconds // 60) + 1
        told = _("登录失败次数过多，请 %(n)s 分钟后再试；忘记密码请联系本单位管理员。")
        form = SignInForm(request)
        context = self.get_context_data(form=form, refused=told % {"n": minutes})
        answer = render(request, self.template_name, context, status=429)
        answer["Retry-After"] = str(int(seconds) + 1)
        return answer


class SignOut(auth.LogoutView):
    """Ends the session; by POST only."""
