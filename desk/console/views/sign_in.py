"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


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


class SignOut(auth.LogoutView):
    """Ends the session; by POST only."""
