"""What portal and node say to each other: RUDI's dataset record and report, and the vocabularies both use."""
