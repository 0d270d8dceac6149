"""The map of the area of data or of a search, on the outlines of the territory, and the names of what is inside."""

from dataclasses import dataclass

from litestar.response import Redirect

from udi.kit.tenancy import Territory
from udi.portal.catalogue.maps.area import Drawing
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.portal.catalogue.search.extent import Box, write_box
from udi.ui.dependencies import AnyRequest
from udi.ui.maps.frame import PaperFrame
from udi.ui.maps.ground import Ground
from udi.ui.maps.grounds import GROUNDS, AreaNames
from udi.ui.site import site_of

MOST_BYTES = 4_500
"""Of the ground of a small map, which stands beside other things on its page."""
MOST_LISTED = 60
PLACE = "place"
"""The parameter of a form in which somebody wrote the name of a municipality or a region."""
LONGEST_NAME = 100
SAME = 0.02
"""Share of a side by which an area may differ from the territory's and is the whole of it."""


@dataclass(frozen=True)
class AreaLabel:
    """What is inside a rectangle, in names: the whole territory, or some areas and how many others."""

    names: tuple[str, ...] = ()
    others: int = 0
    is_whole: bool = False

    @property
    def short(self) -> str:
        """The names in one line; empty for the whole territory."""
        if self.others:
            return f"{', '.join(self.names)} + {self.others}"
        return ", ".join(self.names)


async def draw_area_ground(
    request: AnyRequest, territory: Territory, drawing: Drawing | None
) -> Ground | None:
    """What a small map stands on, where outlines are known."""
    if drawing is None:
        return None
    west, north, degrees_across, degrees_up = drawing.frame
    frame = PaperFrame(
        west, north, 1 / degrees_across, 1 / degrees_up, drawing.width, drawing.height
    )
    grounds = site_of(request).services[GROUNDS]
    return await grounds.draw(territory, frame, most_bytes=MOST_BYTES)


async def name_area(
    request: AnyRequest, territory: Territory, box: Box | None
) -> AreaLabel | None:
    """The names of what is inside a rectangle, where outlines are known; one that crosses the 180th meridian has none."""
    if box is None or box[0] > box[2]:
        return None
    if territory.outlines and territory.box and _is_whole(box, territory.box):
        return AreaLabel(is_whole=True)
    grounds = site_of(request).services[GROUNDS]
    areas: AreaNames | None = await grounds.name_area(territory, box)
    if areas is None:
        return None
    return AreaLabel(areas.names, areas.others)


async def list_place_names(request: AnyRequest, territory: Territory) -> list[str]:
    """The names to choose among, where they are few."""
    grounds = site_of(request).services[GROUNDS]
    areas = await grounds.list_areas(territory, MOST_LISTED)
    return list(dict.fromkeys(unit.name for unit in areas))


async def find_place_search(
    request: AnyRequest,
    territory: Territory,
    path: str,
    *fixed: str,
    criteria: Criteria | None = None,
) -> Redirect | None:
    """The address of a search in the place that a form names; None where none is named, or the place is not known."""
    name = read_place(request)
    if not name:
        return None
    grounds = site_of(request).services[GROUNDS]
    unit = await grounds.find_area(territory, name)
    if unit is None:
        return None
    searched = criteria or read_criteria(read_pairs(request))
    chosen = searched.with_changes(bbox=(write_box(unit.box),), mistyped=())
    return Redirect(chosen.address(path, *fixed), status_code=303)


def read_place(request: AnyRequest) -> str:
    """The name that the form of the place holds."""
    names = [value for name, value in read_pairs(request) if name == PLACE]
    if names:
        return names[-1].strip()[:LONGEST_NAME]
    return ""


def _is_whole(box: Box, territory: tuple[float, float, float, float]) -> bool:
    """Whether a rectangle is that of the territory, but for a small share of its sides."""
    wide = SAME * abs(territory[2] - territory[0])
    high = SAME * abs(territory[3] - territory[1])
    differences = [abs(one - other) for one, other in zip(box, territory, strict=True)]
    return all(
        difference <= share
        for difference, share in zip(differences, (wide, high) * 2, strict=True)
    )
