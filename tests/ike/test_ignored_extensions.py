"""Extensions that we do not speak leave an SA as it would be without them, in each exchange that has them.

RFC 5685 (redirect), 6311 (clusters), 8784 (post-quantum pre-shared keys), 9242 (IKE_INTERMEDIATE), 9347
(IP-TFS), 9370 (multiple key exchanges). A status notification that a responder does not know is ignored
(RFC 7296 section 3.10.1); a transform type that it does not know makes the proposal unacceptable (3.3.6).
"""

from dataclasses import replace

import pytest

from ike.codec import NotifyPayload, SaPayload
from ike.constants import ExchangeType, NotifyType, TransformType
from ike.events import DropReason, ProposalsEvaluated
from ike.proposal import Proposal, Transform
from tests.ike.initiator import Initiator, connected, first, notified, swapped
from tests.ike.world import ESP_GCM_256, IKE_GCM_256, World, proposal_of

ADDKE1 = 6
"""Additional key exchange 1 (RFC 9370); the types up to 12 are the further ones."""
NONE, ML_KEM_768 = 0, 36
NEW_SPI = bytes.fromhex("c0ffee01")

IN_INIT = {
    "RFC 5685 REDIRECT_SUPPORTED": NotifyPayload(NotifyType.REDIRECT_SUPPORTED),
    "RFC 5685 REDIRECTED_FROM": NotifyPayload(
        NotifyType.REDIRECTED_FROM, bytes([1, 4, *(192, 0, 2, 1), *bytes(16)])
    ),
    "RFC 8784 USE_PPK": NotifyPayload(NotifyType.USE_PPK),
    "RFC 9242 INTERMEDIATE_EXCHANGE_SUPPORTED": NotifyPayload(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED),
}
IN_AUTH = {
    "RFC 6311 IKEV2_MESSAGE_ID_SYNC_SUPPORTED": NotifyPayload(NotifyType.IKEV2_MESSAGE_ID_SYNC_SUPPORTED),
    "RFC 6311 IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED": NotifyPayload(
        NotifyType.IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED
    ),
    "RFC 8784 PPK_IDENTITY": NotifyPayload(NotifyType.PPK_IDENTITY, b"\x02quantum"),
    "RFC 8784 NO_PPK_AUTH": NotifyPayload(NotifyType.NO_PPK_AUTH, bytes(48)),
    "RFC 9347 USE_AGGFRAG": NotifyPayload(NotifyType.USE_AGGFRAG, b"\x00"),
}
IN_CREATE_CHILD_SA = {
    "RFC 9347 USE_AGGFRAG": NotifyPayload(NotifyType.USE_AGGFRAG, b"\x00"),
    "RFC 9370 ADDITIONAL_KEY_EXCHANGE": NotifyPayload(NotifyType.ADDITIONAL_KEY_EXCHANGE, b"link"),
}
IN_INFORMATIONAL = {
    "RFC 6311 IKEV2_MESSAGE_ID_SYNC": NotifyPayload(NotifyType.IKEV2_MESSAGE_ID_SYNC, bytes(12)),
    "RFC 6311 IPSEC_REPLAY_COUNTER_SYNC": NotifyPayload(NotifyType.IPSEC_REPLAY_COUNTER_SYNC, bytes(4)),
    "RFC 5685 REDIRECT": NotifyPayload(NotifyType.REDIRECT, bytes([1, 4, *(192, 0, 2, 1)])),
}


@pytest.mark.parametrize("name", IN_INIT)
def test_an_unknown_status_notification_in_ike_sa_init_is_ignored(name: str) -> None:
    cpe = Initiator(World())
    answer = cpe.send_init([*cpe.init_payloads(), IN_INIT[name]])
    plain = Initiator(World()).send_init()
    assert notified(answer.payloads) == notified(plain.payloads)
    assert notified(cpe.send_auth()) == []
    assert len(cpe.world.sas[0].children) == 1


@pytest.mark.parametrize("name", IN_AUTH)
def test_an_unknown_status_notification_in_ike_auth_is_ignored(name: str) -> None:
    cpe = Initiator(World())
    cpe.send_init()
    answer = cpe.send_auth([*cpe.auth_payloads(), IN_AUTH[name]])
    assert cpe.accepts(answer)
    assert notified(answer) == []
    assert len(cpe.world.sas[0].children) == 1


@pytest.mark.parametrize("name", IN_CREATE_CHILD_SA)
def test_an_unknown_status_notification_in_create_child_sa_is_ignored(name: str) -> None:
    cpe = connected()
    payloads = [*cpe.child_payloads(spi=NEW_SPI), IN_CREATE_CHILD_SA[name]]
    assert notified(cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)) == []
    assert len(cpe.world.sas[0].children) == 2


