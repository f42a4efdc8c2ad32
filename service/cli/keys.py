"""``mrsquant keys``: make, list, replace and withdraw the API keys of devices and people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.operator_settings import load_settings

if TYPE_CHECKING:
    from service.access.key_file import KeyFile
    from service.access.keys import Key
    from service.access.principal import Scope

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list, replace and withdraw API keys. A running service sees each change at once.",
)

File = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Default: MRSQUANT_API_KEYS_FILE.")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="Id of the key, as `keys list` shows it.")]
Days = Annotated[int, typer.Option("--days", min=1, max=3650, help="Validity in days.")]


@app.command()
def new(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Device name: letters, digits, dots, hyphens.")],
    *,
    scopes: Annotated[str, typer.Option(help="Scopes, of `submit read sign admin`.")] = "submit,read",
    project: Annotated[str, typer.Option(help="Project whose analyses the key can access.")] = "default",
    days: Days = 365,
    file: File = None,
) -> int:
    """Create a key and print it once; the file stores its digest only."""
    kept = _open(file)
    _hand_over(kept, _present(kept) if kept.exists else {}, _made(device, project, _scopes(scopes), days))
    return ExitCode.ANALYSED


@app.command("list")
def list_keys(file: File = None) -> int:
    """Print id, device, project, scopes and dates of every key."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    for key in _present(_open(file)).values():
        state = "valid" if key.is_valid(now) else "expired"
        words = (key.id, key.device, key.project, ",".join(sorted(key.scopes)), state, f"{key.expires:%Y-%m-%d}")
        sys.stdout.write("\t".join(words) + "\n")
    return ExitCode.ANALYSED


@app.command()
def rotate(
    key_id: KeyId,
    *,
    overlap_days: Annotated[int, typer.Option(min=0, max=365, help="Days the old key stays valid beside it.")] = 14,
    days: Days = 365,
    file: File = None,
) -> int:
    """Make a key that replaces another of the same device, project and scopes; both are valid for a while."""
    from datetime import UTC, datetime, timedelta

    kept = _open(file)
    keys = _present(kept)
    old = _known(keys, key_id)
    ends = min(old.expires, datetime.now(UTC).replace(microsecond=0) + timedelta(days=overlap_days))
    keys[key_id] = old.model_copy(update={"expires": ends})
    _hand_over(kept, keys, _made(old.device, old.project, old.scopes, days))
    return ExitCode.ANALYSED


@app.command()
def revoke(key_id: KeyId, *, file: File = None) -> int:
    """Withdraw a key at once, with every browser session that was opened with it."""
    kept = _open(file)
    keys = _present(kept)
    del keys[_known(keys, key_id).id]
    _write(kept, keys)
    return ExitCode.ANALYSED


def _open(file: Path | None) -> KeyFile:
    from service.access.key_file import KeyFile

    path = file or load_settings().api_keys_file
    if path is None:
        raise CommandFailure(
            ExitCode.FAILURE, "no-keys-file", "MRSQUANT_API_KEYS_FILE", "is not set; set it or name --file."
        )
    return KeyFile(path)


def _present(kept: KeyFile) -> dict[str, Key]:
    from service.access.key_file import UnusableKeyFile

    try:
        return dict(kept.keys())
    except UnusableKeyFile as error:
        raise CommandFailure(ExitCode.FAILURE, "unusable-keys-file", str(kept.path), str(error)) from error


def _known(keys: dict[str, Key], key_id: str) -> Key:
    if key_id not in keys:
        raise CommandFailure(ExitCode.FAILURE, "unknown-key", key_id, "no key has this id; see `mrsquant keys list`.")
    return keys[key_id]


def _scopes(text: str) -> frozenset[Scope]:
    from service.access.principal import SCOPES

    words = frozenset(text.replace(",", " ").split())
    if not words or not words <= SCOPES:
        raise typer.BadParameter(f"'{text}': name some of {' '.join(sorted(SCOPES))}, with commas between.")
    return SCOPES & words


def _made(device: str, project: str, scopes: frozenset[Scope], days: int) -> tuple[Key, str]:
    from datetime import timedelta

    from pydantic import ValidationError

    from service.access.keys import new_key

    try:
        return new_key(device, project, scopes, timedelta(days=days))
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]["loc"][0]
        raise typer.BadParameter(
            f"the {wrong} may have 1 to 64 letters, digits, dots, hyphens, underscores."
        ) from error


def _hand_over(kept: KeyFile, keys: dict[str, Key], made: tuple[Key, str]) -> None:
    key, shown = made
    _write(kept, {**keys, key.id: key})
    sys.stderr.write(f"Key {key.id} of {key.device}, valid until {key.expires:%Y-%m-%d}. It is not shown again:\n")
    sys.stdout.write(shown + "\n")


def _write(kept: KeyFile, keys: dict[str, Key]) -> None:
    try:
        kept.write(keys.values())
    except OSError as error:
        reason = f"{error.strerror or type(error).__name__}."
        raise CommandFailure(ExitCode.FAILURE, "file-not-writable", str(kept.path), reason) from error
