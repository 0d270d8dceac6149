"""Looking at a table: filtered, sorted, searched, grouped, drawn; the address of the page holds all of it.

`explore_query` is what an address says, `query_words` reads it, `forms` turns the fields of the page's forms into it.
`view_registry` lists the ways to look; each is read by a module of its own (`row_views`, `drawn_views`), which is given
an `ExploreContext` and gives its template what it shows. A view reads from `context.table` alone, with
`context.query.query.where` for the rows that the filters leave, and links to `context.query.address(context.path, …)`.
"""