@pytest.mark.parametrize("name", IN_INFORMATIONAL)
def test_an_unknown_status_notification_in_informational_gets_an_empty_answer(name: str) -> None:
    cpe = connected()
    assert cpe.send_informational(IN_INFORMATIONAL[name]) == ()
    assert len(cpe.world.sas[0].children) == 1


def test_ike_intermediate_is_dropped_and_ike_auth_still_works() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    ike_intermediate = 43
    assert cpe.world.deliver(cpe.request(ike_intermediate, []), cpe.path) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_EXCHANGE]
    cpe.next_id = 1
    assert notified(cpe.send_auth()) == []


def test_transport_mode_is_declined_by_an_answer_without_it() -> None:
    """Tunnel mode is what comes of it; a peer that does not want that deletes the SA (RFC 7296 1.3.1)."""
    cpe = Initiator(World())
    cpe.send_init()
    answer = cpe.send_auth([*cpe.auth_payloads(), NotifyPayload(NotifyType.USE_TRANSPORT_MODE)])
    assert notified(answer) == []
    assert len(cpe.world.sas[0].children) == 1


# Transforms of RFC 9370


def hybrid(proposal: Proposal, *methods: int) -> Proposal:
    """The proposal with an additional key exchange."""
    added = tuple(Transform(ADDKE1, method) for method in methods)
    return replace(proposal, transforms=(*proposal.transforms, *added))


def ike_offers(*methods: int) -> tuple[Proposal, Proposal]:
    """An offer for an IKE SA with an additional key exchange, and after it the same without."""
    plain = proposal_of(IKE_GCM_256, number=2)
    return hybrid(replace(plain, number=1), *methods), plain


def esp_offers(*methods: int) -> tuple[Proposal, Proposal]:
    """The same for a CHILD SA."""
    plain = proposal_of(ESP_GCM_256, number=2, spi=NEW_SPI)
    return hybrid(replace(plain, number=1), *methods), plain


@pytest.mark.parametrize("methods", [(ML_KEM_768,), (ML_KEM_768, NONE), (NONE,)], ids=str)
def test_of_two_proposals_the_one_without_an_additional_key_exchange_is_chosen(
    methods: tuple[int, ...],
) -> None:
    cpe = Initiator(World())
    answer = cpe.send_init(swapped(cpe.init_payloads(), SaPayload(ike_offers(*methods))))
    (chosen,) = first(answer.payloads, SaPayload).proposals
    assert (chosen.number, {t.type for t in chosen.transforms}) == (2, {1, 2, 4})
    assert notified(cpe.send_auth()) == []


@pytest.mark.parametrize("methods", [(ML_KEM_768,), (ML_KEM_768, NONE), (NONE,)], ids=str)
def test_a_proposal_with_an_additional_key_exchange_alone_is_refused(methods: tuple[int, ...]) -> None:
    cpe = Initiator(World())
    answer = cpe.send_init(swapped(cpe.init_payloads(), SaPayload(ike_offers(*methods)[:1])))
    assert notified(answer.payloads) == [NotifyType.NO_PROPOSAL_CHOSEN]


def test_the_verdict_names_the_transform_type_that_is_not_known() -> None:
    cpe = Initiator(World())
    cpe.send_init(swapped(cpe.init_payloads(), SaPayload(ike_offers(ML_KEM_768))))
    refused, accepted = cpe.world.last(ProposalsEvaluated).verdicts
    assert [t.type for t in refused.transforms if not t.accepted] == [f"TransformType({ADDKE1})"]
    assert accepted.accepted
    assert ADDKE1 not in set(TransformType)


def test_the_same_holds_for_the_first_child_sa() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    offers = SaPayload(esp_offers(ML_KEM_768, NONE))
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), offers))
    assert [p.number for p in first(answer, SaPayload).proposals] == [2]


def test_the_same_holds_for_a_rekeyed_child_sa() -> None:
    cpe = connected()
    payloads = swapped(cpe.child_payloads(spi=NEW_SPI), SaPayload(esp_offers(ML_KEM_768)))
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)
    assert [p.number for p in first(answer, SaPayload).proposals] == [2]


def test_the_same_holds_for_a_rekeyed_ike_sa() -> None:
    cpe = connected()
    new = cpe.successor()
    offers = tuple(replace(offer, spi=new.spi_i) for offer in ike_offers(ML_KEM_768))
    answer = cpe.exchange(
        ExchangeType.CREATE_CHILD_SA, swapped(cpe.rekey_ike_payloads(new), SaPayload(offers))
    )
    assert [p.number for p in first(answer, SaPayload).proposals] == [2]
