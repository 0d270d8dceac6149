"""Who asks: people logged in by Keycloak."""
