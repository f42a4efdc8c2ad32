"""The code table agrees with DICOM's dictionary and covers every metabolite and region."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from fitting.basis.metabolites import metabolites
from fitting.norms.regions import regions
from service.reports.codes import LONGEST_VALUE, OWN_SCHEME, code_table, concentration_code, ratio_code, region_code

ROWS = [(f"{section}.{key}", code) for section, rows in code_table().items() for key, code in rows.items()]
IN_DICTIONARY = [row for row in ROWS if row[1].scheme in ("DCM", "SCT")]


def _dictionary(scheme: str) -> dict[str, str]:
    collection = getattr(codes, scheme)
    return {concept.value: concept.meaning for concept in (getattr(collection, name) for name in collection.dir())}


@pytest.mark.parametrize("scheme", ["DCM", "SCT"])
def test_codes_of_dicom_equal_pydicoms_dictionary(scheme):
    known = _dictionary(scheme)

    ours = {code.value: code.meaning for _, code in IN_DICTIONARY if code.scheme == scheme}

    assert ours
    assert {value: known.get(value, "").lower() for value in ours} == {v: words.lower() for v, words in ours.items()}


def test_every_metabolite_and_region_has_a_code_of_16_characters_at_most():
    named = [ratio_code(item.name) for item in metabolites()] + [
        concentration_code(item.name) for item in metabolites()
    ]
    named += [code for region in regions() if (code := region_code(region.name))]

    assert len(named) == 2 * len(metabolites()) + len(regions())
    assert [code for code in (*named, *(code for _, code in ROWS)) if not 0 < len(code.value) <= LONGEST_VALUE] == []
    assert [code for code in named if len(code.meaning) > 64] == []


def test_no_two_quantities_share_a_code():
    named = [ratio_code(item.name) for item in metabolites()] + [
        concentration_code(item.name) for item in metabolites()
    ]

    assert len({(code.value, code.scheme) for code in named}) == len(named)


def test_glutamate_and_sums_that_dicom_lacks_have_own_codes():
    for name in ("Glu", "tNAA", "GABA", "GSH"):
        assert (concentration_code(name).value, concentration_code(name).scheme) == (name, OWN_SCHEME)
        assert (ratio_code(name).value, ratio_code(name).scheme) == (f"{name}/tCr", OWN_SCHEME)


def test_region_that_norms_do_not_know_has_no_code():
    assert region_code("somewhere") is None
    assert region_code(None) is None
    assert region_code("left insula").value == "36169008"
