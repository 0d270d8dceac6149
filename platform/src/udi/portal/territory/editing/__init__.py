"""Pages where the team changes home, news, pages, pictures, menu and footer; what they change is a draft."""
