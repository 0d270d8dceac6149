"""What people follow, and how they are told: digests by mail, webhooks for their programs."""
