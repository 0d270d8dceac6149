"""What organisations hold about people: registers, and the page on which everybody reads them."""
