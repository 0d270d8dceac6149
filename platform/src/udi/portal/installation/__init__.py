"""The installation seen by its operators: every territory in figures, and what is done to one."""
