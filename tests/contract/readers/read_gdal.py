"""GDAL, which QGIS reads with, opens the address given: its fields, how many places, and where the first is.

Names under .localhost are not resolved everywhere: GDAL asks this machine, and says for which host. The node forbids its
own GDAL every address, by the environment that this process inherits from the tests: it is dropped.
"""

import json
import os
import re
import sys

for name in list(os.environ):
    if name.startswith(("CPL_", "GDAL_", "OGR_")):
        del os.environ[name]

from pyogrio import set_gdal_config_options  # noqa: E402 - after the environment that it reads
from pyogrio.raw import read  # noqa: E402 - the same

host = sys.argv[1].split("/")[4]
address = re.sub(r"//[^:/]+", "//127.0.0.1", sys.argv[1], count=1)
set_gdal_config_options({"GDAL_HTTP_HEADERS": f"Host: {host}"})
facts, _, places, fields = read(address)
print(
    json.dumps(
        {
            "fields": [str(name) for name in facts["fields"]],
            "places": len(places),
            "kind": facts["geometry_type"],
            "first": [str(column[0]) for column in fields],
        }
    )
)
