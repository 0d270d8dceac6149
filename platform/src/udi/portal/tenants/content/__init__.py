"""What a territory writes for its visitors: pages, news, pictures, and how its home, menu and footer are laid out."""
