"""Sites: one scanner with one protocol, calibrated with its own healthy people; analyses of it are compared with them.

``site_of`` makes a :class:`Site` of analysed controls, ``site_bytes`` and ``read_site`` write and read ``SITE.json``,
``choose_site`` decides whether a site holds for a scan,
``share_of`` makes what other laboratories may pool of it, and ``session_contrasts`` compares the places of one session.
"""

from fitting.sites.admission import Candidate, refused, site_of
from fitting.sites.calibration import without
from fitting.sites.document import check_name, kind_of, read_site, site_bytes
from fitting.sites.matching import SiteChoice, choose_site
from fitting.sites.session_contrasts import SessionContrasts, session_contrasts
from fitting.sites.share import Share, laboratory_of, read_share, share_of
from fitting.sites.site import (
    Site,
    SiteAcquisition,
    SiteControl,
    SiteLeftOut,
    SiteProcessing,
    SiteProgram,
    SiteRegion,
)

__all__ = [
    "Candidate",
    "SessionContrasts",
    "Share",
    "Site",
    "SiteAcquisition",
    "SiteChoice",
    "SiteControl",
    "SiteLeftOut",
    "SiteProcessing",
    "SiteProgram",
    "SiteRegion",
    "check_name",
    "choose_site",
    "kind_of",
    "laboratory_of",
    "read_share",
    "read_site",
    "refused",
    "session_contrasts",
    "share_of",
    "site_bytes",
    "site_of",
    "without",
]
