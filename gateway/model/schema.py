"""The JSON Schema of the lab file, for editors.

``python -m gateway.model.schema`` prints it.
"""

import json
import sys
from typing import Any

from gateway.model.labfile import LabFile

TITLE = "gsa-lab lab file"


def lab_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of our own lab file."""
    schema = LabFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": TITLE}


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(lab_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
