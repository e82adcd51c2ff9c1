"""The objects that commands print as JSON: one definition for printing, documents and checks.

`docs/json.md` is made from these types. Every field is always there. Annotations are evaluated only for
the documents and in tests, so that they cost a command nothing.
"""

from __future__ import annotations
