"""Before any state: cookies, half-open limits, and answers outside of an IKE SA (RFC 7296 2.6, 2.21)."""

from dataclasses import replace

import pytest

from ike.codec import Header, KePayload, NotifyPayload, Payload, build_message, parse_header, parse_message
from ike.config import CookieMode, Limits, PeerConfig, Unidentified
from ike.constants import DhGroup, ExchangeType, HeaderFlag, NotifyType
from ike.cookies import SECRET_SECONDS
from ike.crypto import dh
from ike.door_events import CookieRequested, EventsSuppressed
from ike.events import (
    DatagramDropped,
    DropReason,
    MessageReceived,
    MessageSent,
    ProposalsEvaluated,
    RequestRefused,
)
from ike.flood import BURST
from ike.path import Path
from tests.ike.initiator import NO_SPI, Initiator, first, notified, swapped, without
from tests.ike.world import CPE, IKE_CBC_128, PATH_500, PEER, World

ALWAYS = Limits(cookies=CookieMode.ALWAYS)
NEVER = Limits(cookies=CookieMode.NEVER)
STRANGER = PATH_500._replace(remote_ip="192.0.2.77")


def cookie_in(data: bytes) -> NotifyPayload:
    """The cookie of a response that asks for one and holds nothing else."""
    message = parse_message(data)
    assert (message.header.is_response, message.header.spi_r, message.header.message_id) == (True, NO_SPI, 0)
    (notify,) = message.payloads
    assert isinstance(notify, NotifyPayload)
    assert notify.notify_type == NotifyType.COOKIE
    return notify


def asked(cpe: Initiator, path: Path = PATH_500) -> tuple[NotifyPayload, list[Payload]]:
    """Send a request that is asked for a cookie: the cookie, and the payloads of the request."""
    payloads = cpe.init_payloads()
    ((data, _),) = cpe.world.deliver(cpe.init_request(payloads), path)
    return cookie_in(data), payloads


def is_cookie(sent: list[tuple[bytes, Path]]) -> bool:
    return len(sent) == 1 and notified(parse_message(sent[0][0]).payloads) == [NotifyType.COOKIE]


# Cookies


def test_a_request_without_a_cookie_is_asked_for_one_and_leaves_no_state() -> None:
    world = World(limits=ALWAYS)
    cookie, _ = asked(Initiator(world))
    assert 1 <= len(cookie.data) <= 64
    assert world.is_empty
    assert world.of(MessageReceived) == []
    event = world.last(CookieRequested)
    assert (event.peer, event.reason, event.returned) == (PEER.name, "cookies are always asked for", False)


def test_the_request_for_a_cookie_is_what_the_codec_would_build() -> None:
    """Section 2.6: the initiator's SPI, no responder's SPI, and the COOKIE notification alone."""
    world = World(limits=ALWAYS)
    cpe = Initiator(world)
    request = cpe.init_request()
    ((data, path),) = world.deliver(request)
    header = Header(
        spi_i=request[:8],
        spi_r=NO_SPI,
        exchange=ExchangeType.IKE_SA_INIT,
        flags=HeaderFlag.RESPONSE,
        message_id=0,
    )
    assert data == build_message(header, [NotifyPayload(NotifyType.COOKIE, cookie_in(data).data)])
    assert path == PATH_500


def test_who_returns_the_cookie_comes_up_and_the_auth_payload_covers_it() -> None:
    cpe = Initiator(World(limits=ALWAYS))
    cookie, payloads = asked(cpe)
    cpe.send_init([cookie, *payloads])
    assert cpe.accepts(cpe.send_auth())


def test_a_cookie_is_good_from_another_port_of_the_same_address() -> None:
    cpe = Initiator(World(limits=ALWAYS))
    cookie, payloads = asked(cpe, PATH_500._replace(remote_port=1024))
    cpe.send_init([cookie, *payloads])
    assert len(cpe.world.sas) == 1


def test_a_cookie_that_is_not_the_first_payload_does_not_count() -> None:
    cpe = Initiator(World(limits=ALWAYS))
    cookie, payloads = asked(cpe)
    assert is_cookie(cpe.world.deliver(cpe.init_request([*payloads, cookie])))


