"""No text that was typed chooses or forbids a sequence; each known name means what the tables say, however written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitting.io
from fitting.errors import UnsupportedData
from fitting.io import Files
from fitting.io.free_text import named_by_scan
from fitting.io.sequence_names import localisation
from fitting.io.sequence_table import FAMILIES, REFUSED, named, names, words, words_of
from tests.conformance.reader_fixtures.dicom_mrs import siemens
from tests.conformance.reader_fixtures.nifti_mrs import with_fields
from tests.conformance.reader_fixtures.philips_sdat import named as scan_named
from tests.conformance.reader_fixtures.siemens_rda import rda
from tests.conformance.reader_fixtures.siemens_twix import ve

STUDIES = (
    "Depression ACC", "Depression_OCC", "Expression", "Gene expression PCC", "especially", "Specialist clinic",
    "special needs", "SPECIAL K trial", "Steamboat", "STEAM museum kids", "Steam burn cohort", "PRESS release study",
    "Pressure ulcers", "blood pressure", "Press on", "compressed", "impressive 2", "suppression 35", "Cypress",
    "Expressive aphasia", "Omega3", "OMEGA-3 kids", "omega-6", "Mediterranean diet", "Meditation", "Mediation OCC",
    "Megan's cohort", "MEGA study ACC", "Megalencephaly", "mega_analysis_pilot", "Hermes trial", "HERMES", "Hercules",
    "Hercules knights", "Herculaneum", "Credit score", "EDIT-B", "edition 2", "Accredited", "unedited", "Expedited",
    "GABA in autism", "gaba", "Gabapentin RCT", "GSH depletion", "hyperactivity", "Eccentric exercise", "CSI Dublin",
    "Sicily", "Laser surgery", "S. Laser", "Glaser", "Probe-d", "probe study", "Jpressley", "JRES", "jde",
    "svs study", "Isthmus of cingulate", "HBCD", "Progress 35", "PRESS 35 and STEAM 20", "MD Special 35", "Steamed 20",
    "Pilot 30", "Trial: ACC", "Schizophrenia", "te35", "35", "Semi-structured interview", "3T control", "",
)  # fmt: skip
"""Names as studies and scans have them, those among them that hold a sequence's letters or its very word."""

IN_FREE_TEXT: dict[str, Callable[[str], Files]] = {
    "nifti protocol": lambda text: with_fields(SequenceName="svs_se", ProtocolName=text),
    "nifti series": lambda text: with_fields(SequenceName="svs_se", SeriesDescription=text),
    "rda series": lambda text: rda(SequenceName="svs_se", SeriesDescription=text),
    "rda protocol": lambda text: rda(SequenceName="svs_se", ProtocolName=text),
    "dicom protocol": lambda text: siemens(PulseSequenceName="svs_se", ProtocolName=text),
    "dicom series": lambda text: siemens(PulseSequenceName="svs_se", SeriesDescription=text),
    "twix protocol": lambda text: ve(tSequenceFileName='"%SiemensSeq%\\svs_se"', tProtocolName=f'"{text}"'),
}
WITHOUT_A_FIELD: dict[str, Callable[[str], Files]] = {
    "nifti": lambda text: with_fields(ProtocolName=text, EchoTime=0.035),
    "rda": lambda text: rda(SequenceName="", SeriesDescription=text),
    "dicom": lambda text: siemens(PulseSequenceName=None, VolumeLocalizationTechnique=None, ProtocolName=text),
    "spar": scan_named,
}


def test_there_are_sixty_of_them() -> None:
    """Enough to mean something, none twice."""
    assert len(set(STUDIES)) == len(STUDIES) >= 60


@pytest.mark.parametrize("where", IN_FREE_TEXT)
@pytest.mark.parametrize("study", STUDIES)
def test_no_study_changes_a_known_sequence(where: str, study: str) -> None:
    """Beside a sequence field that says PRESS, a protocol or series may be called anything."""
    assert fitting.io.read(IN_FREE_TEXT[where](study)).acquisition.sequence == "PRESS"


@pytest.mark.parametrize("where", WITHOUT_A_FIELD)
@pytest.mark.parametrize("study", STUDIES)
def test_no_study_chooses_or_forbids_a_sequence(where: str, study: str) -> None:
    """Where no field says the sequence, the user is asked: the file is read and its sequence missing."""
    assert fitting.io.read(WITHOUT_A_FIELD[where](study)).acquisition.sequence is None


