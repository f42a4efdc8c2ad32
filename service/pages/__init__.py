"""The reading room: pages for people, made on the server; complete without a script and usable by keyboard."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.pages import (
    analysis,
    analysis_list,
    comparison,
    interface,
    norms,
    problem_types,
    static_files,
    subject,
    upload,
)
from service.api.pages.frame import page

__all__ = ["page", "router"]

router = APIRouter()
for _module in (analysis_list, upload, analysis, comparison, subject, norms, interface, problem_types, static_files):
    router.include_router(_module.router)
