"""What a new password must be, as the identity service is configured."""

SHORTEST_PASSWORD = 12
"""Characters."""
COMMON_PASSWORDS = "common-passwords.txt"
"""Name of the list of passwords that are refused, in Keycloak's folder of data: `udi` writes it before each start."""
