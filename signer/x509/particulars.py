"""What a certificate's subject says, in the parts of a request for the next one: for a person to correct.

Names are told apart as far as the certificate does; where it has one name alone, the first word of it is
taken for the given name. Whether the parts keep their rules is `Applicant.check`'s to say.
"""

from __future__ import annotations

import re

from signer.model.applicant import LONGEST_PART, Applicant
from signer.x509 import names, tlv
from signer.x509.certificate import Certificate

_PROVINCE, _CITY = "2.5.4.8", "2.5.4.7"
#: What Iranian authorities write behind a name for the use of its key.
_MARK = re.compile(r"\s*\[[^\]]*\]\s*$")
#: What they write where there is no organization.
_NO_CENTRE = frozenset({"unaffiliated"})


def particulars(certificate: Certificate) -> Applicant:
    """The subject as a request's; parts that it does not tell are empty or None."""
    subject = names.attributes(tlv.read_one(certificate.subject_der))

    def part(kind: str) -> str:
        return _MARK.sub("", names.first(subject, kind) or "").strip()[:LONGEST_PART]

    holder = certificate.holder
    given, surname = part(names.GIVEN_NAME), part(names.SURNAME)
    if not (given and surname):
        given, _, surname = _MARK.sub("", holder.name).strip()[:LONGEST_PART].partition(" ")
    centre = part(names.ORGANIZATION)
    return Applicant(
        given_name=given,
        surname=surname.strip(),
        national_code=holder.national_code or "",
        council_number=holder.council_number,
        centre=None if centre.lower() in _NO_CENTRE else centre or None,
        province=part(_PROVINCE) or None,
        city=part(_CITY) or None,
    )
