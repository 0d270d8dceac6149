"""What people follow, and how they are notified: digests by mail, webhooks for their programs."""
