"""What programs show: tokens of people, credentials of machines."""
