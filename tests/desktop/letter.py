"""A referral letter of two pages in Persian, as a panel's printing makes it: fonts inside, nothing odd."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QFontDatabase, QPageLayout, QPageSize, QPdfWriter, QTextDocument

_HTML = """
<html dir="rtl"><body style="font-family: Vazirmatn; font-size: 12pt;">
<p style="color:#243B8F; font-size: 16pt; font-weight: bold">برگهٔ ارجاع به متخصص</p>
<p style="font-size: 12pt">بیمار: <b>بیمار نمونه یک</b> — کد ملی ۰۰۱۲۳۴۵۶۷۹ — تاریخ ۱ آذر ۱۴۰۵</p>
<table width="100%" border="1" cellpadding="6" style="border-collapse:collapse; border-color:#9aa3b8">
<tr><th>دارو</th><th>مقدار</th><th>دستور مصرف</th></tr>
<tr><td>Metformin 500 mg</td><td>۶۰</td><td>هر ۱۲ ساعت پس از غذا</td></tr>
<tr><td>Losartan 25 mg</td><td>۳۰</td><td>روزی یک بار، صبح</td></tr>
<tr><td>Atorvastatin 20 mg</td><td>۳۰</td><td>شب‌ها پیش از خواب</td></tr>
</table>
<p style="font-size: 12pt">همکار گرامی، بیمار آقای ۵۴ ساله با سابقهٔ دیابت نوع دو و فشار خون
برای بررسی کلیه معرفی می‌شود.
آخرین آزمایش: <span dir="ltr">HbA1c 7.8 %, Cr 1.4 mg/dL, eGFR 58</span>.</p>
<p style="font-size: 12pt; page-break-before: always">{history}</p>
<p style="font-size: 12pt">با احترام، دکتر نمونه</p>
</body></html>
"""


@cache
def letter() -> bytes:
    """The letter, PDF."""
    for name in ("Vazirmatn-Regular.ttf", "Vazirmatn-Bold.ttf"):
        octets = resources.files("signer").joinpath("panel", "demo", "fonts", name).read_bytes()
        QFontDatabase.addApplicationFontFromData(QByteArray(octets))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(20, 20, 20, 20), QPageLayout.Unit.Millimeter)
    text = QTextDocument()
    text.setPageSize(QSizeF(writer.width(), writer.height()))
    text.documentLayout().setPaintDevice(writer)
    history = "<br>".join(f"ویزیت {n}: فشار خون ۱۳۵ روی ۸۵، قند ناشتا ۱۴۲." for n in range(1, 19))
    text.setHtml(_HTML.format(history=history))
    text.print_(writer)
    del writer
    return bytes(buffer.data().data())
