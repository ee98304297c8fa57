"""A router that keeps asking for its tunnel, without sockets and clock: datagrams and time in and out."""

from collections.abc import Callable

from gateway.dataplane.esp import InboundSa, OutboundSa
from gateway.dataplane.pings import echo_request
from gateway.endpoint.datagrams import NON_ESP_MARKER
from gateway.lab.probe.attempt import IKE_PORT, NATT_PORT, Attempt, RefusedError
from gateway.lab.probe.settings import Settings
from ike.codec import CodecError, DeletePayload, NotifyPayload, SaPayload, parse_header
from ike.constants import ExchangeType, NotifyType, ProtocolId
from ike.crypto.dh import InvalidPublicKey
from ike.crypto.errors import IntegrityError

ESP = 0
"""Stands for IP protocol 50 where others have a UDP port."""
RETRANSMIT_SECONDS = 2.0
TRIES = 4
"""How often a request is sent in all before a new attempt."""
AGAIN_SECONDS = 4.0
"""Between a failure and the next attempt."""
PING_SECONDS = 1.0
"""Between two packets through the CHILD SA. The gateway's BGP address does not answer them."""
PINGS_UNTIL_TOLD = 5
"""Packets sent after which both counters are told."""

_UNUSABLE = (RefusedError, CodecError, IntegrityError, InvalidPublicKey)