def test_a_wrong_cookie_is_answered_with_a_new_one() -> None:
    cpe = Initiator(World(limits=ALWAYS))
    cookie, payloads = asked(cpe)
    forged = replace(cookie, data=cookie.data[:-1] + bytes([cookie.data[-1] ^ 1]))
    assert is_cookie(cpe.world.deliver(cpe.init_request([forged, *payloads])))
    assert cpe.world.last(CookieRequested).returned
    assert cpe.world.is_empty


def test_a_cookie_that_came_too_late_is_answered_with_a_new_one_that_works() -> None:
    cpe = Initiator(World(limits=ALWAYS))
    cookie, payloads = asked(cpe)
    cpe.world.now += 2 * SECRET_SECONDS
    ((data, _),) = cpe.world.deliver(cpe.init_request([cookie, *payloads]))
    cpe.send_init([cookie_in(data), *payloads])
    assert len(cpe.world.sas) == 1


def test_a_request_without_a_nonce_is_not_worth_a_cookie() -> None:
    world = World(limits=ALWAYS)
    cpe = Initiator(world)
    assert world.deliver(cpe.init_request(cpe.init_payloads()[:2])) == []
    assert world.drops == [DropReason.MALFORMED]


def test_where_cookies_are_never_wanted_a_cookie_is_ignored() -> None:
    cpe = Initiator(World(limits=NEVER))
    cpe.send_init([NotifyPayload(NotifyType.COOKIE, b"nobody's"), *cpe.init_payloads()])
    assert cpe.accepts(cpe.send_auth())


def test_a_wrong_group_behind_a_cookie_gets_invalid_ke_and_the_cookie_stays_good() -> None:
    """Section 2.6.1: the second request may hold the cookie already, or be asked again."""
    world = World(limits=ALWAYS)
    cpe = Initiator(world, suite=IKE_CBC_128)
    cookie, payloads = asked(cpe)
    other = dh.generate(DhGroup.MODP_2048, cpe.random)
    wrong = swapped(payloads, KePayload(other.group, other.public))
    ((data, _),) = world.deliver(cpe.init_request([cookie, *wrong]))
    assert notified(parse_message(data).payloads) == [NotifyType.INVALID_KE_PAYLOAD]
    refused = first(parse_message(data).payloads, NotifyPayload)
    assert int.from_bytes(refused.data, "big") == DhGroup.ECP_256
    assert is_cookie(world.deliver(cpe.init_request(payloads)))
    cpe.send_init([cookie, *payloads])
    assert cpe.accepts(cpe.send_auth())


# When cookies are wanted


def test_beyond_the_threshold_of_half_open_sas_cookies_are_wanted() -> None:
    world = World(limits=Limits(cookie_threshold=2))
    for seed in ("one", "two"):
        Initiator(world, seed=seed).send_init()
    late = Initiator(world, seed="three")
    cookie, payloads = asked(late)
    assert world.last(CookieRequested).reason == "many IKE SAs are half-open"
    late.send_init([cookie, *payloads])
    assert len(world.sas) == 3


def test_below_the_threshold_again_no_cookie_is_wanted() -> None:
    world = World(limits=Limits(cookie_threshold=1))
    Initiator(world, seed="one").connect()
    assert Initiator(world, seed="two").connect()
    assert world.of(CookieRequested) == []


def test_at_the_limit_of_its_address_a_request_is_asked_for_a_cookie_and_then_admitted() -> None:
    """Whoever forges the address of a CPE fills its places; the CPE itself gets in all the same."""
    world = World(limits=Limits(max_half_open_per_source=2))
    for seed in ("forged one", "forged two"):
        Initiator(world, seed=seed).send_init()
    cpe = Initiator(world)
    cookie, payloads = asked(cpe)
    assert world.last(CookieRequested).reason == "many IKE SAs of this address are half-open"
    cpe.send_init([cookie, *payloads])
    assert cpe.accepts(cpe.send_auth())


