"""An operator of the deployed machine, logged in at the pages of the installation."""

import re

from playwright.async_api import Page

from tests.ansible.conftest import Deployment

OPERATOR = "equipe@armorine.example"


async def open_installation(page: Page, deployment: Deployment) -> None:
    """Make somebody of the demonstration an operator, and log them in at `/installation`."""
    deployment.machine.run(f"udi operator add {OPERATOR}")
    await page.goto(f"https://{deployment.names.installation}/login?back=/installation")
    for name, value in (
        ("username", OPERATOR),
        ("password", deployment.password(OPERATOR)),
    ):
        field = page.locator(f"input[name={name}]")
        await field.fill(value)
        await field.press("Enter")
        await page.wait_for_load_state()
    await page.wait_for_url(re.compile("/installation"))
