"""The catalogue for machines of others: DCAT-AP, schema.org, Croissant, Data Package, OGC API Records, CKAN, search engines."""
