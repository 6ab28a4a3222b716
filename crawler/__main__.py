"""``python -m crawler``: the crawl's own process (see crawler.child)."""

from __future__ import annotations

import sys

from crawler.child import main

if __name__ == "__main__":
    sys.exit(main())
