"""Projects learn that data about people which they read were corrected, erased or restricted (GDPR art. 19)."""
