"""A table as a file: CSV, XLSX, GeoJSON and others, whole or in part, and as a data package."""
