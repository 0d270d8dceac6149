"""Places: layers read by GDAL, coordinates in columns, GeoJSON, GeoParquet and tiles."""
