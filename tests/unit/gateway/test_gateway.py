"""From C-STORE to results in the same study: nothing lost, nothing twice, nothing in another patient's study."""

from __future__ import annotations

import io

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom import AE
from structlog.testing import CapturingLogger

from fitting.io.dicom_mrs import MR_SPECTROSCOPY_STORAGE
from service.gateway import courier
from service.gateway.analyst import Rejected
from service.gateway.receiver import CANNOT_UNDERSTAND, NO_IDENTIFIER, OUT_OF_RESOURCES, STORED
from service.gateway.spool import key_of
from tests.data.dicom_study import Patient, Scan, content, instance
from tests.unit.gateway.conftest import Archive, Running, send, until

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # pynetdicom drops sockets that were refused
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SPECTRUM, WATER = Scan(), Scan(water=True, series=12, minute=33, description="PRESS_30_ACC_ref")
CALLING_TITLE, CALLED_TITLE = 3, 7
"""Reasons of a rejected association (DICOM PS3.8, 9.3.4)."""
ANNA = Patient(name="Zwilling^Anna", id="TWIN-A")
BERTA = Patient(name="Zwilling^Berta", id="TWIN-B")


def test_results_come_back_into_the_study_of_the_spectrum(running: Running, archive: Archive) -> None:
    running.start()

    assert send(running.port, SPECTRUM, WATER) == [STORED, STORED]
    until(lambda: len(archive.kept) == 3 and running.ended())

    assert archive.modalities() == ["DOC", "OT", "SR"]
    assert {item.StudyInstanceUID for item in archive.objects()} == {SPECTRUM.study_instance_uid}
    assert {str(item.PatientName) for item in archive.objects()} == {"Planted^Petra"}


def test_water_is_used_with_its_spectrum_and_analysed_by_itself_never(running: Running, archive: Archive) -> None:
    running.start()

    send(running.port, WATER, SPECTRUM)
    until(lambda: len(archive.kept) == 3 and running.ended())

    (parts,) = running.analyst.given
    assert len(parts.metabolite) == len(parts.water) == 1
    until(lambda: running.spool.all() == [])
    assert [path.name for path in running.spool.path.iterdir()] == ["site.key"]


def test_waters_of_two_volumes_are_both_forgotten(running: Running, archive: Archive) -> None:
    """Each with its own spectrum, although the other volume of the study is not delivered yet."""
    elsewhere = {"center": (40.0, 0.0, 30.0)}
    running.start()
    send(running.port, SPECTRUM, WATER, Scan(series=13, **elsewhere), Scan(series=14, water=True, **elsewhere))
    until(lambda: len(archive.kept) == 6)

    until(lambda: running.spool.all() == [])
    assert [len(parts.water) for parts in running.analyst.given] == [1, 1]
    assert not list(running.spool.path.glob("*.dcm"))


def test_water_of_another_volume_is_not_used(running: Running, archive: Archive) -> None:
    running.start()

    send(running.port, SPECTRUM, Scan(water=True, series=12, center=(30.0, 0.0, 0.0)))
    until(lambda: len(archive.kept) == 3)

    assert running.analyst.given[0].water == ()


@pytest.mark.parametrize(("minutes", "expected"), [((20, 30), 30), ((20, 40), 20), ((40, 50), None)])
def test_of_two_references_the_nearest_before_is_used(running: Running, archive: Archive, minutes, expected) -> None:
    running.start()
    waters = [Scan(water=True, series=20 + minute, minute=minute) for minute in minutes]

    send(running.port, SPECTRUM, *waters)
    until(lambda: len(archive.kept) == 3)

    used = running.analyst.given[0].water
    assert len(used) == (0 if expected is None else 1)


def test_twins_whose_instances_come_interleaved_keep_their_results_apart(running: Running, archive: Archive) -> None:
    running.start()
    scans = [
        Scan(patient=patient, study=f"study of {patient.id}", series=series, water=water, center=center)
        for series, water, center in ((1, False, (0, 32, 22)), (2, True, (0, 32, 22)), (3, False, (-34, 36, 30)))
        for patient in (ANNA, BERTA)
    ]

    assert send(running.port, *scans) == [STORED] * 6
    until(lambda: len(archive.kept) == 12 and running.ended())

    pairs = {(item.StudyInstanceUID, str(item.PatientName), item.PatientID) for item in archive.objects()}
    assert len(pairs) == 2
    assert {pair[1:] for pair in pairs} == {(ANNA.name, ANNA.id), (BERTA.name, BERTA.id)}
    for item in archive.objects():
        if item.Modality == "SR":
            evidence = item.CurrentRequestedProcedureEvidenceSequence
            assert {study.StudyInstanceUID for study in evidence} == {item.StudyInstanceUID}
    assert {parts.document["subject"] for parts in running.analyst.given} == {
        parts.document["subject"] for parts in running.analyst.given[:4]
    }
    assert len({parts.document["subject"] for parts in running.analyst.given}) == 2


