"""How datasets are renewed: from an address, with reminders to their producers."""
