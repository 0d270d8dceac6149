"""Who belongs to an organisation: its administrators invite, admit, give roles and remove; anybody asks and leaves."""
