"""What time does to a request, and who is reminded before."""
