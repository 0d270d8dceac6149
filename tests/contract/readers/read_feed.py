"""feedparser reads an Atom feed and the pages after it."""

import json
import sys

import feedparser
import loopback  # noqa: F401 - before anything opens a socket

url = sys.argv[1]
seen = []
faults = []
while url:
    feed = feedparser.parse(url)
    if feed.bozo:
        faults.append(str(feed.bozo_exception))
    seen += [[entry.id, entry.title, entry.updated] for entry in feed.entries]
    url = next((link.href for link in feed.feed.links if link.rel == "next"), None)
print(json.dumps({"seen": seen, "faults": faults, "title": feed.feed.title}))
