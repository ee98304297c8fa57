"""Which other key an AUTH payload was made with: tried after authentication has failed, only to tell why.

What is found goes into an event and never on the wire: the peer gets the same answer in any case.
"""

from ike.config import CandidateKey
from ike.constants import Prf
from ike.context import Context
from ike.crypto import auth
from ike.errors import KeysDiffer
from ike.ike_sa import IkeSa

MOST = 256
"""Keys that are tried on one AUTH payload; each costs three computations of the PRF."""
_NOTHING = CandidateKey(psk=b"", hint="")


def verifying(sa: IkeSa, failure: KeysDiffer, prf_id: Prf, ctx: Context) -> CandidateKey | None:
    """The candidate that verifies an AUTH payload.

    One without a hint when none does; None when none is tried.

    All of them are computed, whichever verifies, and compared in constant time.
    """
    if not ctx.key_tests.take(sa.path.remote_ip, ctx.now):
        return None
    keys = sa.peer.candidate_keys()[:MOST]
    if not keys:
        return None
    found = [
        key for key in keys if auth.equal(auth.psk_auth(prf_id, key.psk, failure.octets), failure.received)
    ]
    return found[0] if found else _NOTHING
