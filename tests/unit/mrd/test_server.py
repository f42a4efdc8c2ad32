"""The MRD server against a client that speaks the protocol: a scan in, a line and pages out; nothing hostile costs."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import ismrmrd
import numpy as np
import pytest
from PIL import Image

from fitting.io import read
from fitting.io.source import SourceFile
from service.cli import app
from service.gateway.analyst import LocalAnalyst, Rejected
from service.mrd import protocol, server
from service.mrd.scan import header_without_identity
from service.reports import pdf
from service.schemas.region_rules import rules_of
from service.workers.executors import open_executor
from tests.data.dicom_study import example_fid
from tests.unit.gateway.conftest import FakeAnalyst

XML = """<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">
<subjectInformation><patientName>Planted^Petra</patientName><patientID>PLANTED-1</patientID>
<patientBirthdate>1982-03-04</patientBirthdate></subjectInformation>
<studyInformation><studyInstanceUID>1.2.3.4.5</studyInstanceUID></studyInformation>
<measurementInformation><measurementID>planted</measurementID><protocolName>Petra svs PRESS acc</protocolName>
</measurementInformation>
<acquisitionSystemInformation><systemVendor>SIEMENS</systemVendor><systemModel>Prisma</systemModel>
<institutionName>Planted Hospital</institutionName></acquisitionSystemInformation>
<experimentalConditions><H1resonanceFrequency_Hz>{frequency:.0f}</H1resonanceFrequency_Hz></experimentalConditions>
<encoding><encodedSpace><matrixSize><x>{points}</x><y>1</y><z>1</z></matrixSize></encodedSpace></encoding>
<sequenceParameters><TR>2000</TR><TE>30</TE><sequence_type>svs_se</sequence_type></sequenceParameters>
<userParameters><userParameterLong><name>SpecVectorSize</name><value>{points}</value></userParameterLong>
<userParameterDouble><name>DwellTime_0</name><value>{dwell}</value></userParameterDouble></userParameters>
</ismrmrdHeader>"""
NOISE = 19
PLANTED = (b"Planted", b"PLANTED", b"Petra", b"planted", b"1982", b"1.2.3.4.5")


def oversampled(samples: np.ndarray) -> np.ndarray:
    """Twice as many points over the same time, as scanners sample."""
    spectrum = np.fft.fftshift(np.fft.fft(samples))
    padded = np.pad(spectrum, samples.size // 2)
    return 2.0 * np.fft.ifft(np.fft.ifftshift(padded))


def xml() -> str:
    samples, dwell_time, fields = example_fid(False)
    return XML.format(frequency=1e6 * fields["SpectrometerFrequency"][0], points=samples.size, dwell=0.5e6 * dwell_time)


def acquisition(samples: np.ndarray, dwell_time: float, *flags: int) -> bytes:
    """One read-out in the sign of raw data."""
    item = ismrmrd.Acquisition.from_array(np.conj(samples).astype(np.complex64)[None])
    item.sample_time_us = 0.5e6 * dwell_time
    for flag in flags:
        item.set_flag(flag)
    return struct.pack("<H", protocol.ACQUISITION) + item.to_bytes()


def text(kind: int, content: str) -> bytes:
    encoded = content.encode() + b"\0"
    return struct.pack("<HI", kind, len(encoded)) + encoded


def readouts(count: int = 4) -> bytes:
    samples, dwell_time, _ = example_fid(False)
    rng = np.random.default_rng(1)
    sd = float(np.std(samples[-200:].real))
    made = []
    for _ in range(count):
        noise = rng.normal(scale=sd, size=(2, samples.size)).view(np.float64)
        made.append(acquisition(oversampled(samples + noise[0] + 1j * noise[1]), dwell_time))
    return b"".join(made)


CONFIG = struct.pack("<H", protocol.CONFIG_FILE) + b"mrsquant".ljust(1024, b"\0")


def whole_scan() -> bytes:
    samples, dwell_time, _ = example_fid(False)
    quiet = acquisition(np.ones(2 * samples.size), dwell_time, NOISE)
    waveform = struct.pack("<H", protocol.WAVEFORM) + ismrmrd.Waveform.from_array(np.ones((1, 8), np.uint32)).to_bytes()
    return CONFIG + text(protocol.HEADER, xml()) + quiet + waveform + readouts() + protocol.close_message()


class Client:
    """A connection as the scanner's host makes it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)

    def answers(self, sent: bytes, piece: int = 100_000) -> tuple[list[str], list[ismrmrd.Image]]:
        """Lines and images that answer; what is sent goes in pieces."""
        lines, images = [], []
        with self.socket:
            try:
                for start in range(0, len(sent), piece):
                    self.socket.sendall(sent[start : start + piece])
            except OSError:  # refused in the middle
                pass
            read_bytes = protocol.exactly(self.socket)
            while True:
                (kind,) = struct.unpack("<H", read_bytes(2))
                if kind == protocol.CLOSE:
                    return lines, images
                if kind == protocol.TEXT:
                    (length,) = struct.unpack("<I", read_bytes(4))
                    lines.append(read_bytes(length).rstrip(b"\0").decode())
                else:
                    assert kind == protocol.IMAGE
                    images.append(ismrmrd.Image.deserialize_from(read_bytes))


