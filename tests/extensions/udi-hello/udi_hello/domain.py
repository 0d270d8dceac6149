"""What this domain has: one page."""

from udi.ui.domains import Domain

DOMAIN = Domain("hello", "udi_hello", routes="udi_hello.routes:list_routes")
