"""What the node and the portal say to each other about datasets: records, reports, tokens, accounts."""