class Served:
    def __init__(self, analyst, **more) -> None:
        rules = rules_of([{"pattern": r"(?i)\bacc\b", "region": "ACC"}], Path("rules.toml"))
        self.server = server.MrdServer(("127.0.0.1", 0), analyst, rules, more.get("water_flag"))
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    def client(self) -> Client:
        return Client(self.server.port)

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(10)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = io.BytesIO()
    Image.new("L", (12, 8), 255).save(picture, "PNG")
    monkeypatch.setattr(pdf, "pictures", lambda *_: [picture.getvalue()] * 2)


@pytest.fixture
def analyst() -> FakeAnalyst:
    return FakeAnalyst()


@pytest.fixture
def served(analyst: FakeAnalyst) -> Iterator[Served]:
    running = Served(analyst)
    yield running
    running.stop()


@pytest.mark.parametrize("piece", [100_000, 997])
def test_scan_is_answered_with_a_line_and_the_pages(served: Served, piece: int) -> None:
    """``recv`` gives what the network has, not what was asked for."""
    lines, images = served.client().answers(whole_scan(), piece)

    assert lines == ["DBG mrsquant: spectrum may be interpreted: yes"]
    assert [image.data.shape for image in images] == [(1, 1, 8, 12)] * 2
    assert {image.data.dtype for image in images} == {np.dtype(np.uint16)}
    assert [image.image_index for image in images] == [1, 2]
    assert images[0].data.max() == 4080


def test_acquisitions_become_the_recording_that_was_measured(served: Served, analyst: FakeAnalyst) -> None:
    served.client().answers(whole_scan())
    samples, dwell_time, fields = example_fid(False)

    (parts,) = analyst.given
    recording = read((SourceFile("scan.h5", parts.metabolite[0]),))

    assert recording.samples.shape == (4, 1, samples.size)
    facts = recording.acquisition
    assert facts.dwell_time == pytest.approx(dwell_time, rel=1e-6)
    assert (facts.echo_time, facts.repetition_time, facts.sequence) == (0.03, 2.0, "PRESS")
    assert facts.spectrometer_frequency == pytest.approx(1e6 * fields["SpectrometerFrequency"][0], abs=1.0)
    mean = recording.samples.mean(axis=0)[0]
    inner = slice(20, 400)
    assert np.linalg.norm(mean[inner] - samples[inner]) < 0.1 * np.linalg.norm(samples[inner])
    assert parts.document == {"region": "ACC"}


def test_no_identity_of_the_header_reaches_the_analysis(served: Served, analyst: FakeAnalyst) -> None:
    served.client().answers(whole_scan())

    (parts,) = analyst.given
    assert [word for word in PLANTED if word in parts.metabolite[0]] == []


