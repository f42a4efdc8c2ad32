"""Every shipped pulse and realisation names its source, can be simulated, and is found by who needs it."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from fitting.basis.precompute import common_protocols
from fitting.basis.realisations import GRADES, choose_realisation, generic_realisation, realisations
from fitting.basis.sequences import Protocol, as_played_out, build
from fitting.basis.simulation import describe
from fitting.basis.waveforms import shapes
from fitting.run.completion import SEQUENCES

DOCUMENTS = {
    f"{folder}/{entry.name}": tomllib.loads(entry.read_text(encoding="utf-8"))
    for folder in ("pulses", "realisations")
    for entry in (files("fitting") / "data" / folder).iterdir()
    if entry.name.endswith(".toml")
}


@pytest.mark.parametrize("path", sorted(DOCUMENTS))
def test_every_file_names_itself_its_source_and_its_uncertainties(path: str):
    """The name is the file's; source, place in it and at least one note are given."""
    document = DOCUMENTS[path]

    assert path.endswith(f"/{document['name']}.toml")
    assert document["title"]
    assert len(document["source"]) > 20
    assert len(document["locator"]) > 10
    assert document["notes"]


@pytest.mark.parametrize("name", realisations())
def test_every_realisation_can_be_played_out(name: str):
    """Known sequence, grade and shape; pulses fit into 30 ms; the description names pulse, width and grade."""
    entry = realisations()[name]
    field = sum(entry.field_t) / 2
    protocol = Protocol(entry.sequence, 0.030, field * 42.577e6, 0.010, realisation=entry)

    assert entry.sequence in SEQUENCES
    assert entry.pulse.shape == shapes()[entry.pulse.shape.name]
    assert build(protocol)
    words = describe(protocol)
    assert entry.pulse.shape.name in words
    assert GRADES[entry.grade] in words


@pytest.mark.parametrize("sequence", ["PRESS", "STEAM", "sLASER"])
def test_no_two_realisations_compete(sequence: str):
    """For one sequence and field there is one realisation per vendor and one for the others."""
    vendors = [entry.vendor for entry in realisations().values() if entry.sequence == sequence]

    assert len(set(vendors)) == len(vendors)
    assert None in vendors


@pytest.mark.parametrize(
    ("sequence", "vendor", "megahertz", "expected"),
    [
        ("PRESS", "SIEMENS", 123.25, "siemens-press"),
        ("PRESS", "Siemens Healthineers", 123.2, "siemens-press"),
        ("PRESS", "GE MEDICAL SYSTEMS", 127.7, "ge-press"),
        ("PRESS", "Philips Medical Systems", 127.8, "philips-press"),
        ("PRESS", "UIH", 127.7, "press"),
        ("PRESS", None, 127.7, "press"),
        ("PRESS", None, 123.25, "siemens-press"),
        ("PRESS", "GE", 123.25, "ge-press"),
        ("PRESS", "SIEMENS", 63.7, "press"),
        ("PRESS", "SIEMENS", 297.2, None),
        ("sLASER", "SIEMENS", 123.25, "slaser"),
        ("STEAM", None, 127.7, "steam"),
        ("SPECIAL", "SIEMENS", 123.25, None),
    ],
)
def test_the_vendor_decides_then_the_field_then_the_generic_one(
    sequence: str, vendor: str | None, megahertz: float, expected: str | None
):
    """Headers write vendors in their own way; without one, only Siemens builds magnets of 2.89 T."""
    chosen = choose_realisation(sequence, vendor, megahertz * 1e6)

    assert (None if chosen is None else chosen.name) == expected


def test_a_realisation_that_is_not_played_out_is_only_a_direction_of_uncertainty():
    """SPECIAL stays ideal at every field, and its published refocusing pulse is what it may change toward."""
    for megahertz in (63.7, 123.25, 297.2):
        assert choose_realisation("SPECIAL", "SIEMENS", megahertz * 1e6) is None

    assert generic_realisation("SPECIAL") == realisations()["special"]


@pytest.mark.parametrize(
    ("sequence", "echo_time"), [("PRESS", 0.008), ("PRESS", 0.017), ("sLASER", 0.017), ("STEAM", 0.005)]
)
def test_pulses_that_do_not_fit_stay_ideal_and_the_basis_notes_it(sequence: str, echo_time: float):
    """An echo time shorter than the pulses cannot be theirs."""
    protocol = Protocol(sequence, echo_time, 123.25e6, 0.010)

    assert as_played_out(protocol, "SIEMENS") == protocol
    assert "ideal pulses" in describe(protocol)


def test_common_protocols_are_shaped_and_known_by_their_scanner():
    """What is simulated ahead covers each vendor, PRESS 30 and 35, sLASER 28 and 35 and STEAM 20, at 3 T."""
    protocols = common_protocols()

    assert all(protocol.realisation is not None for protocol in protocols)
    covered = {(protocol.sequence, protocol.echo_time) for protocol in protocols}
    assert covered >= {("PRESS", 0.030), ("PRESS", 0.035), ("sLASER", 0.028), ("sLASER", 0.035), ("STEAM", 0.020)}
    named = {protocol.realisation.name for protocol in protocols if protocol.realisation is not None}
    assert named == {name for name, entry in realisations().items() if entry.played_out}
