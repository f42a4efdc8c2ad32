"""The result as Enhanced Structured Report of TID 1500, one Measurement Group for the volume (DICOM PS3.16, TID 1501).

A spectrum that must not be interpreted is reported with verdict and quality and no value: silence would look like a
lost result.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from highdicom.sr import (
    DeviceObserverIdentifyingAttributes,
    EnhancedSR,
    FindingSite,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from fitting.analysis import Analysis, MetaboliteResult
from fitting.model.result import Traces
from fitting.reason import Absence
from service.reports.analysis_document import AnalysisDocument, FormatUnavailable, SignOffStep
from service.reports.codes import code_of, hemisphere_code, region_code
from service.reports.dicom.content_items import bounds_of, concept, measurements_of, quality_of
from service.reports.dicom.header import NAME, complete, file_content, local, moment
from service.reports.dicom.referenced_instance import Source
from service.reports.dicom.uids import engine_of, instance_uid, series_uid, tracking_uid, uid
from service.reports.dicom.wording import Wording
from service.reports.signature import standing
from service.reports.values import in_reading_order

UNNAMED = "not stated"
"""Organisation of a signature where neither the settings nor the source name one."""


def render(document: AnalysisDocument, _traces: Traces, source: Source) -> tuple[bytes, ...]:
    """One object.

    Raises
    ------
    FormatUnavailable
        When neither the analysis nor the source has a date, which a Structured Report must have.
    """
    at = moment(document, source)
    if at is None:
        raise FormatUnavailable("A Structured Report needs a date, and neither the source nor the analysis has one.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom warns of names, and would quote them
        report = EnhancedSR(
            evidence=[_evidence(header) for header in source.references or (source.header,)],
            content=_content(document, source),
            series_instance_uid=series_uid("sr", document, source),
            series_number=1,
            sop_instance_uid=instance_uid("sr", document, source),
            instance_number=1,
            manufacturer=NAME,
        )
    complete(report, "sr", document, source)
    if not source.measured and "CurrentRequestedProcedureEvidenceSequence" in report:
        del report.CurrentRequestedProcedureEvidenceSequence
    if "ContributingEquipmentSequence" in report:  # holds the present time
        del report.ContributingEquipmentSequence
    _state(report, document, source)
    return (file_content(report),)


def _evidence(header: Dataset) -> Dataset:
    """What highdicom asks of a source, without identity; that is copied as it stands afterwards."""
    evidence = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(evidence, keyword, str(header.get(keyword)))
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(evidence, keyword, "")
    evidence.StudyDate = evidence.StudyTime = None
    return evidence


def _content(document: AnalysisDocument, source: Source) -> MeasurementReport:
    analysis = document.analysis
    observer = DeviceObserverIdentifyingAttributes(
        uid=uid("engine", engine_of(analysis)),
        name=NAME,
        manufacturer_name=NAME,
        model_name=NAME,
        serial_number=engine_of(analysis)[:16],
    )
    context = ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, observer))
    return MeasurementReport(
        observation_context=context,
        procedure_reported=concept(code_of("concept", "procedure")),
        imaging_measurements=[_group(document, source)],
        title=concept(code_of("concept", "report_title")),
    )


def _group(document: AnalysisDocument, source: Source) -> MeasurementsAndQualitativeEvaluations:
    analysis, say = document.analysis, Wording(source.header)
    facts = analysis.acquisition
    region, side = region_code(facts.region), hemisphere_code(facts.hemisphere)
    named = say.name(f"{NAME} {facts.region or ''}")
    where = [] if region is None else [FindingSite(concept(region), None if side is None else concept(side))]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(tracking_uid(document, source), named),
        finding_type=concept(code_of("concept", "finding")),
        finding_sites=where or None,
        measurements=[*_values(analysis, say), *quality_of(analysis)],
        qualitative_evaluations=[
            QualitativeEvaluation(
                concept(code_of("concept", "interpretable")), concept(code_of("usable", analysis.verdict.usable))
            )
        ],
    )
    remarks = (*_impression(document), *_remarks(analysis))
    group[0].ContentSequence.extend(_remark(name, words, say) for name, words in remarks)
    return group


def _impression(document: AnalysisDocument) -> Iterator[tuple[str, str]]:
    """What the reviewer concludes, under the reviewer's name."""
    written = standing(document).impression
    if written is not None:
        yield "impression", f"{written.heading}: {written.text}"


