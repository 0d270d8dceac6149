"""The catalogue in the pages of others: frames, the line that makes one, and oEmbed, which finds it by itself."""
