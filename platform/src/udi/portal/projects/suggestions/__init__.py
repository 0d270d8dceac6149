"""Who has, who needs, who could help: suggested to those who asked for it, about those who let themselves be found."""
