"""What `udi bench` measures: a scratch installation, territories by the dozen, searches."""