def test_requests_that_are_refused_bring_cookies_too_until_time_has_passed() -> None:
    world = World(limits=Limits(cookie_threshold=3))
    no_proposal = [Initiator(world, suite=IKE_CBC_128, seed=str(n)) for n in range(5)]
    world.peers[CPE] = replace(PEER, ike_suites=PEER.ike_suites[:1])
    answers = [
        notified(parse_message(cpe.world.deliver(cpe.init_request())[0][0]).payloads) for cpe in no_proposal
    ]
    assert answers == [[NotifyType.NO_PROPOSAL_CHOSEN]] * 3 + [[NotifyType.COOKIE]] * 2
    assert world.last(CookieRequested).reason == "many requests were refused"
    world.now += 1.0
    assert Initiator(world).connect()


# Limits of half-open IKE SAs


def test_an_address_has_a_limit_of_half_open_sas_although_it_returns_cookies() -> None:
    world = World(limits=replace(ALWAYS, max_half_open_per_source=2))
    for number in range(3):
        cpe = Initiator(world, seed=str(number))
        cookie, payloads = asked(cpe)
        answer = world.deliver(cpe.init_request([cookie, *payloads]))
        assert len(answer) == (0 if number == 2 else 1)
    assert world.drops == [DropReason.TOO_MANY_HALF_OPEN]
    assert "2 of 203.0.113.10" in world.last(DatagramDropped).detail


def test_without_cookies_the_limit_of_an_address_counts_plainly() -> None:
    world = World(
        peers={CPE: PEER, "192.0.2.1": replace(PEER, name="other")},
        limits=replace(NEVER, max_half_open_per_source=1),
    )
    Initiator(world, seed="one").send_init()
    assert world.deliver(Initiator(world, seed="two").init_request()) == []
    assert world.drops == [DropReason.TOO_MANY_HALF_OPEN]
    elsewhere = PATH_500._replace(remote_ip="192.0.2.1")
    assert len(world.deliver(Initiator(world, seed="three").init_request(), elsewhere)) == 1


def test_a_half_open_sa_that_timed_out_gives_its_place_back() -> None:
    world = World(limits=replace(NEVER, max_half_open_per_source=1, half_open_timeout=10.0))
    Initiator(world, seed="one").send_init()
    world.advance(10.0)
    assert Initiator(world, seed="two").connect()


# Limits of failed IKE_AUTH requests


FEW_FAILURES = replace(ALWAYS, failed_auths_of_source=(4.0, 2.0))
OTHER = "192.0.2.1"
TWO_PEERS = {CPE: PEER, OTHER: replace(PEER, name="other")}


def fail(world: World, times: int) -> int:
    """Connect with a wrong key that often, in no time and with cookies: how many attempts got an answer."""
    answered = 0
    for number in range(times):
        cpe = Initiator(world, psk=b"wrong", seed=f"{world.now} {number}")
        payloads = cpe.init_payloads()
        sent = world.deliver(cpe.init_request(payloads))
        if not sent:
            continue
        assert is_cookie(sent)
        cpe.send_init([cookie_in(sent[0][0]), *payloads])
        assert notified(cpe.send_auth()) == [NotifyType.AUTHENTICATION_FAILED]
        answered += 1
    return answered


def test_an_address_that_fails_to_authenticate_is_limited_although_it_returns_cookies() -> None:
    world = World(limits=FEW_FAILURES)
    assert fail(world, 9) == 4
    assert world.drops == [DropReason.TOO_MANY_FAILED] * 5
    assert world.is_empty
    world.advance(1.5)
    assert fail(world, 9) == 3


def test_an_address_that_failed_too_often_connects_as_soon_as_its_time_has_come() -> None:
    world = World(limits=FEW_FAILURES)
    assert fail(world, 5) == 4
    world.advance(0.5)
    cpe = Initiator(world)
    cookie, payloads = asked(cpe)
    cpe.send_init([cookie, *payloads])
    assert cpe.accepts(cpe.send_auth())


def test_the_failures_of_one_address_are_no_other_address_s() -> None:
    world = World(peers=TWO_PEERS, limits=FEW_FAILURES)
    assert fail(world, 5) == 4
    asked(Initiator(world, seed="another"), PATH_500._replace(remote_ip=OTHER))


