"""What happens to a tunnel later: lost fragments, rekeying, silence, another path."""

from ike.events import (
    DatagramDropped,
    DropReason,
    IncompleteMessageDropped,
    LivenessChecked,
    MessageSent,
    OwnRequestRefused,
    PathChanged,
    RekeyCollision,
    RequestRepeated,
    RequestRetransmitted,
)
from ike.trial_events import TrialRekeyOmitted, TrialRekeyRefused
from tests.gateway.diagnosis.story import Story


class LaterStory(Story):
    """A story that goes on after the first exchanges."""

    def dropped_fragment(self, detail: str) -> None:
        """A fragment of IKE_AUTH comes that is here already."""
        self._ike(DatagramDropped(**self._where(), reason=DropReason.UNEXPECTED_FRAGMENT, detail=detail))

    def give_up_fragments(self, *received: int, total: int) -> None:
        """The other fragments of IKE_AUTH did not come."""
        self._ike(
            IncompleteMessageDropped(
                **self._where(),
                exchange="IKE_AUTH",
                message_id=1,
                is_response=False,
                received=received,
                total=total,
                fragments=tuple(500 for _ in received),
                reason="the other fragments did not come in time",
            )
        )

    def own_rekey_refused(self, notify: str, *, with_group: bool = False, again: bool = False) -> None:
        """We rekey the CHILD SA, and the CPE refuses."""
        payloads = ("N(REKEY_SA)", "SA", "NONCE", *(("KE",) if with_group else ()), "TSi", "TSr")
        self._ike(
            MessageSent(
                **self._where(),
                exchange="CREATE_CHILD_SA",
                message_id=0,
                is_response=False,
                length=300,
                payloads=payloads,
            )
        )
        self._ike(
            OwnRequestRefused(**self._where(), purpose="rekey the CHILD SA", notify=notify, again=again)
        )

    def trial_refused(self, notify: str = "NO_PROPOSAL_CHOSEN", *, group: str = "", wanted: str = "") -> None:
        """We rekey the CHILD SA on trial, and the CPE refuses."""
        self._ike(
            TrialRekeyRefused(
                **self._where(),
                spi_in=self.child,
                notify=notify,
                group=group,
                wanted_group=wanted,
                ends_after=3597.0,
            )
        )

    def trial_omitted(self) -> None:
        """The CHILD SA is not tried."""
        reason = "the tunnel ended when it was tried before"
        self._ike(TrialRekeyOmitted(**self._where(), spi_in=self.child, reason=reason))

    def ask_in_vain(self, tries: int) -> None:
        """We ask for a sign of life, again and again, and close the IKE SA."""
        for attempt in range(1, tries):
            self.wait(4)
            self._ike(
                RequestRetransmitted(**self._where(), exchange="INFORMATIONAL", message_id=0, attempt=attempt)
            )
        self.wait(4)
        self.close_child(self.child)
        self.close_ike(f"no answer to {tries} requests: the peer is gone")

    def move(self, port: int, *, address: str = "") -> None:
        """The CPE's packets come from another port, or from another address."""
        old = self._where()["path"]
        self.source = f"{address or old.remote_ip}:{port}"
        new = self._where()["path"]
        self._ike(
            PathChanged(**self._where(), old=old, new=new, spis_in=(self.child,), udp_encapsulation=True)
        )

    def collide(self) -> None:
        """Both ends rekeyed the CHILD SA at the same time."""
        self._ike(RekeyCollision(**self._where(), of_ike_sa=False, ours_stays=True))

    def informational(self) -> None:
        """The CPE sends an INFORMATIONAL request."""
        self._received("INFORMATIONAL", ())

    def repeated_auth(self) -> None:
        """The CPE repeats IKE_AUTH: it did not get the answer."""
        self._ike(RequestRepeated(**self._where(), exchange="IKE_AUTH", message_id=1))

    def check_liveness(self, *, by_peer: bool) -> None:
        """The CPE asks for a sign of life, or we do; it is given."""
        self._ike(LivenessChecked(**self._where(), by_peer=by_peer))

    def keep_mapping(self) -> None:
        """A NAT keepalive of the CPE comes."""
        self.stream.publish("nat", "nat_keepalive_received", tunnel=self.tunnel.name, remote=self.source)
