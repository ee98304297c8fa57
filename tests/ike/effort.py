"""How much the tests that search do: enough for every day, or all that they can (GSALAB_THOROUGH=1)."""

import os

THOROUGH = os.environ.get("GSALAB_THOROUGH", "") not in {"", "0"}
