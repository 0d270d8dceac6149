"""Which personal data organisations hold: registers, and the page on which everybody reads them."""
