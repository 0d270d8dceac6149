"""Reading the catalogues of others: pages of bytes in, records out. Pure: nothing here fetches, stores or asks who reads."""
