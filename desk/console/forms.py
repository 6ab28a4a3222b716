"""What people fill in: filters, a new mark, an authorised shop, a file to verify."""

from __future__ import annotations

import hashlib
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
from evidence.keeping.dated import grounds
from evidence.keeping.erasing import RETENTION_ENDED

NICE = range(1, 46)
SHOPS_LIMIT = 200
NEEDS_PAPER = frozenset(one.basis.code for one in grounds() if one.document)
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


class ManyFiles(forms.ClearableFileInput):
    """The browser's own picker, for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several; comes back as a list, none of them empty of a name."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the files."""
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(item, initial) for item in given or [None]]


class VerifyForm(forms.Form):
    """A dossier, or a package with the files beside it, handed in for verification."""

    file = FilesField(
        label=_("证据移交包，或固证封装文件及其附属文件"),
        allow_empty_file=True,
        help_text=_(
            "扩展名通常为 .dossier.zip 或 .wacz；选 .wacz 时请一并选中与它同名的附属文件。"
        ),
        widget=ManyFiles(attrs={"multiple": True}),
        error_messages={"required": _("请先选择一个文件。")},
    )
    paper = forms.ChoiceField(
        label=_("同时出具"),
        required=False,
        choices=(
            ("", _("只看结论")),
            ("report-pdf", _("核验报告（PDF）")),
            ("report-html", _("核验报告（HTML）")),
            ("certificate-pdf", _("存证凭证（非公证书，PDF）")),
        ),
        help_text=_("报告即时生成并下载，系统不留存；核验记录照常保存。"),
    )

    def clean_file(self) -> list[UploadedFile[Any]]:
        """Return the files, the one to be verified first; too much is refused with its size."""
        files: list[UploadedFile[Any]] = self.cleaned_data["file"]
        _require_size(sum(file.size or 0 for file in files), settings.MARKSEAL_UPLOAD_LIMIT)
        packages = [file for file in files if str(file.name).lower().endswith(".wacz")]
        if len(files) > 1 and len(packages) != 1:
            raise forms.ValidationError(
                _("请选择一个证据移交包，或一个 .wacz 及其附属文件；一次只核验一件证据。")
            )
        return sorted(files, key=lambda file: file not in packages)


class PublicVerifyForm(forms.Form):
    """A dossier handed in by somebody who did not sign in."""

    file = forms.FileField(
        label=_("证据移交包"),
        allow_empty_file=True,
        help_text=_("扩展名通常为 .dossier.zip。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.wacz"}),
        error_messages={"required": _("请先选择一个文件。")},
    )

    def clean_file(self) -> UploadedFile[Any]:
        """Return the file; too large a one is refused with its size."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        _require_size(file.size or 0, settings.MARKSEAL_PUBLIC_LIMIT)
        return file


def _require_size(size: int, limit: int) -> None:
    if size > limit:
        raise forms.ValidationError(
            _("文件大小为 %(size)s，超过上限 %(limit)s；请用命令 markseal verify 在本机核验。"),
            params={"size": filesizeformat(size), "limit": filesizeformat(limit)},
        )


class WatchForm(forms.Form):
    """A site and what is looked for on it, how often; files of this machine are no site."""

    name = forms.CharField(label=_("来源名称"), max_length=120)
    start_url = forms.URLField(
        label=_("网址"),
        max_length=2000,
        assume_scheme="https",
        help_text=_("店铺首页、搜索页或类目页的完整网址。"),
    )
    query = forms.CharField(
        label=_("关键词"),
        max_length=200,
        required=False,
        help_text=_("不填则读取该来源的全部商品。"),
    )
    every = forms.TypedChoiceField(
        label=_("间隔"),
        coerce=int,
        choices=((60, _("每小时")), (360, _("每 6 小时")), (1440, _("每天")), (10080, _("每周"))),
        initial=1440,
    )

    def clean_start_url(self) -> str:
        """Return the address; only what is read over http is a site."""
        url: str = self.cleaned_data["start_url"]
        if not url.lower().startswith(("http://", "https://")):
            raise forms.ValidationError(_("网址须以 http:// 或 https:// 开头。"))
        return url


class TipForm(forms.Form):
    """A link, or the text that an app shares."""

    text = forms.CharField(
        label=_("粘贴的内容"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("商品链接及标题，或淘口令等分享文本；短链接不会被打开。"),
    )


class OverrideForm(forms.Form):
    """A permission to crawl a source that forbids robots."""

    number = forms.CharField(label=_("批准文号"), max_length=100)
    basis = forms.CharField(
        label=_("法律依据"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("据以要求或进行采集的法律条款、案件或协查文书。"),
    )
    approved_by = forms.CharField(label=_("批准人"), max_length=100, help_text=_("姓名与职务。"))
    last_day = forms.DateField(
        label=_("有效至（含当日）"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("一年以内；到期后采集自动停止。"),
    )


class ReasonForm(forms.Form):
    """Why a step is taken, in a line."""

    reason = forms.CharField(label=_("事由"), max_length=500)


class ErasureForm(forms.Form):
    """A request to erase an exhibit's content: the basis, why, and what some bases need."""

    basis = forms.ChoiceField(label=_("法律依据"))
    reason = forms.CharField(
        label=_("事由"), max_length=500, help_text=_("仅留存在本系统，不随证据交出。")
    )
    retention_class = forms.ChoiceField(
        label=_("证据类别"), required=False, help_text=_("仅在依据为“保存期限已届满”时填写。")
    )
    document = forms.FileField(
        label=_("所依据的文书"),
        required=False,
        help_text=_("依据为裁判文书时必须提供；只登记其 SHA-256，不保存文件。"),
    )

    def __init__(
        self,
        *args: Any,
        bases: list[tuple[str, str]],
        classes: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["basis"].choices = [("", _("请选择")), *bases]  # type: ignore[attr-defined]
        self.fields["retention_class"].choices = [("", "—"), *classes]  # type: ignore[attr-defined]

    def document_sha256(self) -> str:
        """Return the SHA-256 of the paper that was handed in, empty when there is none."""
        file = self.cleaned_data.get("document")
        if not file:
            return ""
        digest = hashlib.sha256()
        for piece in file.chunks():
            digest.update(piece)
        return digest.hexdigest()

    def clean(self) -> dict[str, Any]:
        """Return the values; what the basis needs must be there."""
        values: dict[str, Any] = super().clean() or {}
        basis = values.get("basis")
        if basis in NEEDS_PAPER and not values.get("document"):
            self.add_error("document", _("这一依据须提供所依据的文书。"))
        if basis == RETENTION_ENDED and not values.get("retention_class"):
            self.add_error("retention_class", _("这一依据须选择证据类别。"))
        return values
