"""The application for an ASGI server: ``uvicorn --no-proxy-headers service.main:app``.

Without that option uvicorn believes the proxies of this machine before the application is asked.
"""

from __future__ import annotations

from service.app import create_app
from service.settings import Settings

app = create_app(Settings())
