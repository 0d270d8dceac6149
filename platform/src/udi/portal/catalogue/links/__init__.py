"""Whether what the catalogue links to is there: looked at politely, said to visitors, told to producers."""
