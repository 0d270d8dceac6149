"""Descriptions as others read them: RUDI records, documents of its clients, data packages."""
