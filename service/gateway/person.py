"""What the analysis receives about a person: age in years, sex and a pseudonym that only this site can make."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import date
from pathlib import Path

from pydicom.dataset import Dataset

from fitting.request import Document
from service.gateway.spool import KEY_FILE, write_durably

OLDEST = 90.0
"""Ages above 89 are sent as 90, by the rule of HIPAA's safe harbor (45 CFR 164.514(b)(2)(i)(C))."""
_DAYS_PER_UNIT = {"Y": 365.2425, "M": 365.2425 / 12.0, "W": 7.0, "D": 1.0}
_SEXES = {"M": "male", "F": "female", "O": "other"}
_PSEUDONYM = 16
_INFANT_YEARS = 3.0
"""Below this age decimals matter; above it whole years tell less about the birth date."""


def site_key(spool: Path) -> bytes:
    """The secret of this site, made once.

    Raises
    ------
    OSError
        When it can be neither read nor written.
    """
    path = spool / KEY_FILE
    if not path.exists():
        write_durably(path, secrets.token_bytes(32))
    return path.read_bytes()


def person_of(source: Dataset, key: bytes) -> Document:
    """Fields of a request about the person; what the source does not say is left out."""
    said: Document = {}
    age = age_years(source)
    if age is not None:
        said["age_years"] = age
    sex = _SEXES.get(str(source.get("PatientSex") or "").strip().upper())
    if sex is not None:
        said["sex"] = sex
    subject = pseudonym(source, key)
    if subject is not None:
        said["subject"] = subject
    return said


def pseudonym(source: Dataset, key: bytes) -> str | None:
    """HMAC-SHA256 of issuer and PatientID in base32; None without a PatientID."""
    identifier = str(source.get("PatientID") or "").strip()
    if not identifier:
        return None
    issuer = str(source.get("IssuerOfPatientID") or "").strip()
    digest = hmac.digest(key, f"{issuer}|{identifier}".encode(), "sha256")
    return base64.b32encode(digest).decode()[:_PSEUDONYM]


def age_years(source: Dataset) -> float | None:
    """Age at the measurement from the birth date, else as the header states it; None when neither is there."""
    born = _date(source.get("PatientBirthDate"))
    days = ("AcquisitionDateTime", "AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
    measured = next((day for keyword in days if (day := _date(source.get(keyword)))), None)
    if born is not None and measured is not None and measured >= born:
        whole = measured.year - born.year - ((measured.month, measured.day) < (born.month, born.day))
        return _told((measured - born).days / _DAYS_PER_UNIT["Y"] if whole < _INFANT_YEARS else float(whole))
    stated = str(source.get("PatientAge") or "").strip().upper()
    if len(stated) == len("044Y") and stated[:3].isdigit() and stated[3] in _DAYS_PER_UNIT:
        return _told(int(stated[:3]) * _DAYS_PER_UNIT[stated[3]] / _DAYS_PER_UNIT["Y"])
    return None


def _told(years: float) -> float:
    if years >= OLDEST:
        return OLDEST
    return round(years, 2) if years < _INFANT_YEARS else float(int(years + 1e-9))


def _date(value: object) -> date | None:
    digits = str(value or "")[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if digits.isdigit() else None
    except ValueError:
        return None
