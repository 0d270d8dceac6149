"""What node and portal tell each other of requests: tickets in, reports out."""
