"""The door for programs that reason: the Model Context Protocol at `/mcp` of each program, over its own API."""