def test_failures_of_all_addresses_together_are_limited() -> None:
    world = World(peers=TWO_PEERS, limits=replace(ALWAYS, failed_auths=(4.0, 2.0)))
    assert fail(world, 5) == 4
    elsewhere = PATH_500._replace(remote_ip=OTHER)
    assert world.deliver(Initiator(world, seed="another").init_request(), elsewhere) == []
    assert world.drops == [DropReason.TOO_MANY_FAILED] * 2


def test_a_failure_counts_for_the_address_that_had_the_response_whatever_the_source_of_ike_auth() -> None:
    """Otherwise who has an address of a peer could have requests of another one dropped."""
    world = World(peers=TWO_PEERS, limits=FEW_FAILURES)
    forged = PATH_500._replace(remote_ip=OTHER)
    for number in range(4):
        cpe = Initiator(world, psk=b"wrong", seed=str(number))
        cookie, payloads = asked(cpe)
        cpe.send_init([cookie, *payloads])
        world.deliver(cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads()), forged)
    asked(Initiator(world, seed="theirs"), forged)
    assert world.deliver(Initiator(world, seed="ours").init_request()) == []


# Unprotected answers


def unknown(exchange: int = ExchangeType.INFORMATIONAL, flags: int = HeaderFlag.INITIATOR) -> bytes:
    return build_message(
        Header(spi_i=b"initiato", spi_r=b"responde", exchange=exchange, flags=flags, message_id=7), []
    )


ANSWERING = Limits(answer_unknown_spi=True)


@pytest.mark.parametrize("flags", [HeaderFlag.INITIATOR, 0])
def test_a_request_for_an_unknown_sa_gets_invalid_ike_spi_on_request(flags: int) -> None:
    world = World(limits=ANSWERING)
    ((data, path),) = world.deliver(unknown(flags=flags))
    header = parse_header(data)
    assert path == PATH_500
    assert (header.spi_i, header.spi_r, header.message_id) == (b"initiato", b"responde", 7)
    assert (header.is_response, header.is_initiator) == (True, not flags)
    assert notified(parse_message(data).payloads) == [NotifyType.INVALID_IKE_SPI]
    assert world.last(RequestRefused).notify == "INVALID_IKE_SPI"
    assert world.is_empty


def test_a_response_for_an_unknown_sa_is_never_answered() -> None:
    world = World(limits=ANSWERING)
    assert world.deliver(unknown(flags=HeaderFlag.RESPONSE)) == []
    assert world.drops == [DropReason.UNKNOWN_SPI]


def test_answers_for_unknown_sas_are_limited_per_source_and_in_total() -> None:
    world = World(limits=ANSWERING)
    assert sum(len(world.deliver(unknown())) for _ in range(10)) == 3
    sources = [PATH_500._replace(remote_ip=f"192.0.2.{n}") for n in range(100)]
    assert sum(len(world.deliver(unknown(), path)) for path in sources) == 17
    world.now += 1.0
    assert len(world.deliver(unknown())) == 1


def test_answers_to_a_higher_version_are_limited() -> None:
    world = World()
    data = bytearray(Initiator(world).init_request())
    data[17] = 0x30
    assert sum(len(world.deliver(bytes(data))) for _ in range(10)) == 3


def told(path: Path) -> PeerConfig | Unidentified | None:
    """A lookup with both kinds of refusal."""
    if path.remote_ip == CPE:
        return Unidentified(reason=DropReason.PORT_REWRITTEN, detail="from port 1", name=PEER.name)
    return Unidentified(
        reason=DropReason.UNKNOWN_SOURCE, detail="nobody", notify=NotifyType.NO_PROPOSAL_CHOSEN
    )


def unidentified() -> World:
    world = World()
    world.responder._door._lookup = told
    return world


def test_the_application_may_say_why_a_path_has_no_peer() -> None:
    world = unidentified()
    assert world.deliver(Initiator(world).init_request()) == []
    event = world.last(DatagramDropped)
    assert (event.reason, event.detail, event.peer) == (DropReason.PORT_REWRITTEN, "from port 1", PEER.name)
    assert world.is_empty


