"""Tables of anybody: recognised, read behind walls, typed, checked, compared, drawn and written; nothing of nodes is known here."""
