"""The service with the real numerics, or with stand-ins that take no time, as a process of its own."""

from __future__ import annotations

import sys

import uvicorn

from fitting import run
from service.app import create_app
from service.server import server_config
from service.settings import Settings
from tests import fake_pipeline

if __name__ == "__main__":
    analyse = run.analyse if sys.argv[2] == "real" else fake_pipeline.analyse
    settings = Settings()
    application = create_app(settings, analyse=analyse)
    uvicorn.Server(server_config(application, settings, port=int(sys.argv[1]))).run()
