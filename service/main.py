"""The application for an ASGI server: ``uvicorn service.main:app``."""

from __future__ import annotations

from service.app import create_app
from service.settings import Settings

app = create_app(Settings())
