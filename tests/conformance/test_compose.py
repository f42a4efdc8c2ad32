"""``compose.yaml`` names what exists: services, volumes, settings, programs and addresses the service accepts."""

from __future__ import annotations

import re
import shutil
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from dask.utils import parse_bytes
from sqlalchemy import make_url

from service.settings import Settings, executor_parts

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
KEYS = {
    "image", "build", "restart", "read_only", "cap_drop", "security_opt", "tmpfs", "environment", "volumes", "ports",
    "stop_grace_period", "depends_on", "command", "healthcheck", "networks", "mem_limit", "profiles", "configs",
}  # fmt: skip
"""Of the Compose specification, those that stand there."""


@pytest.mark.parametrize("name", SERVICES)
def test_service(name: str) -> None:
    """Its keys are known, and it depends on services with a health check and mounts volumes that are declared."""
    service = SERVICES[name]

    assert set(service) <= KEYS
    for other, condition in service.get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert "test" in SERVICES[other]["healthcheck"]
    assert {volume.split(":")[0] for volume in service.get("volumes", ())} <= set(COMPOSE["volumes"])
    program = service.get("command", ["python"])[0]
    assert service["image"] != "mrsquant" or shutil.which(program, path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("name", SERVICES)
def test_settings_exist(name: str) -> None:
    """A misspelt variable would be ignored in silence."""
    environment = SERVICES[name].get("environment", {})
    ours = {variable for variable in environment if variable.startswith("MRSQUANT_")}

    of_clients = {"api_key"}  # service/client reads it
    assert {variable.removeprefix("MRSQUANT_").lower() for variable in ours} <= set(Settings.model_fields) | of_clients


def test_gateway_asks_the_api_and_keeps_its_spool() -> None:
    """It is started on request only, and the file it reads is one that compose gives it."""
    gateway = SERVICES["gateway"]
    (config,) = gateway["configs"]

    assert gateway["profiles"] == ["dicom"]
    assert gateway["command"][gateway["command"].index("--url") + 1] == "http://api:8000"
    assert gateway["command"][gateway["command"].index("--config") + 1] == config["target"]
    assert config["source"] in COMPOSE["configs"]
    assert gateway["command"][gateway["command"].index("--spool") + 1].startswith(gateway["volumes"][0].split(":")[1])


def test_addresses_lead_to_services() -> None:
    """Database and scheduler are asked under the names they have there, at the port they listen on."""
    environment = SERVICES["api"]["environment"]
    url = make_url(re.sub(r"\$\{.*?\}", "secret", environment["MRSQUANT_DATABASE_URL"]))
    _, scheduler = executor_parts(environment["MRSQUANT_EXECUTOR"])

    assert url.host in SERVICES
    assert url.database == SERVICES[str(url.host)]["environment"]["POSTGRES_DB"]
    assert scheduler == "//scheduler:8786"
    assert "8786" in SERVICES["scheduler"]["command"]
    assert f"tcp:{scheduler}" in SERVICES["worker"]["command"]


def test_the_proxy_is_the_one_that_is_trusted() -> None:
    """It has a fixed address in the network, the service believes this one only, and it is the only way in."""
    address = SERVICES["proxy"]["networks"]["default"]["ipv4_address"]
    trusted = Settings(trusted_proxies=SERVICES["api"]["environment"]["MRSQUANT_TRUSTED_PROXIES"]).trusted_proxies
    subnet = COMPOSE["networks"]["default"]["ipam"]["config"][0]["subnet"]

    assert trusted == (ip_network(address),)
    assert trusted[0].subnet_of(ip_network(subnet))
    assert "ports" not in SERVICES["api"]
    assert SERVICES["proxy"]["command"][-1] == "api:8000"


def test_a_worker_has_memory_limits() -> None:
    """Of its address space, which fails one analysis; of its process, which restarts it; and of its container."""
    worker = SERVICES["worker"]
    address_space = Settings(
        worker_memory_bytes=SERVICES["api"]["environment"]["MRSQUANT_WORKER_MEMORY_BYTES"]
    ).worker_memory_bytes
    process = parse_bytes(worker["command"][worker["command"].index("--memory-limit") + 1])

    assert address_space == process
    assert process < parse_bytes(worker["mem_limit"].replace("g", "GiB"))


def test_no_secret_stands_there() -> None:
    """The password comes from the environment, and without one nothing starts."""
    assert (ROOT / "compose.yaml").read_text().count("${MRSQUANT_DB_PASSWORD:?") == 2
