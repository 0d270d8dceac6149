"""What both programs show with: the site's frame, base page, components, style sheets, languages."""
