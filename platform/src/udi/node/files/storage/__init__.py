"""Objects of a territory: in a folder or in S3, on this machine's disk or in its memory."""
