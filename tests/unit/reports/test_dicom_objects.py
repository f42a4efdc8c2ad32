"""DICOM objects of a result: whose they are, what they say, and that the same result is the same bytes."""

from __future__ import annotations

import io
import sys
import time
from dataclasses import replace

import pydicom
import pytest
from PIL import Image

from fitting.analysis import NOTICE
from service.reports import FormatUnavailable, Rendered, pdf
from service.reports.analysis_document import SignOffStep
from service.reports.codes import OWN_SCHEME
from service.reports.dicom import DICOM_FORMATS, NoDicomSource, Source, read_header, render_dicom
from service.reports.dicom.failure_page import failure_page
from tests.data import analysis_factory as factory
from tests.data import report_cases
from tests.data.dicom_study import Patient, Scan, content

WATER = Scan(water=True, series=12)
COPIED = (
    *("SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("PatientAge", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
    *("ReferringPhysicianName", "StudyDescription"),
)
ANALYSIS = factory.make_analysis()
DRAFT = report_cases.document(ANALYSIS)
SIGNED = report_cases.signed_and_amended(DRAFT)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages themselves are tested elsewhere; typesetting them takes most of the time."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    monkeypatch.setattr(pdf, "render", lambda *_: Rendered("application/pdf", b"%PDF-1.7 page %%EOF"))
    monkeypatch.setattr(pdf, "pictures", lambda *_: [picture.getvalue()] * 2)


def source(scan: Scan | None = None, **more) -> Source:
    scan = scan or Scan()
    return Source(read_header(content(scan), "scan.dcm"), water=read_header(content(WATER), "water.dcm"), **more)


def made(format: str, document=DRAFT, of: Source | None = None, **more) -> pydicom.FileDataset:
    first, *_ = render_dicom(format, document, factory.make_traces(), of or source(), **more)
    return pydicom.dcmread(io.BytesIO(first))


def raw(dataset: pydicom.Dataset, keyword: str) -> bytes | None:
    element = dataset.get_item(keyword)
    return None if element is None else element.value


def items(dataset: pydicom.Dataset):
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items(item)


def named(dataset: pydicom.Dataset, value: str) -> list[pydicom.Dataset]:
    return [item for item in items(dataset) if item.ConceptNameCodeSequence[0].CodeValue == value]


def group_of(dataset: pydicom.Dataset) -> pydicom.Dataset:
    return named(dataset, "125007")[0]


def number_of(item: pydicom.Dataset) -> tuple[float, str]:
    measured = item.MeasuredValueSequence[0]
    return float(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0].CodeValue


NAMES = {
    "utf-8": Patient(),
    "latin-1": Patient(name="Prüfung^Bernd^^Dr.", character_set="ISO_IR 100"),
    "japanese": Patient(
        name="Yamada^Tarou=山田^太郎=やまだ^たろう", character_set=["ISO 2022 IR 6", "ISO 2022 IR 87"], issuer=None
    ),
    "korean": Patient(name="Hong^Gildong=洪^吉洞=홍^길동", character_set=["", "ISO 2022 IR 149"]),
    "ascii": Patient(character_set=None),
}


@pytest.mark.parametrize("format", DICOM_FORMATS)
@pytest.mark.parametrize("patient", NAMES.values(), ids=NAMES)
def test_patient_and_study_are_byte_equal_to_the_sources(format, patient):
    scan = Scan(patient=patient)
    original = pydicom.dcmread(io.BytesIO(content(scan)))

    result = made(format, of=source(scan))

    assert {name: raw(result, name) for name in COPIED} == {name: raw(original, name) for name in COPIED}


@pytest.mark.parametrize("format", DICOM_FORMATS)
def test_absent_attributes_of_type_2_are_empty_and_nothing_is_invented(format):
    emptied = tuple((name, None) for name in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"))

    result = made(format, of=source(Scan(more=emptied)))

    assert [result[name].value for name, _ in emptied] == ["", "", "", ""] or all(
        not result[n].value for n, _ in emptied
    )


@pytest.mark.parametrize("format", DICOM_FORMATS)
def test_same_result_is_the_same_bytes_at_any_time(format):
    first = render_dicom(format, DRAFT, factory.make_traces(), source())
    time.sleep(1.1)

    assert render_dicom(format, DRAFT, factory.make_traces(), source()) == first


@pytest.mark.parametrize("format", DICOM_FORMATS)
def test_each_state_version_source_and_input_has_its_own_uid(format):
    other_input = replace(
        DRAFT, analysis=replace(ANALYSIS, provenance=replace(ANALYSIS.provenance, input_sha256="0" * 64))
    )
    documents = (DRAFT, replace(DRAFT, status="reviewed"), SIGNED, other_input)

    uids = [str(made(format, document).SOPInstanceUID) for document in documents]
    uids.append(str(made(format, of=source(Scan(series=13))).SOPInstanceUID))

    assert len(set(uids)) == len(uids)
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)
    assert made(format, SIGNED).SeriesInstanceUID == made(format).SeriesInstanceUID


def test_kinds_of_one_result_are_series_of_their_own():
    results = {format: made(format) for format in DICOM_FORMATS}

    assert {format: (result.Modality, result.SeriesNumber) for format, result in results.items()} == {
        "dicom-sr": ("SR", 1101),
        "dicom-pdf": ("DOC", 1102),
        "dicom-sc": ("OT", 1103),
    }
    assert len({result.SeriesInstanceUID for result in results.values()}) == 3
    assert {result.SeriesDescription for result in results.values()} == {"mrsquant ACC (research use only)"}
    assert {result.file_meta.TransferSyntaxUID for result in results.values()} == {"1.2.840.10008.1.2.1"}
    assert {result.Manufacturer for result in results.values()} == {"mrsquant"}


def test_time_is_that_of_the_analysis_on_the_clock_of_the_source():
    in_tokyo = source(Scan(more=(("TimezoneOffsetFromUTC", "+0900"),)))

    assert (made("dicom-pdf", of=in_tokyo).ContentDate, made("dicom-pdf", of=in_tokyo).ContentTime) == (
        "20261122",
        "190409",
    )


def test_time_without_a_server_is_that_of_the_source():
    result = made("dicom-sr", replace(DRAFT, finished=None))

    assert (result.ContentDate, result.ContentTime) == ("20261101", "103100")
    assert (result.InstanceCreationDate, result.InstanceCreationTime) == ("20261101", "103100")


def test_report_without_any_date_is_refused_not_dated():
    dates = ("AcquisitionDateTime", "ContentDate", "ContentTime", "SeriesDate", "SeriesTime", "StudyDate", "StudyTime")
    undated = source(Scan(more=tuple((name, "") for name in dates)))

    with pytest.raises(FormatUnavailable, match="date"):
        made("dicom-sr", replace(DRAFT, finished=None), undated)
    assert not made("dicom-pdf", replace(DRAFT, finished=None), undated).ContentDate


@pytest.mark.parametrize(
    ("document", "flags"),
    [
        (DRAFT, ("PARTIAL", "PRELIMINARY", "UNVERIFIED")),
        (replace(DRAFT, status="reviewed"), ("COMPLETE", "PRELIMINARY", "UNVERIFIED")),
        (SIGNED, ("COMPLETE", "FINAL", "VERIFIED")),
    ],
)
def test_flags_follow_the_sign_off(document, flags):
    result = made("dicom-sr", document)

    assert (result.CompletionFlag, result.PreliminaryFlag, result.VerificationFlag) == flags


def test_signature_and_former_version_are_named():
    first = replace(SIGNED, version=1, sign_off=SIGNED.sign_off[:2])
    result = made("dicom-sr", SIGNED, source(organisation="Radiology"))

    (observer,) = result.VerifyingObserverSequence
    assert str(observer.VerifyingObserverName) == report_cases.REVIEWER_HEBREW
    assert observer.VerifyingOrganization == "Radiology"
    assert str(observer.VerificationDateTime).startswith("20261123")
    (former,) = result.PredecessorDocumentsSequence
    (series,) = former.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == made("dicom-sr", first).SOPInstanceUID
    assert series.SeriesInstanceUID == result.SeriesInstanceUID


def test_reviewer_in_letters_that_the_source_lacks_does_not_stop_the_report():
    result = made("dicom-sr", SIGNED, source(Scan(patient=Patient(character_set="ISO_IR 100"))))

    assert set(str(result.VerifyingObserverSequence[0].VerifyingObserverName)) <= {"?", " "}


def test_impression_of_the_reviewer_stands_in_the_group():
    """Only the one that holds; a review that says something else is another object."""
    said = [
        SignOffStep("review", 1, "Dr A. Example", "2026-11-22T10:00:00Z", impression=f"{word} spectrum.")
        for word in ("Ordinary", "Unusual")
    ]
    back = SignOffStep("return", 1, "Dr A. Example", "2026-11-22T10:05:00Z", comment="Wrong.")
    first, second = (
        made("dicom-sr", replace(DRAFT, status="reviewed", sign_off=steps))
        for steps in ((said[0],), (said[0], back, said[1]))
    )
    texts = [[item.TextValue for item in named(group_of(report), "121073")] for report in (first, second)]

    assert texts == [
        [f"Impression of Dr A. Example, 2026-11-22 10:00 UTC: {word} spectrum."] for word in ("Ordinary", "Unusual")
    ]
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert named(group_of(made("dicom-sr")), "121073") == []


def test_signed_pdf_is_kept_byte_for_byte_with_its_true_length():
    signed = b"%PDF-1.7 signed %%EOF"
    result = made("dicom-pdf", SIGNED, signed_pdf=signed)

    assert result.EncapsulatedDocument == signed + b"\0"
    assert result.EncapsulatedDocumentLength == len(signed)


def test_values_ranges_and_positions_are_those_of_the_analysis():
    group = group_of(made("dicom-sr"))
    (item,) = named(group, "tNAA/tCr")
    result = next(entry for entry in ANALYSIS.metabolites if entry.name == "tNAA")
    norm = next(entry for entry in ANALYSIS.norms if entry.metabolite == "tNAA")

    inner = {child.ConceptNameCodeSequence[0].CodeValue: child for child in item.ContentSequence}
    assert number_of(item) == (round(result.ratio_tcr.value, 3), "{ratio}")
    assert number_of(inner["371886008"]) == number_of(inner["371885007"])
    assert number_of(inner["371886008"])[0] == pytest.approx(1.96 * result.ratio_tcr.sd, abs=6e-4)
    assert number_of(inner["371886008"])[1] == "{ratio}"
    assert number_of(inner["121416"]) == (round(result.z.value, 2), "1")
    assert number_of(inner["373098007"])[0] == pytest.approx(norm.mean, abs=0.006)
    assert number_of(inner["385524004"])[0] == pytest.approx(result.z.reference_low, abs=0.006)
    assert number_of(inner["371933006"])[0] == pytest.approx(result.z.reference_high, abs=0.006)
    assert inner["121402"].ConceptCodeSequence[0].CodeValue == "371880002"  # below
    assert inner["121407"].TextValue == "95 % of one such measurement of a control"


def test_no_standard_deviation_of_the_population_stands_beside_z():
    spread = {"386136009"}  # CID 226, Standard Deviation of population

    assert spread.isdisjoint(item.ConceptNameCodeSequence[0].CodeValue for item in items(made("dicom-sr")))


def test_concentration_is_of_tissue_water_and_has_the_code_of_its_substance():
    (item,) = named(made("dicom-sr"), "115391007")

    assert number_of(item)[1] == "mmol/kg{water}"


def test_undetected_metabolite_has_a_bound_and_no_number():
    group = group_of(made("dicom-sr"))

    assert named(group, "not-detected")[0].TextValue.startswith("Lac/tCr: not detected, below ")
    assert named(group, "Lac/tCr") == []


def test_unusable_metabolite_is_left_out_and_named():
    unusable = tuple(
        replace(entry, verdict=replace(entry.verdict, usable="no")) if entry.name == "GABA" else entry
        for entry in ANALYSIS.metabolites
    )
    group = group_of(made("dicom-sr", replace(DRAFT, analysis=replace(ANALYSIS, metabolites=unusable))))

    assert named(group, "GABA/tCr") == []
    assert [item.TextValue for item in named(group, "not-usable")] == ["Not interpretable and left out: GABA."]


def test_spectrum_that_must_not_be_interpreted_has_verdict_and_quality_and_no_metabolite():
    group = group_of(made("dicom-sr", report_cases.document(factory.unusable(ANALYSIS))))

    numeric = {item.ConceptNameCodeSequence[0].CodeValue for item in group.ContentSequence if item.ValueType == "NUM"}
    assert numeric == {"113060", "linewidth"}
    assert named(group, "interpretable")[0].ConceptCodeSequence[0].CodeMeaning == "No"
    assert named(group, "caution")


def test_withheld_comparison_gives_its_reason_and_no_z():
    group = group_of(made("dicom-sr", report_cases.document(factory.make_analysis(norm=False))))

    assert named(group, "121416") == []
    assert "names no region" in " ".join(item.TextValue for item in named(group, "withheld"))


def test_notice_stands_in_the_group():
    assert [item.TextValue for item in named(group_of(made("dicom-sr")), "notice")] == [NOTICE]


def test_spectrum_and_water_reference_are_referred_to():
    expected = {Scan().sop_instance_uid, WATER.sop_instance_uid}

    evidence = made("dicom-sr").CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for s in evidence for item in s.ReferencedSOPSequence} == expected
    for format, keyword in (("dicom-pdf", "SourceInstanceSequence"), ("dicom-sc", "ReferencedInstanceSequence")):
        assert {item.ReferencedSOPInstanceUID for item in made(format)[keyword]} == expected


