"""Write the tables of the documentation that the code already knows, between their markers.

``python docs/generate.py`` rewrites the pages; with ``--check`` it names those that are out of date and fails.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import typer.main
import yaml
from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticUndefined

from fitting.cohort.analyses.registry import ANALYSES
from fitting.cohort.answer_fields import answer_fields
from fitting.cohort.planning.plan import Common, preset_names
from fitting.cohort.presets import preset_plan
from fitting.io import READERS
from fitting.quality import quality_numbers
from fitting.quality.verdict import rules
from fitting.quantification.relaxation import RelaxationTable, relaxation_table
from fitting.quantification.scaling import LCMODEL_ATTENUATION, LCMODEL_WATER, WATER_MOLALITY
from fitting.quantification.tissue import TISSUES, water_content
from fitting.sites import Site
from service.cli.app import app
from service.errors import BY_CODE, STATUS
from service.reports.fhir.code_system import code_system_json
from service.routes import openapi_yaml
from service.settings import Settings

DOCS = Path(__file__).parent


def settings() -> str:
    """One row for each environment variable."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "–" if field.default is PydanticUndefined else f"`{field.default}`"
        rows.append((f"`MRSQUANT_{name.upper()}`", default, field.description or ""))
    return _table(("variable", "default", "meaning"), rows)


def problems() -> str:
    """One section for each problem code, in alphabetical order."""
    sections = []
    for code, kind in sorted(BY_CODE.items()):
        sections.append(
            f"### `{code}`\n\n{kind.title}. HTTP {STATUS[kind]}.\n\n{_paragraph(inspect.getdoc(kind) or '')}"
        )
    return "\n\n".join(sections)


PEERS = ("mrsquant, simulated basis", "LCModel 6.3", "FSL-MRS 2.4", "TARQUIN 4.3")
QUALITIES = ("easy", "clinical", "hard")


def peers() -> str:
    """Accuracy beside other programs, from the overview of docs/benchmark.md."""
    text = (DOCS / "benchmark.md").read_text(encoding="utf-8").partition("Overview, ordinary spectra")[2]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    header, found = cells[0], {(row[0], row[1]): row for row in reversed(cells)}

    def each(program: str, column: str) -> str:
        return " / ".join(found[quality, program][header.index(column)] for quality in QUALITIES)

    heading = ("program", "error of ratios, %", "truths inside stated 95 %", "CPU time, ms")
    return _table(heading, [(name, each(name, "g5"), each(name, "ratio 95 %"), each(name, "CPU ms")) for name in PEERS])


