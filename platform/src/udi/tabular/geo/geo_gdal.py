"""GDAL with only the formats that are asked for, no network, no log: imported by no other way than this module.

The environment is read when GDAL starts, so it is set before the import; a format that GDAL knows and this module
does not would be a hole (a text that names other files is such a «format»), so the module then refuses to load.
"""

import logging
import os
import sys

ALLOWED = {
    "ESRI Shapefile",
    "MapInfo File",
    "GML",
    "GPX",
    "LIBKML",
    "KML",
    "GeoJSON",
    "GeoJSONSeq",
    "TopoJSON",
    "GPKG",
    "OpenFileGDB",
    "FlatGeobuf",
    "MEM",
    "MVT",
    "MBTiles",
    "PMTiles",
}
SKIPPED = (
    "OGR_VRT",
    "CSV",
    "ODS",
    "XLSX",
    "SQLite",
    "HTTP",
    "WFS",
    "OAPIF",
    "OGCAPI",
    "CSW",
    "EEDA",
    "GDALG",
    "Carto",
    "AmigoCloud",
    "Elasticsearch",
    "NGW",
    "PLSCENES",
    "ADBC",
    "PCIDSK",
    "PDS4",
    "VICAR",
    "PDF",
    "LVBAG",
    "S57",
    "DGN",
    "ESRIJSON",
    "OGR_GMT",
    "WAsP",
    "DXF",
    "GeoRSS",
    "VFK",
    "PGDUMP",
    "OSM",
    "GPSBabel",
    "OGR_PDS",
    "EDIGEO",
    "Idrisi",
    "SXF",
    "Selafin",
    "JML",
    "VDV",
    "MapML",
    "GTFS",
    "JSONFG",
    "MiraMonVector",
    "AVCBin",
    "AVCE00",
    "AIVector",
    "GMLAS",
    "NAS",
    "netCDF",
    "HDF5",
    "Parquet",
    "Arrow",
    "PostgreSQL",
    "MySQL",
    "ODBC",
    "MSSQLSpatial",
    "OCI",
    "DB2ODBC",
    "GeoPackage",
    "LIBJSON",
    "TIGER",
    "UK .NTF",
    "SDTS",
    "CAD",
    "AVCBIN",
    "XODR",
    "HANA",
    "MongoDBv3",
    "BAG",
    "JP2OpenJPEG",
)
os.environ |= {
    "OGR_SKIP": ",".join(SKIPPED),
    "GDAL_SKIP": "OGR_VRT,HTTP,GDALG,EEDA",
    "GDAL_DRIVER_PATH": "disable",
    "CPL_LOG": os.devnull,
    "CPL_DEBUG": "OFF",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
    "PROJ_NETWORK": "OFF",
}
if "pyogrio" in sys.modules:
    msg = "GDAL was loaded before its formats were limited"
    raise ImportError(msg)

import pyogrio  # noqa: E402 - after the environment, which it reads once
from pyogrio import raw  # noqa: E402 - after the environment that it reads
from pyogrio.errors import (  # noqa: E402 - after the environment that it reads
    DataSourceError,
    FeatureError,
    GeometryError,
)
from pyproj import network  # noqa: E402 - after the environment that it reads

logging.getLogger("pyogrio").setLevel(logging.CRITICAL + 1)  # GDAL quotes what it reads
network.set_network_enabled(active=False)  # type: ignore[attr-defined]  # from a compiled module
if unknown := set(pyogrio.list_drivers()) - ALLOWED:
    msg = f"GDAL knows formats that were not looked at: {', '.join(sorted(unknown))}"
    raise ImportError(msg)

REFUSALS = (DataSourceError, FeatureError, GeometryError, UnicodeError, RuntimeError)
"""What GDAL raises on contents that it cannot read."""
__all__ = ["REFUSALS", "pyogrio", "raw"]