@given(st.sampled_from(["press", "steam", "special", "slaser", "mega", "edit", "csi", "gaba", "hermes"]), st.data())
def test_letters_within_a_word_name_nothing(word: str, data: st.DataObject) -> None:
    """A sequence's letters with other letters before or after them are another word."""
    letters = st.text("abdfijkoqvwxyz", max_size=4)
    before, after = data.draw(letters), data.draw(letters)
    text = before + word + after
    if named(text) is None and not (before == after == ""):
        assert localisation(text) is None
        assert named_by_scan(f"{text} 35", 0.035) is None


def kind_by(text: str) -> str | None:
    """What a sequence field of this text leads to."""
    try:
        return localisation(text)
    except UnsupportedData:
        return "refused"


@pytest.mark.parametrize("name", names())
@given(
    st.sampled_from(["", "%SiemensSeq%\\", "%CustomerSeq%\\CMRR\\", "research/", "*", '"']),
    st.sampled_from(["", "_30", "_te30", " 35ms", "_ve11c", "_XA30", "_VB17A", "_v2.1", "_r017"]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_each_known_name_means_its_kind_however_written(
    name: str, folder: str, suffix: str, case: Callable[[str], str]
) -> None:
    """Folder, echo time, release and case change nothing; a refused one is refused."""
    kind = names()[name]
    expected = kind if kind in FAMILIES else "refused"

    assert kind in {*FAMILIES, *REFUSED}
    assert kind_by(folder + case(name) + suffix) == expected


@pytest.mark.parametrize("name", ["svs_se", "eja_svs_slaser", "probe-sl", "semi_laser", "s_laser", "eja_svs_mslaser"])
@pytest.mark.parametrize("separator", ["_", "-", " ", "."])
def test_separators_do_not_matter(name: str, separator: str) -> None:
    """``semi_LASER``, ``semi LASER`` and ``semi-LASER`` are one."""
    assert kind_by(separator.join(words_of(name))) == kind_by(name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "%CustomerSeq%\\eja_svs_mslaser", "dkd_svs_mslaser_msspnav", "repress7", "HURCULES_press", "GSH_PRESS",
        "PRESS_GABA_ON", "JDE_PRESS", "MEGA-sLASER", "megapress", "svs_edit_859G", "hermes_press_2", "svs_edited_v3",
    ],
)  # fmt: skip
def test_an_edited_sequence_is_refused_by_its_field(name: str) -> None:
    """By the tables, or by a whole word of its name that stands for editing."""
    with pytest.raises(UnsupportedData, match="spectral editing"):
        localisation(name)


@pytest.mark.parametrize(
    "name", ["smith_press", "press_steam", "unedited_press", "svs_se_ir", "DIR sLASER", "compressed"]
)
def test_an_unknown_name_is_not_guessed_from(name: str) -> None:
    """Another sequence than the one whose word it holds: the user is asked."""
    assert localisation(name) is None


def test_an_unknown_sequence_is_not_taken_for_the_technique_beside_it() -> None:
    """Siemens writes PRESS as the technique of sequences that derive from it; Philips calls every one SPECTROSCOPY."""
    assert localisation("my_own_svs", None, "PRESS") is None
    assert localisation("SPECTROSCOPY", None, "STEAM") == "STEAM"
    assert localisation(None, None, "STEAM") == "STEAM"


@pytest.mark.parametrize("word", words())
def test_each_word_is_one(word: str) -> None:
    """In lower case and without separators, as words are compared."""
    assert words_of(word) == (word,)


@pytest.mark.parametrize(
    ("scan_id", "echo_time", "family"),
    [
        ("SV_PRESS_30", 0.030, "PRESS"),
        ("PRESS", 0.030, "PRESS"),
        ("PRESS PAR 35", 0.035, "PRESS"),
        ("PRESS_TI_600", 0.030, "PRESS"),
        ("STEAM  3 T", 0.020, "STEAM"),
        ("Omega3 ACC PRESS 35", 0.035, "PRESS"),
        ("Memory study semi-LASER te28", 0.028, "sLASER"),
        ("Omega3 ACC PRESS 35", 0.144, None),
        ("STEAM ACC", 0.035, None),
        ("STEAM kids 35", 0.035, None),
        ("SPECIAL 35", 0.035, None),
        ("GABA PRESS 35", 0.035, None),
    ],
)
def test_a_scan_is_named_as_its_sequence(scan_id: str, echo_time: float, family: str | None) -> None:
    """Philips SPAR: nothing but a sequence's name, or its family before the header's own echo time."""
    assert named_by_scan(scan_id, echo_time) == family
