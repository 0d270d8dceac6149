"""How an organisation becomes a producer without a technician: somebody asks, the territory's team decides."""
