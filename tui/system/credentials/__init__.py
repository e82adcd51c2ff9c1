"""What a credential looks like, and finding, scoring, cutting and hiding it.

`shapes` is the one table; `values` judges what stands behind a name; `hide` is for what leaves the
machine, `find` for the review.
"""

from __future__ import annotations
