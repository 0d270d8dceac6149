"""What `udi doctor` looks at: one module a kind of dependency, each check a list of findings."""
