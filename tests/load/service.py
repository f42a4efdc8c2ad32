"""The service with the real numerics, or with stand-ins that take no time, as a process of its own."""

from __future__ import annotations

import sys

import uvicorn

from fitting import pipeline
from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline

if __name__ == "__main__":
    analyse = pipeline.analyse if sys.argv[2] == "real" else fake_pipeline.analyse
    uvicorn.run(create_app(Settings(), analyse=analyse), port=int(sys.argv[1]), log_config=None)
