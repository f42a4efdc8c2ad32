"""What every reader promises, tried on the small files of `reader_fixtures`."""

from __future__ import annotations

import pickle
from dataclasses import MISSING, fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import fitting.io
from fitting.acquisition import Acquisition, Recording
from fitting.errors import UnreadableSpectrum
from fitting.io import READERS, Files, SourceFile
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, fixtures, refusals

FIXTURES, REFUSALS = fixtures(), refusals()
BY_NAME = {reader.name: reader for reader in READERS}

each_fixture = pytest.mark.parametrize("fixture", FIXTURES, ids=lambda item: f"{item.reader}-{item.id}")
each_refusal = pytest.mark.parametrize("refusal", REFUSALS, ids=lambda item: f"{item.reader}-{item.id}")
fuzzed = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ANYWHERE_OR_NEAR_THE_BEGINNING = st.one_of(st.floats(0, 1), st.floats(0, 0.05))

DEFAULTS = {
    item.name: None if item.default is MISSING else item.default
    for item in fields(Acquisition)
    if item.name != "format"
}


def attempt(files: Files) -> Recording | UnreadableSpectrum:
    """What a caller gets: a Recording, or the one kind of error a reader may raise."""
    try:
        return fitting.io.read(files)
    except UnreadableSpectrum as error:
        return error


def with_causes(outcome: Recording | BaseException | None) -> list[Recording | BaseException]:
    """An outcome and all errors it came from; distributed executors send those along."""
    if outcome is None:
        return []
    if isinstance(outcome, Recording):
        return [outcome]
    return [outcome, *with_causes(outcome.__cause__), *with_causes(outcome.__context__)]


def identity_in(outcome: Recording | UnreadableSpectrum) -> list[str]:
    """The planted names, dates and numbers that appear in an outcome or anything it holds, the causes of errors too."""
    content = "".join(pickle.dumps(part).decode("latin-1") + repr(part) for part in with_causes(outcome))
    words = [*IDENTITY["name"].split("^"), IDENTITY["birth_date"], IDENTITY["id"]]
    return [word for word in words if word in content]


def mutated(files: Files, changes: list[tuple[float, int]]) -> Files:
    """The files with the bytes at some fractions of the first one's length replaced."""
    content = bytearray(files[0].content)
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    return (replace(files[0], content=bytes(content)), *files[1:])


def test_every_reader_is_listed_once_and_has_a_fixture():
    """A reader without a valid file of its own would pass this suite by absence."""
    names = [reader.name for reader in READERS]

    assert len(set(names)) == len(names)
    assert set(names) == {fixture.reader for fixture in FIXTURES}
    assert {refusal.reader for refusal in REFUSALS} <= set(names)


@each_fixture
def test_only_its_own_reader_recognises_a_file(fixture: Fixture):
    """Sniffing is exclusive, so the order of READERS does not matter."""
    files = fixture.files()

    assert [reader.name for reader in READERS if reader.recognises(files)] == [fixture.reader]


@each_refusal
def test_a_refused_file_is_still_recognised(refusal: Refusal):
    """Refusing by name needs a reader that knows the file."""
    assert [reader.name for reader in READERS if reader.recognises(refusal.files())] == [refusal.reader]


@each_refusal
def test_sentences_name_what_is_missing(refusal: Refusal):
    """No value that is absent stands as None in a sentence."""
    outcome = attempt(refusal.files())

    assert isinstance(outcome, UnreadableSpectrum)
    assert "None" not in outcome.detail


@each_fixture
def test_samples_are_read_in_our_sign_and_shape(fixture: Fixture):
    """Every reader gives (transients, coils, points), complex128, higher ppm at lower frequency."""
    recording = fitting.io.read(fixture.files())

    for found, expected in ((recording.samples, fixture.samples), (recording.water, fixture.water)):
        samples = found.samples if isinstance(found, Recording) else found
        assert (samples is None) == (expected is None)
        if expected is not None:
            assert samples.dtype == np.complex128
            assert samples.shape == expected.shape
            assert np.abs(samples - expected).max() <= fixture.tolerance * np.abs(expected).max()


@each_fixture
def test_every_fact_of_the_header_is_read_and_none_is_invented(fixture: Fixture):
    """The acquisition has exactly the expected values, in SI units; what the header lacks is missing."""
    acquisition = fitting.io.read(fixture.files()).acquisition
    expected = DEFAULTS | dict(fixture.acquisition)

    assert set(expected) == set(DEFAULTS)
    assert acquisition.format == fixture.reader
    for name, value in expected.items():
        found = getattr(acquisition, name)
        assert found == (pytest.approx(value, rel=1e-6) if isinstance(value, float | tuple) else value), name


@each_fixture
def test_water_is_a_reference_of_the_same_scan(fixture: Fixture):
    """An included water reference says that it is unsuppressed and shares the field and dwell time."""
    recording = fitting.io.read(fixture.files())

    if recording.water is not None:
        metabolite, water = recording.acquisition, recording.water.acquisition
        assert water.water_suppressed is False
        assert recording.water.water is None
        assert (water.spectrometer_frequency, water.dwell_time) == (
            metabolite.spectrometer_frequency,
            metabolite.dwell_time,
        )


