"""What pages must be beside each other: told apart, and under one menu."""

from collections.abc import Mapping

from tests.rules.pages import Page, local


def title_of(page: Page) -> str:
    """What the tab of a page shows."""
    return next((page.text_of(title) for title in page.all("title")), "")


def menu_of(page: Page) -> tuple[str, ...]:
    """The addresses of the main menu, in order."""
    menus = [
        menu for menu in page.all("nav") if "main" in menu.get("class", "").split()
    ]
    return tuple(
        link.get("href", "")
        for menu in menus
        for link in menu.iter()
        if isinstance(link.tag, str) and local(link) == "a"
    )


def same_titles(titles: Mapping[str, str]) -> list[str]:
    """Pages that cannot be told apart by their titles (8.6); given by address."""
    address_by_title: dict[str, str] = {}
    return [
        f"{address} and {first} are both «{title}»"
        for address, title in titles.items()
        if (first := address_by_title.setdefault(title, address)) != address
    ]


def other_menus(menus: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Pages whose main menu is not that of the first (12.2, 12.5); given by address, of one visitor."""
    first_menu = next(iter(menus.values()), ())
    return [
        f"{address} has another menu"
        for address, menu in menus.items()
        if menu != first_menu
    ]