@pytest.mark.parametrize(
    "patient",
    [
        Patient(name="Prüfung^Bernd^^Dr.", character_set="ISO_IR 100"),
        Patient(
            name="Yamada^Tarou=山田^太郎=やまだ^たろう", character_set=["ISO 2022 IR 6", "ISO 2022 IR 87"], issuer=None
        ),
        Patient(name="Иванов^Иван", character_set="ISO_IR 144"),
    ],
    ids=["latin", "japanese", "cyrillic"],
)
def test_names_in_any_script_arrive_byte_for_byte(running: Running, archive: Archive, patient: Patient) -> None:
    running.start()
    scan = Scan(patient=patient)
    original = pydicom.dcmread(io.BytesIO(content(scan)))

    send(running.port, scan)
    until(lambda: len(archive.kept) == 3)

    for item in archive.objects():
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "SpecificCharacterSet"):
            assert item.get_item(keyword).value == original.get_item(keyword).value


def test_same_instance_again_is_the_same_objects(running: Running, archive: Archive) -> None:
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: len(archive.kept) == 3 and running.ended())
    first = dict(archive.kept)

    assert send(running.port, SPECTRUM) == [STORED]
    until(lambda: len(archive.received) == 6)

    assert archive.kept == first


def test_other_bytes_under_the_same_uid_win(running: Running, archive: Archive) -> None:
    running.settings["settle_seconds"] = 1.5
    running.start()

    send(running.port, SPECTRUM)
    send(running.port, Scan(more=(("StudyDescription", "corrected"),)))
    until(lambda: len(archive.kept) == 3 and running.ended())

    assert {item.StudyDescription for item in archive.objects()} == {"corrected"}


def test_archive_that_is_down_gets_the_results_once_it_is_up(running: Running, archive: Archive) -> None:
    archive.stop()
    running.start()

    assert send(running.port, SPECTRUM) == [STORED]
    until(lambda: any(entry.tries >= 3 for entry in running.spool.all()))
    archive.start()
    until(lambda: len(archive.kept) == 3 and running.ended())

    assert len(archive.received) == 3
    assert len(running.analyst.given) == 1


def test_peer_without_structured_reports_gets_the_others(running: Running, archive: Archive) -> None:
    archive.stop()
    archive.classes = archive.classes[1:]
    archive.start()
    running.start()

    send(running.port, SPECTRUM)
    until(lambda: running.spool.all() == [] and len(archive.kept) == 2)

    assert archive.modalities() == ["DOC", "OT"]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless])
def test_objects_are_sent_in_the_encoding_that_the_peer_takes(running: Running, archive: Archive, syntax: str) -> None:
    archive.stop()
    archive.syntaxes = [syntax] if syntax != RLELossless else [RLELossless, ImplicitVRLittleEndian]
    archive.start()
    running.start()

    send(running.port, Scan(patient=Patient(name="Prüfung^Bernd", character_set="ISO_IR 100")))
    until(lambda: running.spool.all() == [])

    assert archive.modalities() == ["DOC", "OT", "SR"]
    assert {str(item.PatientName) for item in archive.objects()} == {"Prüfung^Bernd"}
    pages = [item for item in archive.objects() if item.Modality == "OT"]
    assert [page.pixel_array.shape for page in pages] == [(8, 8, 3)]
    assert {page.file_meta.TransferSyntaxUID for page in pages} == {syntax}


def test_water_that_comes_after_a_refused_spectrum_disturbs_nothing(running: Running, archive: Archive) -> None:
    running.analyst.fails.append(Rejected("missing-parameter", "…"))
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.state == "refused" for entry in running.spool.all()))

    send(running.port, WATER)
    until(lambda: any(entry.state == "reference" for entry in running.spool.all()))

    assert {entry.code for entry in running.spool.all()} == {"missing-parameter", None}