def _values(analysis: Analysis, say: Wording) -> Iterator[Measurement]:
    for result in _interpreted(analysis):
        if result.detected and result.verdict.usable != "no":
            yield from measurements_of(result, analysis, say)


def _interpreted(analysis: Analysis) -> list[MetaboliteResult]:
    """The metabolites in reading order; none of a spectrum that must not be interpreted."""
    if analysis.verdict.usable == "no" or analysis.outcome.code == "failed":
        return []
    return [
        result for key, results in in_reading_order(analysis.metabolites) if key != "background" for result in results
    ]


def _remarks(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """What has no number: reasons of the verdict, values left out or not detected, comparisons withheld, the notice."""
    shown = _interpreted(analysis)
    for reason in analysis.verdict.reasons:
        yield "caution", reason.sentence
    if analysis.outcome.code == "failed":
        yield "caution", analysis.outcome.sentence
    if left_out := [result.name for result in shown if result.verdict.usable == "no"]:
        yield "not_usable", f"Not interpretable and left out: {', '.join(left_out)}."
    for result in shown:
        if not result.detected and result.verdict.usable != "no":
            yield from (("not_detected", words) for words in bounds_of(result))
    for absence, names in _withheld(shown):
        yield "withheld", f"{', '.join(names)}: {absence.sentence}"
    yield "notice", analysis.notice


def _withheld(shown: list[MetaboliteResult]) -> Iterator[tuple[Absence, list[str]]]:
    found: dict[Absence, list[str]] = {}
    for result in shown:
        if result.z_absent is not None and result.verdict.usable != "no":
            found.setdefault(result.z_absent, []).append(result.name)
    yield from found.items()


def _remark(name: str, words: str, say: Wording) -> TextContentItem:
    return TextContentItem(
        concept(code_of("concept", name)), say.text(words), relationship_type=RelationshipTypeValues.CONTAINS
    )


def _state(report: Dataset, document: AnalysisDocument, source: Source) -> None:
    """Flags of draft, reviewed and signed reports, the signature, and the version that this one replaces."""
    report.CompletionFlag = "PARTIAL" if document.status == "draft" else "COMPLETE"
    report.PreliminaryFlag = "FINAL" if document.status == "signed" else "PRELIMINARY"
    report.VerificationFlag = "UNVERIFIED"
    signature = _signature(document)
    if document.status == "signed" and signature is not None:
        report.VerificationFlag = "VERIFIED"
        report.VerifyingObserverSequence = [_observer(signature, source)]
    if document.version > 1:
        report.PredecessorDocumentsSequence = [_former(report, document, source)]


def _signature(document: AnalysisDocument) -> SignOffStep | None:
    steps = [step for step in document.sign_off if step.action == "sign" and step.version == document.version]
    return steps[-1] if steps else None


def _observer(signature: SignOffStep, source: Source) -> Dataset:
    say = Wording(source.header)
    item = Dataset()
    item.VerifyingObserverName = say.name(signature.reviewer).replace("^", " ").replace("=", " ")
    item.VerifyingOrganization = say.name(source.organisation or str(source.header.get("InstitutionName") or UNNAMED))
    item.VerificationDateTime = f"{local(signature.at, source):%Y%m%d%H%M%S%z}"
    item.VerifyingObserverIdentificationCodeSequence = []
    return item


def _former(report: Dataset, document: AnalysisDocument, source: Source) -> Dataset:
    instance = Dataset()
    instance.ReferencedSOPClassUID = report.SOPClassUID
    instance.ReferencedSOPInstanceUID = instance_uid("sr", document, source, former=True)
    series = Dataset()
    series.SeriesInstanceUID = report.SeriesInstanceUID
    series.ReferencedSOPSequence = [instance]
    study = Dataset()
    study.StudyInstanceUID = str(source.header.StudyInstanceUID)
    study.ReferencedSeriesSequence = [series]
    return study