def test_header_that_is_only_lent_is_not_referred_to():
    lent = Source(read_header(content(Scan()), "t1.dcm"), measured=False)

    assert "CurrentRequestedProcedureEvidenceSequence" not in made("dicom-sr", of=lent)
    assert "SourceInstanceSequence" not in made("dicom-pdf", of=lent)
    assert made("dicom-sr", of=lent).StudyInstanceUID == Scan().study_instance_uid


def test_long_region_leaves_room_for_the_remark():
    facts = replace(ANALYSIS.acquisition, region="dorsolateral prefrontal " * 12)
    result = made("dicom-pdf", replace(DRAFT, analysis=replace(ANALYSIS, acquisition=facts)))

    assert len(result.SeriesDescription) <= 64
    assert result.SeriesDescription.endswith("(research use only)")


def test_same_volume_of_a_person_is_tracked_over_studies():
    first, second = (
        named(made("dicom-sr", replace(DRAFT, id=study), source(Scan(study=study))), "112040")[0].UID
        for study in ("first", "second")
    )

    assert first == second


def test_code_values_fit_and_own_codes_name_their_scheme():
    for item in items(made("dicom-sr")):
        for code in (*item.ConceptNameCodeSequence, *item.get("ConceptCodeSequence", ())):
            assert "LongCodeValue" not in code
            assert code.CodingSchemeDesignator in {"DCM", "SCT", "LN", "UCUM", "RFC5646", OWN_SCHEME}


@pytest.mark.parametrize("bytes_", [b"", b"%PDF", content(Scan())[:200], b"\0" * 128 + b"DICM" + b"\xff" * 40])
def test_source_outside_a_study_is_refused(bytes_):
    with pytest.raises(NoDicomSource, match="--study"):
        read_header(bytes_, "scan.rda")


def test_missing_extra_names_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)

    with pytest.raises(FormatUnavailable, match=r"pip install 'mrsquant\[dicom\]'"):
        made("dicom-sr")
    assert made("dicom-pdf").Modality == "DOC"


def test_page_of_a_refused_scan_is_the_same_bytes_and_another_object_for_another_problem() -> None:
    sentence = "The scan is a series; send one part of it."
    first = failure_page("unsupported-data", sentence, source())
    other = pydicom.dcmread(io.BytesIO(failure_page("missing-parameter", sentence, source())))
    page = pydicom.dcmread(io.BytesIO(first))

    assert failure_page("unsupported-data", sentence, source()) == first
    assert page.SOPInstanceUID != other.SOPInstanceUID
    assert page.SeriesInstanceUID == other.SeriesInstanceUID
    assert page.SeriesInstanceUID != made("dicom-sc").SeriesInstanceUID
    assert page.pixel_array.min() < 64