def test_peer_that_refuses_an_object_is_not_asked_again(running: Running, archive: Archive) -> None:
    asked = []

    def answer(dataset: pydicom.Dataset) -> int:
        asked.append(dataset.Modality)
        return 0xC001 if dataset.Modality == "SR" else 0

    archive.answer = answer
    running.start()

    send(running.port, SPECTRUM)
    until(lambda: running.spool.all() == [] and len(archive.kept) == 2)

    assert sorted(asked) == ["DOC", "OT", "SR"]


def test_peer_out_of_resources_is_asked_again(running: Running, archive: Archive) -> None:
    answers = [0xA700, 0xA700]
    archive.answer = lambda _: answers.pop() if answers else 0
    running.start()

    send(running.port, SPECTRUM)
    until(lambda: len(archive.kept) == 3 and running.spool.all() == [])


def test_refused_scan_sends_nothing_back_and_leaves_no_instance_behind(running: Running, archive: Archive) -> None:
    running.analyst.fails.append(Rejected("unsupported-data", "…"))
    running.start()

    assert send(running.port, SPECTRUM) == [STORED]
    until(lambda: any(entry.state == "refused" for entry in running.spool.all()))

    (entry,) = running.spool.all()
    assert entry.code == "unsupported-data"
    assert not running.spool.instance(entry.key).exists()
    assert archive.kept == {}


def test_refused_scan_sends_a_page_with_the_reason_where_that_is_wanted(running: Running, archive: Archive) -> None:
    """The page is of the patient's study, also when the archive was down; the scan ends as refused, and once."""
    running.settings["report_failures"] = True
    running.analyst.fails.append(Rejected("unsupported-data", "The scan is a series; send one part of it."))
    archive.stop()
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.tries > 0 and entry.state == "built" for entry in running.spool.all()))
    running.stop()
    archive.start()
    running.start()
    until(lambda: any(entry.state == "refused" for entry in running.spool.all()))

    (page,) = archive.objects()
    (entry,) = running.spool.all()
    sent = instance(SPECTRUM)
    assert (page.Modality, page.StudyInstanceUID, page.PatientID) == ("OT", sent.StudyInstanceUID, sent.PatientID)
    assert entry.code == "unsupported-data"
    assert not running.spool.instance(entry.key).exists()
    assert not list(running.spool.path.glob("*.dcm"))


def test_defect_gives_no_page(running: Running, archive: Archive) -> None:
    """There is no sentence for it: what it says may quote the source."""
    running.settings["report_failures"] = True
    running.analyst.fails.append(RuntimeError("Planted^Petra"))
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.state == "failed" for entry in running.spool.all()))

    assert archive.kept == {}


def test_refused_scan_that_comes_again_is_tried_again(running: Running, archive: Archive) -> None:
    """An operator adds a rule for the sequence and sends the scan once more."""
    running.analyst.fails.append(Rejected("missing-parameter", "…"))
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.state == "refused" for entry in running.spool.all()))

    send(running.port, SPECTRUM)

    until(lambda: len(archive.kept) == 3 and running.spool.all() == [])


def test_defect_in_one_scan_does_not_stop_the_next(running: Running, archive: Archive) -> None:
    running.analyst.fails.append(RuntimeError("Planted^Petra"))
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.state == "failed" for entry in running.spool.all()))

    send(running.port, Scan(study="another"))

    until(lambda: len(archive.kept) == 3)


def test_undelivered_result_is_forgotten_and_reported(running: Running, archive: Archive, capsys) -> None:
    archive.stop()
    running.settings["forget_after"] = 1
    running.start()

    send(running.port, SPECTRUM)
    until(lambda: running.spool.all() == [])

    said = capsys.readouterr()
    assert "forgotten undelivered" in said.out + said.err
    assert [path.name for path in running.spool.path.iterdir()] == ["site.key"]


@pytest.mark.parametrize(
    ("calling", "called", "reason"),
    [("STRANGER", "MRSQUANT", CALLING_TITLE), ("MRSCANNER1", "SOMEBODY", CALLED_TITLE)],
    ids=["calling", "called"],
)
def test_unknown_titles_are_rejected(running: Running, calling: str, called: str, reason: int) -> None:
    running.start()
    entity = AE(calling)
    entity.add_requested_context(MR_SPECTROSCOPY_STORAGE)
    association = entity.associate("127.0.0.1", running.port, ae_title=called)

    assert association.is_rejected
    assert association.acceptor.primitive.diagnostic == reason
    assert send(running.port, SPECTRUM, calling=calling, called=called) == []


