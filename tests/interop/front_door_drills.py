"""What interop tests of the front door ask of a lab that is up; these coroutines run inside the lab."""

from typing import Any

from gateway.lab.lab import Lab
from tests.interop.fragment_drills import records


async def ike_records(lab: Lab) -> list[dict[str, Any]]:
    """The gateway's records about IKE so far."""
    return [record for record in await records(lab) if record["category"] in {"ike", "nat"}]
