"""``gateway.toml`` says everything; what cannot work is refused at the start with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.cli import app
from service.gateway.configuration import UnusableConfiguration, peer_of, read_configuration

WHOLE = """
ae_title = "MRSQUANT"
port = 11112
accept_from = ["MRSCANNER1", "TESTPACS"]
settle_seconds = 20
objects = ["sr", "pdf", "sc"]
send = "draft"
forget_after = "7d"
[to]
ae_title = "TESTPACS"
host = "127.0.0.1"
port = 8266
[[region]]
pattern = '(?i)\\bacc\\b|cingul'
region = "ACC"
hemisphere = "midline"
[[region]]
pattern = '(?i)dlpfc.*(left|_l\\b)'
region = "dlPFC"
hemisphere = "left"
sequence = "PRESS"
"""
TO = '[to]\nae_title = "P"\nport = 104\n'


def _read(tmp_path: Path, text: str):
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return read_configuration(path, {})


def test_whole_file_is_read(tmp_path: Path) -> None:
    configuration = _read(tmp_path, WHOLE)

    assert configuration.accept_from == ("MRSCANNER1", "TESTPACS")
    assert configuration.forget_after == 7 * 86_400
    assert (configuration.to.ae_title, configuration.to.port) == ("TESTPACS", 8266)
    assert [rule.document["region"] for rule in configuration.region] == ["ACC", "dlPFC"]
    assert configuration.region[1].document["overrides"] == {"sequence": "PRESS"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "to"),
        (TO.replace("port = 104", ""), "to"),
        (TO + 'stow = "https://pacs/dicom-web"', "to"),
        ("colour = 1\n" + TO, "colour"),
        ("port = 70000\n" + TO, "port"),
        ('host = "0.0.0.0"\n' + TO, "accept_from is empty"),
        ('send = "signed"\n' + TO, "needs url"),
        ('objects = ["gif"]\n' + TO, "objects"),
        ('ae_title = "SEVENTEEN_LETTERS"\n' + TO, "ae_title"),
        (TO + "[[region]]\npattern = '('\nregion = \"ACC\"\n", "number 1"),
        ("= 3", "not TOML"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UnusableConfiguration, match=place):
        _read(tmp_path, text)


def test_peer_of_the_command_line() -> None:
    assert peer_of("PACS@10.0.0.1:104") == {"ae_title": "PACS", "host": "10.0.0.1", "port": 104}
    assert peer_of("https://pacs/dicom-web") == {"stow": "https://pacs/dicom-web"}
    with pytest.raises(UnusableConfiguration, match="AE@host:port"):
        peer_of("pacs:104")


def test_command_without_a_destination_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["dicom-gateway"]) == 1
    assert "to:" in capsys.readouterr().err
