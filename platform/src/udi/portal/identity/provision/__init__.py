"""Making Keycloak hold what the territories' files say: compare, then change. Run by the operator's commands only."""
