"""The API said twice from one document: OpenAPI for programs, a page for people."""
