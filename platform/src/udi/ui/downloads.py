"""Answers that a browser saves as a file."""

from litestar import Response


def csv_response(content: bytes, name: str) -> Response[bytes]:
    """A table that the program wrote, as something to save, for the person who asked only."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="text/csv", headers=headers)