def test_flagged_acquisitions_are_the_water_reference(analyst: FakeAnalyst) -> None:
    served = Served(analyst, water_flag=57)
    water, dwell_time, _ = example_fid(True)
    reference = acquisition(oversampled(water), dwell_time, 57)
    try:
        served.client().answers(
            CONFIG + text(protocol.HEADER, xml()) + reference + readouts(2) + protocol.close_message()
        )
    finally:
        served.stop()

    (parts,) = analyst.given
    assert (len(parts.metabolite), len(parts.water)) == (1, 1)


def test_refused_scan_is_an_error_line_and_no_image(served: Served, analyst: FakeAnalyst) -> None:
    analyst.fails.append(Rejected("missing-parameter", "The header has no echo time."))

    assert served.client().answers(whole_scan()) == (
        ["ERR mrsquant: missing-parameter: The header has no echo time."],
        [],
    )


def test_defect_is_an_error_line_without_its_message(served: Served, analyst: FakeAnalyst) -> None:
    analyst.fails.append(RuntimeError("Planted^Petra"))

    (line,), images = served.client().answers(whole_scan())

    assert line.startswith("ERR mrsquant: internal-error")
    assert "Planted" not in line
    assert images == []


def _acquisition_head(**fields: int) -> bytes:
    head = protocol.AcquisitionHeader()
    for name, value in fields.items():
        setattr(head, name, value)
    return struct.pack("<H", protocol.ACQUISITION) + bytes(head)


HOSTILE = {
    "unknown message": struct.pack("<H", 4711),
    "image": struct.pack("<H", protocol.IMAGE),
    "endless text": struct.pack("<HI", protocol.HEADER, 0xFFFFFFFF),
    "huge acquisition": _acquisition_head(number_of_samples=65535, active_channels=65535),
    "huge trajectory": _acquisition_head(number_of_samples=65535, active_channels=1, trajectory_dimensions=65535),
    "empty acquisition": _acquisition_head(number_of_samples=0, active_channels=1),
    "huge waveform": struct.pack("<H", protocol.WAVEFORM)
    + bytes(ismrmrd.waveform.WaveformHeader(channels=65535, number_of_samples=65535)),
    "no header": CONFIG + readouts(1) + protocol.close_message(),
    "no acquisition": CONFIG + text(protocol.HEADER, xml()) + protocol.close_message(),
    "compressed": text(protocol.HEADER, xml()) + acquisition(np.ones(64), 1e-4, 53),
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE)
def test_absurd_message_is_an_error_line(served: Served, analyst: FakeAnalyst, sent: bytes) -> None:
    (line,), images = served.client().answers(sent)

    assert line.startswith("ERR mrsquant: protocol-error: ")
    assert images == []
    assert served.client().answers(whole_scan())[1]
    assert len(analyst.given) == 1


def test_connection_that_ends_in_the_middle_costs_nothing(served: Served, analyst: FakeAnalyst) -> None:
    client = served.client()
    client.socket.sendall(whole_scan()[:3000])
    client.socket.close()

    assert served.client().answers(whole_scan())[1]


def test_header_keeps_no_free_text_but_words_of_sequences() -> None:
    kept = header_without_identity(xml())

    assert "<protocolName>PRESS</protocolName>" in kept
    assert [word for word in PLANTED if word.decode() in kept] == []


@pytest.mark.truth
def test_real_analysis_of_a_streamed_scan_gives_its_ratios(tmp_path: Path) -> None:
    worker = LocalAnalyst(workers=1, cache_dir=tmp_path, open_pool=lambda: open_executor("inline:"))
    analyst = FakeAnalyst()
    served = Served(analyst)
    try:
        served.client().answers(whole_scan())
    finally:
        served.stop()

    found = worker.result(analyst.given[0], None)
    worker.close()

    ratios = {item.name: item.ratio_tcr.value for item in found.document.analysis.metabolites if item.ratio_tcr}
    assert ratios["tNAA"] == pytest.approx(1.24, abs=0.15)
    assert ratios["mI"] == pytest.approx(0.79, abs=0.15)


def test_missing_extra_names_the_package_to_install(monkeypatch, capsys) -> None:
    monkeypatch.setitem(__import__("sys").modules, "service.mrd.server", None)

    assert app.run(["mrd-server"]) == 1
    assert "pip install 'mrsquant[mrd]'" in capsys.readouterr().err
