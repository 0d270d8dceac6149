"""Pages of consents: of who lends, of who asks, and those shown in a frame."""
