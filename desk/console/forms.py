"""What people fill in: filters, a new mark, an authorised shop, a file to verify."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from desk.leads.states import LeadState
from desk.register.models import Mark, MarkKind

NICE = range(1, 46)
SHOPS_LIMIT = 200
_SEPARATOR = re.compile(r"[\s,;，；、/]+")


class LeadFilter(forms.Form):
    """Which leads to list; a value that cannot be understood filters nothing."""

    q = forms.CharField(label=_("搜索标题、店铺、商标或编号"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("状态"), required=False)
    mark = forms.ModelChoiceField(
        label=_("商标"), queryset=Mark.objects.none(), required=False, empty_label=_("全部商标")
    )
    platform = forms.ChoiceField(label=_("平台"), required=False)

    def __init__(self, *args: Any, marks: Any, platforms: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "maxlength": "100"})
        self.fields["mark"].queryset = marks  # type: ignore[attr-defined]
        self.fields["mark"].label_from_instance = lambda mark: mark.name  # type: ignore[attr-defined]
        self.fields["state"].choices = [("", _("全部状态")), *_states()]  # type: ignore[attr-defined]
        self.fields["platform"].choices = [  # type: ignore[attr-defined]
            ("", _("全部平台")),
            *((name, name) for name in platforms),
        ]


def _states() -> list[tuple[str, str]]:
    return [(value, str(label)) for value, label in LeadState.choices]


class MarkForm(forms.Form):
    """A registered mark as its owner enters it."""

    mark_id = forms.CharField(
        label=_("注册号"),
        max_length=64,
        help_text=_("商标注册证上的号码，如 12345678。"),
    )
    name = forms.CharField(
        label=_("商标名称"), max_length=200, help_text=_("与注册证一致，中英文均可。")
    )
    classes = forms.CharField(
        label=_("尼斯分类"),
        max_length=200,
        help_text=_("1 至 45 之间的类别号，多个用分号或空格隔开，如 25;35。"),
    )
    kind = forms.ChoiceField(label=_("类型"), choices=MarkKind.choices)
    holder = forms.CharField(
        label=pgettext_lazy("商标", "权利人"),
        max_length=200,
        required=False,
        help_text=_("不填则使用本单位名称。"),
    )
    shops = forms.CharField(
        label=_("授权店铺"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("每行一个，与平台上显示的店铺名称一致。授权店铺的商品不会列为疑似。"),
    )
    well_known = forms.BooleanField(label=_("曾被认定为驰名商标"), required=False)
    common_word = forms.BooleanField(
        label=_("名称同时是日常用语（如“苹果”“长城”）"), required=False
    )

    def clean_classes(self) -> tuple[int, ...]:
        """Return the Nice classes; says which part is none."""
        parts = [part for part in _SEPARATOR.split(self.cleaned_data["classes"].strip()) if part]
        wrong = [part for part in parts if not _is_class(part)]
        if wrong or not parts:
            raise forms.ValidationError(
                _("“%(wrong)s”不是尼斯分类的类别号，应为 1 至 45。"),
                params={"wrong": "、".join(wrong[:5])},
            )
        return tuple(sorted({int(part) for part in parts}))

    def clean_shops(self) -> tuple[str, ...]:
        """Return the shops without blank lines and repetitions."""
        lines = [line.strip() for line in self.cleaned_data["shops"].splitlines()]
        shops = tuple(dict.fromkeys(line for line in lines if line))
        if len(shops) > SHOPS_LIMIT or any(len(shop) > 200 for shop in shops):
            raise forms.ValidationError(
                _("最多 200 家店铺，每家名称不超过 200 个字符；请先保存一部分，再在商标页补充。")
            )
        return shops


def _is_class(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= 3 and int(part) in NICE


class ShopForm(forms.Form):
    """One more authorised shop."""

    shop = forms.CharField(label=_("店铺名称"), max_length=200)


class VerifyForm(forms.Form):
    """A dossier or package handed in for verification."""

    file = forms.FileField(
        label=_("证据移交包或固证封装文件"),
        allow_empty_file=True,
        help_text=_("扩展名通常为 .dossier.zip 或 .wacz。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.wacz"}),
        error_messages={"required": _("请先选择一个文件。")},
    )

    def clean_file(self) -> UploadedFile[Any]:
        """Return the file; too large a one is refused with its size."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        limit = settings.MARKSEAL_UPLOAD_LIMIT
        if file.size is not None and file.size > limit:
            raise forms.ValidationError(
                _("文件大小为 %(size)s，超过上限 %(limit)s；请用命令 markseal verify 在本机核验。"),
                params={"size": filesizeformat(file.size), "limit": filesizeformat(limit)},
            )
        return file