def test_the_application_may_have_a_path_without_a_peer_answered() -> None:
    world = unidentified()
    request = Initiator(world).init_request()
    ((data, _),) = world.deliver(request, STRANGER)
    assert notified(parse_message(data).payloads) == [NotifyType.NO_PROPOSAL_CHOSEN]
    assert sum(len(world.deliver(request, STRANGER)) for _ in range(10)) == 2
    assert world.drops == [DropReason.UNKNOWN_SOURCE] * 8


# Floods


def test_a_flood_is_told_in_single_events_first_and_then_once_a_second_in_a_count() -> None:
    world = World()
    for _ in range(BURST + 200):
        world.deliver(unknown())
    assert len(world.drops) == BURST
    due = world.responder.next_timer()
    assert due == world.now + 1.0
    world.advance(1.0)
    (event,) = world.of(EventsSuppressed)
    assert (event.kind, event.reason, event.count) == ("DatagramDropped", DropReason.UNKNOWN_SPI, 200)
    assert (event.peer, event.seconds) == (PEER.name, 1.0)
    assert world.responder.next_timer() is None


def test_a_flood_of_one_reason_does_not_hide_another() -> None:
    world = World()
    for _ in range(BURST + 1):
        world.deliver(unknown())
    world.deliver(b"short")
    assert world.drops[-1] is DropReason.TOO_SHORT


def test_requests_for_cookies_are_counted_too() -> None:
    world = World(limits=ALWAYS)
    data = Initiator(world).init_request()
    for number in range(BURST + 10):
        world.deliver(number.to_bytes(8, "big")[:-1] + b"\1" + data[8:])
    assert len(world.of(CookieRequested)) == BURST
    world.advance(1.0)
    (event,) = world.of(EventsSuppressed)
    assert (event.kind, event.reason, event.count) == ("CookieRequested", None, 10)


def test_what_of_a_flood_is_not_reported_makes_no_event_but_the_answer_waits_all_the_same() -> None:
    world = World(limits=ALWAYS)
    data = Initiator(world).init_request()
    for number in range(BURST + 1):
        assert not world.responder.has_events
        world.responder.receive_datagram((number + 1).to_bytes(8, "big") + data[8:], PATH_500, world.now)
        assert world.responder.has_events == (number < BURST)
        world.responder.next_event()
        assert is_cookie(world.responder.datagrams_to_send())


def test_refused_requests_are_all_answered_and_the_many_of_them_counted() -> None:
    """Whoever has the address of a peer can return cookies, and so have any number of them refused."""
    world = World(peers={CPE: replace(PEER, ike_suites=(IKE_CBC_128,))}, limits=NEVER)
    for number in range(BURST + 10):
        cpe = Initiator(world, seed=str(number))
        assert len(world.deliver(cpe.init_request())) == 1
    for kind in (MessageReceived, ProposalsEvaluated, RequestRefused, MessageSent):
        assert len(world.of(kind)) == BURST
    world.advance(1.0)
    (event,) = world.of(EventsSuppressed)
    assert (event.kind, event.reason, event.count) == ("RequestRefused", None, 10)


def test_requests_that_lack_a_payload_are_counted_once_though_they_were_read() -> None:
    world = World(limits=NEVER)
    for number in range(BURST + 10):
        cpe = Initiator(world, seed=str(number))
        world.deliver(cpe.init_request(without(cpe.init_payloads(), KePayload)))
    assert world.drops == [DropReason.MALFORMED] * BURST
    assert len(world.of(MessageReceived)) == BURST
    world.advance(1.0)
    (event,) = world.of(EventsSuppressed)
    assert (event.kind, event.reason, event.count) == ("DatagramDropped", DropReason.MALFORMED, 10)


def test_a_flood_leaves_nothing_behind() -> None:
    world = World(limits=ALWAYS)
    data = Initiator(world).init_request()
    for number in range(1000):
        path = PATH_500._replace(remote_ip=f"192.0.2.{number % 250}", remote_port=number)
        world.deliver((number + 1).to_bytes(8, "big") + data[8:], path)
        world.deliver((number + 1).to_bytes(8, "big") + data[8:], PATH_500)
    assert world.is_empty
    assert len(world.responder._door.flood._records) < 10
