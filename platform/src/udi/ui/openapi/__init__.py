"""The API said twice from what its handlers declare: OpenAPI for programs, a page for people."""
