"""Who asks: people logged in by Keycloak, their memberships, the machines that call."""