def test_scan_without_patient_id_is_analysed_without_a_subject(
    running: Running, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results carry the empty value, and the log says that there is no follow-up."""
    logged = CapturingLogger()
    monkeypatch.setattr(courier, "_log", logged)
    running.start()
    send(running.port, Scan(patient=Patient(id="", issuer=None)))
    until(lambda: len(archive.kept) == 3 and running.spool.all() == [])

    assert {item.PatientID for item in archive.objects()} == {""}
    assert "subject" not in running.analyst.given[0].document
    assert "no PatientID" in (said := repr(logged.calls))
    assert "Planted" not in said


def test_instance_without_identifiers_is_refused(running: Running) -> None:
    running.start()
    nameless = instance(SPECTRUM)
    del nameless.StudyInstanceUID
    buffer = io.BytesIO()
    nameless.save_as(buffer, enforce_file_format=True)

    assert send(running.port, buffer.getvalue()) == [NO_IDENTIFIER]
    assert running.spool.all() == []


def test_damaged_instance_is_not_kept(running: Running) -> None:
    running.start()

    assert send(running.port, Scan(more=(("SpectroscopyData", b"\0" * 64),))) == [CANNOT_UNDERSTAND]
    assert running.spool.all() == []


def test_spectroscopic_imaging_is_acknowledged_and_refused(running: Running, archive: Archive) -> None:
    """It arrived; that it cannot be analysed is no failure of the transfer."""
    running.start()

    assert send(running.port, Scan(more=(("MRSpectroscopyAcquisitionType", "VOLUME"),))) == [STORED]


def test_full_spool_answers_out_of_resources(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.gateway.spool.MOST_BYTES", 100)
    running.start()

    assert send(running.port, SPECTRUM) == [OUT_OF_RESOURCES]
    assert running.spool.all() == []


def test_too_large_instance_is_refused(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.gateway.receiver.MOST_INSTANCE_BYTES", 12_000)
    running.start()

    assert send(running.port, SPECTRUM) == [OUT_OF_RESOURCES]


def test_results_are_of_no_class_that_is_received(running: Running, archive: Archive) -> None:
    """What an archive forwards to all its peers has no effect here."""
    running.start()
    entity = AE("MRSCANNER1")
    for name in (*archive.classes, MR_SPECTROSCOPY_STORAGE):
        entity.add_requested_context(name)
    association = entity.associate("127.0.0.1", running.port, ae_title="MRSQUANT")

    accepted = {context.abstract_syntax for context in association.accepted_contexts}
    association.release()
    assert accepted == {MR_SPECTROSCOPY_STORAGE}


def test_only_region_sequence_and_person_are_sent(running: Running, archive: Archive) -> None:
    running.start()

    send(running.port, SPECTRUM, Scan(series=31, description="nobody knows", center=(9, 9, 9)))
    until(lambda: len(archive.kept) == 6)

    documents = sorted((parts.document for parts in running.analyst.given), key=len)
    assert [set(document) for document in documents] == [
        {"age_years", "sex", "subject"},
        {"age_years", "sex", "subject", "region"},
    ]
    assert documents[1]["region"] == "ACC"
    assert documents[1]["age_years"] == 44.0


def test_spool_is_for_its_owner_only(running: Running, archive: Archive) -> None:
    archive.stop()
    running.start()
    send(running.port, SPECTRUM)
    until(lambda: any(entry.tries for entry in running.spool.all()))

    assert running.spool.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in running.spool.path.iterdir()} == {0o600}
    assert running.spool.instance(key_of(SPECTRUM.sop_instance_uid)).read_bytes()


def test_restarted_gateway_goes_on_where_it_was(running: Running, archive: Archive) -> None:
    archive.stop()
    running.start()
    send(running.port, SPECTRUM, WATER)
    until(lambda: any(entry.tries for entry in running.spool.all()))
    running.stop()

    archive.start()
    running.start()
    until(lambda: len(archive.kept) == 3 and running.spool.all() == [])

    assert len(running.analyst.given) == 1
