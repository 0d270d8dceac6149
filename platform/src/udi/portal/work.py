"""The worker of the portal.

Apart from the web workers (`app`), which so have nothing of it in memory.
"""

from udi.portal.site import build_site
from udi.settings import Settings
from udi.ui.worker import run_worker


async def work(settings: Settings) -> None:
    """Do the tasks of every domain of the portal, and what runs beside them; until cancelled."""
    await run_worker(build_site(settings, pages=False))