class Probe:
    """One tunnel, from the first IKE_SA_INIT until ``stop``.

    Args:
        settings: What it is told.
        address: Its own address.
        random: Returns as many unpredictable octets as it is asked for.
        tell: Gets each line of its log, as charon would write it: ``[IKE] ...``.
        now: Seconds.

    Attributes:
        ended: Whether it was stopped and has nothing more to do.
    """

    def __init__(
        self,
        settings: Settings,
        address: str,
        random: Callable[[int], bytes],
        tell: Callable[[str], object],
        now: float,
    ) -> None:
        self._settings = settings
        self._address = address
        self._random = random
        self._tell = tell
        self._outbox: list[tuple[int, bytes]] = []
        self._waiting: tuple[str, bytes] | None = None
        self._sent = 0
        self._attempt: Attempt | None = None
        self._esp: tuple[OutboundSa, InboundSa] | None = None
        self._pings = 0
        self._due = now
        self._stopping = self.ended = False

    # What the shell calls

    def receive(self, port: int, data: bytes, now: float) -> None:
        """Take what came to a UDP port, or an ESP packet (port ``ESP``)."""
        if port == NATT_PORT and data[: len(NON_ESP_MARKER)] == NON_ESP_MARKER:
            data = data[len(NON_ESP_MARKER) :]
        elif port != IKE_PORT:
            self._receive_esp(data)
            return
        try:
            self._receive_ike(data, now)
        except _UNUSABLE as error:
            self._tell(f"[IKE] {error}")
            self._give_up(now)

    def next_timer(self) -> float:
        """When ``handle_timer`` wants to be called."""
        return self._due

    def handle_timer(self, now: float) -> None:
        """Ask again, begin anew, or ping."""
        if now < self._due:
            return
        if self._waiting is not None and self._sent < TRIES:
            self._tell(f"[IKE] retransmit {self._sent} of {self._waiting[0]}")
            self._send_request(*self._waiting, now)
        elif self._stopping:
            self.ended = True
        elif self._waiting is not None:
            self._tell(f"[IKE] giving up after {TRIES} tries: no answer to {self._waiting[0]}")
            self._give_up(now)
        elif self._esp is not None:
            self._ping(*self._esp, now)
        elif self._attempt is None:
            self._begin(now)
        else:
            self._due = now + AGAIN_SECONDS  # an IKE SA without a CHILD SA has nothing to do

    def stop(self, now: float) -> None:
        """Delete the IKE SA; ``ended`` says when that is done."""
        self._stopping = True
        if self._attempt is None or not self.has_ike_sa:
            self.ended = True
            return
        self._tell("[IKE] deleting the IKE_SA")
        request = self._attempt.request(ExchangeType.INFORMATIONAL, [DeletePayload(ProtocolId.IKE, 0)])
        self._sent = TRIES - 1  # once: whoever stops does not want to wait
        self._send_request("INFORMATIONAL", request, now)

    @property
    def has_ike_sa(self) -> bool:
        """Whether the gateway has authenticated it."""
        return self._attempt is not None and self._attempt.next_id > 1

    def to_send(self) -> list[tuple[int, bytes]]:
        """Datagrams with the UDP port that they come from and go to, or ``ESP``."""
        outbox, self._outbox = self._outbox, []
        return outbox

    # IKE

    def _begin(self, now: float) -> None:
        self._attempt = Attempt(self._settings, self._address, self._random)
        self._tell(f"[IKE] initiating an IKE_SA to {self._settings.endpoint}")
        for proposal in self._settings.proposals(ProtocolId.IKE):
            self._tell(f"[CFG] IKE_SA_INIT offers IKE: {proposal.text}")
        self._sent = 0
        self._send_request("IKE_SA_INIT", self._attempt.init_request(), now)

    def _give_up(self, now: float) -> None:
        """Forget the attempt, and make another one later."""
        self._attempt = self._waiting = self._esp = None
        self._due = now + AGAIN_SECONDS
        self.ended = self._stopping

    def _receive_ike(self, data: bytes, now: float) -> None:
        attempt, header = self._attempt, parse_header(data)
        if attempt is None or header.spi_i != attempt.spi_i:
            return
        if not header.is_response:
            self._serve(attempt, data, now)
        elif self._waiting is None or header.message_id != attempt.next_id:
            return
        elif header.exchange == ExchangeType.IKE_SA_INIT:
            attempt.take_init(data)
            self._authenticate(attempt, now)
        elif header.exchange == ExchangeType.IKE_AUTH:
            self._authenticated(attempt, data, now)
        else:
            self._give_up(now)  # the answer to our Delete

    def _authenticate(self, attempt: Attempt, now: float) -> None:
        where = "UDP 4500, for there is a NAT" if attempt.behind_nat else "UDP 500, for there is no NAT"
        self._tell(f"[IKE] IKE_SA_INIT was answered; IKE goes on over {where}")
        for proposal in self._settings.proposals(ProtocolId.ESP):
            self._tell(f"[CFG] IKE_AUTH offers ESP: {proposal.text}")
        self._sent = 0
        self._send_request("IKE_AUTH", attempt.auth_request(), now)

    def _authenticated(self, attempt: Attempt, data: bytes, now: float) -> None:
        _, payloads = attempt.open(data)
        attempt.take_auth(payloads)
        attempt.next_id += 1
        self._waiting, self._due = None, now
        self._tell(f"[IKE] IKE_SA established between {self._address} and {self._settings.endpoint}")
        try:
            parameters = attempt.take_child(payloads)
        except RefusedError as error:
            self._tell(f"[IKE] {error}: no CHILD_SA, the IKE_SA stays")
            return
        chosen = next(p.proposals[0].text for p in payloads if isinstance(p, SaPayload))
        self._tell(f"[IKE] CHILD_SA established: {chosen}")
        self._esp, self._pings = (OutboundSa(parameters), InboundSa(parameters)), 0

    def _serve(self, attempt: Attempt, data: bytes, now: float) -> None:
        """Answer a request of the gateway: a sign of life, or a Delete; nothing is rekeyed."""
        header, payloads = attempt.open(data)
        refused = header.exchange == ExchangeType.CREATE_CHILD_SA
        answer = [NotifyPayload(NotifyType.NO_ADDITIONAL_SAS)] if refused else []
        self._send_ike(attempt.response(header, answer))
        if any(isinstance(payload, DeletePayload) for payload in payloads):
            self._tell("[IKE] received a Delete payload")
            self._give_up(now)

    def _send_request(self, name: str, data: bytes, now: float) -> None:
        self._waiting = name, data
        self._sent += 1
        self._due = now + RETRANSMIT_SECONDS
        self._send_ike(data)

    def _send_ike(self, data: bytes) -> None:
        behind_nat = self._attempt is not None and self._attempt.behind_nat
        self._outbox.append((NATT_PORT, NON_ESP_MARKER + data) if behind_nat else (IKE_PORT, data))

    # ESP

    def _ping(self, outbound: OutboundSa, inbound: InboundSa, now: float) -> None:
        port = NATT_PORT if self._attempt is not None and self._attempt.behind_nat else ESP
        if self._pings == 0:
            carrier = "as IP protocol 50" if port == ESP else "in UDP 4500"
            self._tell(f"[ESP] pinging {self._settings.bgp_addresses[1]} through the CHILD_SA, ESP {carrier}")
        elif self._pings == PINGS_UNTIL_TOLD:
            self._tell(f"[ESP] {outbound.packets} packets sent, {inbound.packets} received")
        self._pings += 1
        ping = echo_request(*self._settings.bgp_addresses, self._pings & 0xFFFF)
        self._outbox += [(port, packet) for packet in outbound.seal([ping])]
        self._due = now + PING_SECONDS

    def _receive_esp(self, packet: bytes) -> None:
        if self._esp is not None and int.from_bytes(packet[:4], "big") == self._esp[1].spi:
            self._esp[1].open([packet])
