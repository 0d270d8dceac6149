"""Which members of an archive belong to the map that was read of it."""

from pathlib import PurePosixPath

from udi.tabular.formats.file_kind import SHAPEFILE
from udi.tabular.profiles.profile import Profile

COMPANIONS = frozenset(
    {".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".qmd"}
)
"""Files of a Shapefile, which its layers read; without cells of their own otherwise."""


def belongs_to_map(member: str, profile: Profile) -> bool:
    """Whether a member of an archive made its map, or is beside what made it."""
    path = PurePosixPath(member.lower())
    suffix = path.suffix
    if any(folder.suffix == ".gdb" for folder in path.parents):
        return profile.reads == "geo"
    if profile.reads == "geo" and profile.is_table:
        return suffix in COMPANIONS or suffix in {
            ".kml",
            ".gml",
            ".geojson",
            ".gpkg",
            ".tab",
            ".map",
            ".id",
            ".dat",
        }
    return profile.label == SHAPEFILE.label and suffix in COMPANIONS