def calls() -> str:
    """One row for each call of the HTTP interface."""
    paths = yaml.safe_load(openapi_yaml())["paths"]
    rows = [
        (f"`{method.upper()} {path}`", f"`{operation['operationId']}`", operation["summary"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "pages" not in operation["tags"]
    ]
    return _table(("call", "name", "does"), rows)


MIXTURES = ((1.0, 0.0, 0.0), (0.6, 0.3, 0.1), (0.4, 0.3, 0.3), (0.0, 1.0, 0.0))
"""Volumes of grey and white matter and CSF, from a cortex to white matter."""


def scaling() -> str:
    """How much molal, molar and institutional values of one signal differ, by tissue; 3 T, TE 30 ms, TR 2 s."""
    timing, field = (0.030, 2.0), 3.0
    table, content = relaxation_table(), water_content()
    rows = []
    for mixture in MIXTURES:
        volumes = dict(zip(TISSUES, mixture, strict=True))
        water = sum(volumes[k] * content[k] * _attenuation(table, "water", k, field, timing) for k in TISSUES)
        brain = volumes["GM"] + volumes["WM"]
        metabolite = sum(volumes[k] * _attenuation(table, "tNAA", k, field, timing) for k in ("GM", "WM")) / brain
        tissue_water = sum(volumes[k] * content[k] for k in ("GM", "WM"))
        molal = WATER_MOLALITY * water / (tissue_water * metabolite)
        molar = WATER_MOLALITY * water / (brain * metabolite)
        institutional = LCMODEL_WATER * LCMODEL_ATTENUATION
        name = " ".join(f"{k} {volumes[k]:g}" for k in TISSUES)
        rows.append((name, "1", f"{molar / molal:.2f}", f"{institutional / molal:.2f}", f"{molal / molar:.2f}"))
    return _table(("voxel", "molal", "molar", "institutional", "molal / molar"), rows)


def _attenuation(table: RelaxationTable, species: str, tissue: str, field: float, timing: tuple[float, float]) -> float:
    found = table.find(species, tissue, field)
    if found is None:
        raise KeyError(species, tissue)
    return found.attenuation(*timing)


def formats() -> str:
    """The title of each reader in one paragraph, with what every reader refuses."""
    titles = ", ".join(f"{reader.title} (`{reader.name}`)" for reader in READERS)
    return textwrap.fill(
        f"Formats, recognised by content and not by suffix: {titles}. Editing sequences, spectroscopic imaging and "
        "nuclei other than ¹H are refused with an explicit error. [Formats](docs/formats.md) lists vendors and "
        "software versions.",
        width=140,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _commands(group: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Every command with its whole name, those of groups included."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def commands() -> str:
    """Each command with its arguments and options."""
    sections = []
    for name, command in _commands(typer.main.get_command(app)):
        rows = []
        for parameter in command.params:
            shown = ", ".join(f"`{option}`" for option in parameter.opts) if parameter.opts else ""
            if parameter.param_type_name == "argument":
                shown = f"`{parameter.metavar or parameter.name}`"
            rows.append((shown, getattr(parameter, "help", "") or ""))
        sections.append(f"### `mrsquant {name}`\n\n{_paragraph(command.help)}\n\n{_table(('option', 'meaning'), rows)}")
    return "\n\n".join(sections)


def cohort_plan() -> str:
    """The keys of each section of a cohort's plan."""
    parts = [f"Top level\n\n{_keys(Common)}"]
    for analysis in ANALYSES:
        mark = f"[[{analysis.section.key}]]" if analysis.section.repeated else f"[{analysis.section.key}]"
        parts.append(f"`{mark}`\n\n{_keys(analysis.section.settings)}")
    return "\n\n".join(parts)


def _keys(noun: type[Any]) -> str:
    """One row for each attribute of a dataclass: name, kind, default and its own docstring."""
    body = ast.parse(textwrap.dedent(inspect.getsource(noun))).body[0].body  # type: ignore[attr-defined]
    rows = []
    for item, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            default = "needed" if item.value is None else f"`{ast.unparse(item.value)}`"
            meaning = after.value.value if is_text else ""  # type: ignore[union-attr]
            rows.append((f"`{item.target.id}`", f"`{ast.unparse(item.annotation)}`", default, str(meaning)))
    return _table(("key", "kind", "default", "meaning"), rows)


def cohort_fields() -> str:
    """One row for each field of a cohort's answer."""
    rows = [(f"`{name}`", item.unit or "–", item.text) for name, item in answer_fields().items()]
    return _table(("field", "unit", "meaning"), rows)


def cohort_presets() -> str:
    """One row for each shipped plan."""
    rows = [(f"`{name}`", preset_plan(name).common.title) for name in preset_names()]
    return _table(("preset", "asks"), rows)


def quality() -> str:
    """One row for each quality number."""
    rows = [
        (f"`{number.name}`", number.unit, number.definition, number.good or "–", number.source)
        for number in quality_numbers()
    ]
    return _table(("number", "unit", "definition", "good", "source"), rows)


def verdict_rules() -> str:
    """One row for each rule of the verdict."""
    rows = []
    for rule in rules():
        limit = f"{'above' if rule.above is not None else 'below'} {rule.limit:g}"
        spares = ", ".join(rule.spares) or "–"
        rows.append((f"`{rule.code}`", f"`{rule.quantity}`", limit, rule.usable, spares, rule.source))
    return _table(("code", "number", "fires", "verdict", "spares", "source"), rows)


class _Described(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    site: Site


def site_members() -> str:
    """One row for each member of ``SITE.json``."""
    schema = _Described.model_json_schema()
    rows = [("`kind`", "string", "`mrsquant-site`."), ("`schema`", "integer", "Version of this table: 1.")]
    rows += _members(schema["$defs"]["Site"], schema["$defs"], "")
    rows.append(("`checksum`", "string", "SHA-256 of the canonical bytes without this member."))
    return _table(("member", "type", "meaning"), rows)


def _members(noun: dict[str, Any], nouns: dict[str, Any], place: str) -> Iterable[tuple[str, str, str]]:
    for name, member in noun["properties"].items():
        options = [item for item in member.get("anyOf", [member]) if item.get("type") != "null"]
        kind = options[0]
        for key in ("items", "additionalProperties"):
            kind = kind[key] if isinstance(kind.get(key), dict) else kind
        null = " or null" if "anyOf" in member else ""
        marks = {"array": "[]", "object": "{}"}.get(options[0].get("type", ""), "")
        yield f"`{place}{name}{marks}`", kind.get("type", "object") + null, member.get("description", "")
        if "$ref" in kind:
            yield from _members(nouns[kind["$ref"].rsplit("/", 1)[1]], nouns, f"{place}{name}{marks}.")


TABLES: dict[str, tuple[Path, Callable[[], str]]] = {
    "settings": (DOCS / "settings.md", settings),
    "problems": (DOCS / "problems.md", problems),
    "commands": (DOCS / "command-line.md", commands),
    "formats": (DOCS.parent / "README.md", formats),
    "peers": (DOCS.parent / "README.md", peers),
    "calls": (DOCS / "api.md", calls),
    "scaling": (DOCS / "explanation" / "other-programs.md", scaling),
    "quality": (DOCS / "quality.md", quality),
    "site_members": (DOCS / "sites.md", site_members),
    "verdict_rules": (DOCS / "verdict.md", verdict_rules),
    "cohort_plan": (DOCS / "cohorts.md", cohort_plan),
    "cohort_fields": (DOCS / "cohorts.md", cohort_fields),
    "cohort_presets": (DOCS / "cohorts.md", cohort_presets),
}
"""Marker in the page, page, and what stands between the markers."""


def rewritten(name: str) -> tuple[Path, str, str]:
    """A page, its text as it is, and its text as it should be."""
    path, table = TABLES[name]
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"{path} has no markers '{begin}' and '{end}'")
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return path, text, between.sub(lambda _: f"{begin}\n\n{table()}\n\n{end}", text)


FILES: dict[str, Callable[[], str]] = {"fhir/CodeSystem-mrsquant.json": code_system_json}
"""Files that are generated as a whole."""


def main(arguments: Sequence[str]) -> int:
    """Write, or with ``--check`` only compare."""
    stale = []
    for name in TABLES:
        path, is_now, should_be = rewritten(name)
        if is_now != should_be:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(should_be, encoding="utf-8")
    for place, content in FILES.items():
        path = DOCS / place
        if not path.is_file() or path.read_text(encoding="utf-8") != content():
            stale.append(path.name)
            if "--check" not in arguments:
                path.parent.mkdir(exist_ok=True)
                path.write_text(content(), encoding="utf-8")
    if stale:
        verb = "out of date, run make docs" if "--check" in arguments else "written"
        sys.stderr.write(f"{verb}: {', '.join(stale)}\n")
    return int(bool(stale) and "--check" in arguments)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_paragraph(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _paragraph(text: str) -> str:
    """One line, with code marked as Markdown does."""
    return " ".join(text.split()).replace("``", "`")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