@each_fixture
def test_a_recording_survives_a_process_boundary(fixture: Fixture):
    """Workers get recordings by pickle; nothing is lost on the way."""
    recording = fitting.io.read(fixture.files())
    copy = pickle.loads(pickle.dumps(recording))

    assert copy.acquisition == recording.acquisition
    assert np.array_equal(copy.samples, recording.samples)


@each_fixture
def test_identity_stays_in_the_file(fixture: Fixture, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture):
    """A name, birth date or ID in the header appears in no field, log or output; nothing is printed at all."""
    caplog.set_level(0)

    assert identity_in(fitting.io.read(fixture.files())) == []
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


@each_refusal
def test_unsupported_data_are_refused_by_name(
    refusal: Refusal, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture
):
    """The error is of the promised class, says what it found and in which file, and tells no identity."""
    caplog.set_level(0)
    with pytest.raises(UnreadableSpectrum) as caught:
        fitting.io.read(refusal.files())

    assert type(caught.value) is refusal.error
    assert refusal.says in caught.value.detail
    assert identity_in(caught.value) == []
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


@each_fixture
def test_a_truncated_file_is_an_error_or_still_a_recording(fixture: Fixture):
    """Wherever an upload breaks off, the outcome is a Recording or an UnreadableSpectrum; most are the latter."""
    files = fixture.files()
    size = len(files[0].content)
    ends = sorted({*range(0, size, size // 16 + 1), *range(max(0, size - 3), size)})
    outcomes = [attempt((replace(files[0], content=files[0].content[:end]), *files[1:])) for end in ends]

    assert isinstance(outcomes[0], UnreadableSpectrum)
    assert sum(isinstance(outcome, UnreadableSpectrum) for outcome in outcomes) >= len(outcomes) / 2
    assert [word for outcome in outcomes for word in identity_in(outcome)] == []


@each_fixture
def test_a_truncated_file_is_never_read_as_whole(fixture: Fixture):
    """Cut off anywhere: refused, or said that it may be cut, or only what holds no signal and no wrong fact is lost."""
    files, whole = fixture.files(), fitting.io.read(fixture.files())
    for at, file in enumerate(files):
        for end in _ends(len(file.content)):
            cut = (*files[:at], replace(file, content=file.content[:end]), *files[at + 1 :])
            outcome = attempt(cut)
            if isinstance(outcome, Recording) and outcome.may_be_cut is None:
                # An LCModel file need not say how many points it has: what is left may be a shorter, usual signal.
                shorter = fixture.reader == "lcmodel_raw" and not all(outcome.points % usual for usual in (64, 100))
                points = outcome.points if shorter else whole.points
                assert np.array_equal(outcome.samples, whole.samples[..., :points]), end
                assert _wrong_facts(outcome.acquisition, whole.acquisition) == [], end


def _ends(size: int) -> list[int]:
    """Places to cut a file: all over it, close to its end, and in uneven steps so that rows are cut everywhere."""
    return sorted({*range(1, size, size // 97 + 1), *range(1, size, size // 150 + 3), *range(max(0, size - 80), size)})


def _wrong_facts(found: Acquisition, expected: Acquisition) -> list[str]:
    """Facts that are neither as in the whole file nor missing."""
    names = [item.name for item in fields(Acquisition)]
    return [name for name in names if getattr(found, name) not in (getattr(expected, name), DEFAULTS.get(name))]


@each_fixture
@fuzzed
@given(changes=st.lists(st.tuples(ANYWHERE_OR_NEAR_THE_BEGINNING, st.integers(0, 255)), min_size=1, max_size=12))
@example(changes=[(place / 50, 255) for place in range(51)])
@example(changes=[(place / 500, ord("9")) for place in range(51)])
def test_flipped_bytes_never_cause_another_error(fixture: Fixture, changes: list[tuple[float, int]]):
    """Whatever a damaged disk makes of a file: a Recording or an UnreadableSpectrum, and no identity in it."""
    outcome = attempt(mutated(fixture.files(), changes))

    assert isinstance(outcome, Recording | UnreadableSpectrum)
    assert identity_in(outcome) == []


@pytest.mark.parametrize("reader", READERS, ids=lambda item: item.name)
@settings(fuzzed, max_examples=50)
@given(contents=st.lists(st.binary(max_size=400), max_size=2))
@example(contents=[])
@example(contents=[b""])
def test_sniffing_never_raises(reader, contents: list[bytes]):
    """Any bytes, any number of files: recognises answers True or False."""
    files = tuple(SourceFile(f"file{number}", content) for number, content in enumerate(contents))

    assert reader.recognises(files) in (True, False)


@each_fixture
def test_an_empty_companion_is_an_error_or_is_ignored(fixture: Fixture):
    """A companion that arrives empty never causes another error."""
    files = fixture.files()
    outcome = attempt((files[0], *(replace(file, content=b"") for file in files[1:])))

    assert isinstance(outcome, Recording | UnreadableSpectrum)
