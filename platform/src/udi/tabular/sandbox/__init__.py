"""DuckDB in a child process that reaches nothing but the files it is given."""
