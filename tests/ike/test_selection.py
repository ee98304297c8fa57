"""Selection of a proposal, with a verdict per transform type (RFC 7296 sections 2.7 and 3.3)."""

from collections.abc import Sequence

import pytest

from ike.constants import DhGroup, Encr, Esn, Integ, Prf, ProtocolId
from ike.constants import TransformType as T
from ike.proposal import Proposal, Suite, Transform, alternatives, encr
from ike.selection import TransformVerdict, select

GCM = encr(Encr.AES_GCM_16, 256)
CBC = encr(Encr.AES_CBC, 256)
SHA384 = Transform(T.PRF, Prf.HMAC_SHA2_384)
SHA256 = Transform(T.PRF, Prf.HMAC_SHA2_256)
INTEG_256 = Transform(T.INTEG, Integ.HMAC_SHA2_256_128)
INTEG_NONE = Transform(T.INTEG, Integ.NONE)
G14, G19, G24, NO_DH = alternatives(
    T.DH, [DhGroup.MODP_2048, DhGroup.ECP_256, DhGroup.MODP_2048_256, DhGroup.NONE]
)
NO_ESN, ESN = alternatives(T.ESN, [Esn.NO_ESN, Esn.ESN])

AEAD = Suite("aead", ProtocolId.IKE, {T.ENCR: (GCM,), T.PRF: (SHA384,), T.DH: (G14, G19)})
CLASSIC = Suite(
    "classic", ProtocolId.IKE, {T.ENCR: (CBC,), T.PRF: (SHA256,), T.INTEG: (INTEG_256,), T.DH: (G14,)}
)
ESP = Suite("esp", ProtocolId.ESP, {T.ENCR: (GCM,), T.ESN: (NO_ESN, ESN)})
SUITES = (AEAD, CLASSIC)


def offer(
    *transforms: Transform, number: int = 1, protocol: int = ProtocolId.IKE, spi: bytes = b""
) -> Proposal:
    return Proposal(number, protocol, spi, transforms)


def chosen(offered: Sequence[Proposal], suites: Sequence[Suite] = SUITES) -> Proposal | None:
    return select(offered, suites).chosen


def refused_types(proposal: Proposal, suites: Sequence[Suite] = SUITES) -> list[str]:
    (verdict,) = select([proposal], suites).verdicts
    return [t.type for t in verdict.transforms if not t.accepted]


def test_a_proposal_that_a_suite_allows_is_chosen() -> None:
    selection = select([offer(GCM, SHA384, G14)], SUITES)
    assert selection.chosen == offer(GCM, SHA384, G14)
    assert selection.suite is AEAD
    assert selection.verdicts[0].accepted


def test_the_chosen_proposal_has_exactly_one_transform_of_each_type() -> None:
    result = chosen([offer(encr(Encr.AES_GCM_16, 128), GCM, SHA256, SHA384, G24, G19, G14)])
    assert result == offer(GCM, SHA384, G14)


def test_the_policys_order_decides_among_allowed_transforms() -> None:
    assert chosen([offer(GCM, SHA384, G19, G14)]) == offer(GCM, SHA384, G14)


def test_the_peers_order_decides_among_proposals() -> None:
    first, second = offer(CBC, SHA256, INTEG_256, G14), offer(GCM, SHA384, G14, number=2)
    assert chosen([first, second]) == first
    assert chosen([second, first]) == second


def test_the_suites_order_decides_when_several_allow_one_proposal() -> None:
    same = Suite("the same", ProtocolId.IKE, AEAD.transforms)
    assert select([offer(GCM, SHA384, G14)], (same, AEAD)).suite is same


def test_number_and_spi_of_the_offer_are_kept() -> None:
    refused = offer(CBC, SHA384, G24)
    wanted = offer(GCM, SHA384, G14, number=9, spi=b"12345678")
    assert chosen([refused, wanted]) == wanted


@pytest.mark.parametrize(("group", "expected"), [(14, G14), (19, G19)])
def test_the_preferred_group_wins_within_a_proposal(group: int, expected: Transform) -> None:
    selection = select([offer(GCM, SHA384, G19, G14)], SUITES, preferred_group=group)
    assert selection.transform(T.DH) == expected


def test_a_later_proposal_that_can_use_the_preferred_group_wins() -> None:
    offered = [offer(CBC, SHA256, INTEG_256, G14), offer(GCM, SHA384, G19, number=2)]
    assert select(offered, SUITES, preferred_group=19).chosen == offered[1]
    assert select(offered, SUITES, preferred_group=14).chosen == offered[0]


@pytest.mark.parametrize("group", [0, 24, 1024])
def test_a_preferred_group_that_is_not_allowed_changes_nothing(group: int) -> None:
    selection = select([offer(GCM, SHA384, G24, G14)], SUITES, preferred_group=group)
    assert selection.transform(T.DH) == G14


def test_nothing_is_chosen_when_no_suite_allows_a_proposal() -> None:
    selection = select([offer(GCM, SHA384, G24)], SUITES)
    assert (selection.chosen, selection.suite, selection.transform(T.DH)) == (None, None, None)


def test_transforms_of_two_suites_do_not_mix() -> None:
    assert chosen([offer(GCM, SHA256, G14)]) is None


def test_every_refused_transform_type_is_named_with_what_was_offered_and_allowed() -> None:
    (verdict,) = select([offer(GCM, SHA256, G24)], SUITES).verdicts
    assert (verdict.suite, verdict.accepted) == ("aead", False)
    assert verdict.transforms == (
        TransformVerdict(
            type="ENCR", offered=("AES_GCM_16-256",), allowed=("AES_GCM_16-256",), accepted=True
        ),
        TransformVerdict(type="PRF", offered=("HMAC_SHA2_256",), allowed=("HMAC_SHA2_384",), accepted=False),
        TransformVerdict(
            type="DH", offered=("MODP_2048_256",), allowed=("MODP_2048", "ECP_256"), accepted=False
        ),
    )


def test_every_proposal_gets_a_verdict_in_order() -> None:
    offered = [offer(GCM, SHA256, G14), offer(CBC, SHA256, INTEG_256, G14, number=2)]
    verdicts = select(offered, SUITES).verdicts
    assert [(v.number, v.suite, v.accepted) for v in verdicts] == [(1, "aead", False), (2, "classic", True)]


def test_the_verdict_is_against_the_closest_suite() -> None:
    (verdict,) = select([offer(CBC, SHA256, INTEG_256, G24)], SUITES).verdicts
    assert verdict.suite == "classic"


def test_of_two_suites_equally_close_the_verdict_is_against_the_first() -> None:
    twin = Suite("twin", ProtocolId.IKE, AEAD.transforms)
    (verdict,) = select([offer(GCM, SHA384, G24)], (twin, AEAD)).verdicts
    assert verdict.suite == "twin"


def test_a_missing_transform_type_is_refused() -> None:
    assert refused_types(offer(GCM, G14), [AEAD]) == ["PRF"]
    assert refused_types(offer(GCM, SHA384), [AEAD]) == ["DH"]
    assert refused_types(offer(CBC, SHA256, G14), [CLASSIC]) == ["INTEG"]


def test_a_proposal_without_transforms_is_refused() -> None:
    assert refused_types(offer(), [AEAD]) == ["ENCR", "PRF", "DH"]


@pytest.mark.parametrize("suites", [(ESP,), ()], ids=["only ESP", "none"])
def test_a_policy_without_the_protocol_has_no_suite_to_name(suites: tuple[Suite, ...]) -> None:
    (verdict,) = select([offer(GCM, SHA384, G14)], suites).verdicts
    assert (verdict.suite, verdict.transforms, verdict.accepted) == ("", (), False)


def test_no_proposals_give_no_verdicts() -> None:
    selection = select([], SUITES)
    assert (selection.verdicts, selection.chosen) == ((), None)


# AEAD and integrity (section 3.3, RFC 5282 section 8)


def test_an_aead_without_integrity_is_accepted() -> None:
    assert select([offer(GCM, SHA384, G14)], [AEAD]).transform(T.INTEG) is None


def test_an_aead_with_integrity_none_is_accepted_and_echoed() -> None:
    selection = select([offer(GCM, SHA384, INTEG_NONE, G14)], [AEAD])
    assert selection.chosen == offer(GCM, SHA384, INTEG_NONE, G14)
    assert selection.transform(T.INTEG) is None


def test_an_aead_with_a_real_integrity_algorithm_is_refused() -> None:
    assert refused_types(offer(GCM, SHA384, INTEG_256, G14), [AEAD]) == ["INTEG"]


def test_integrity_none_is_taken_where_a_real_one_stands_beside_it() -> None:
    selection = select([offer(GCM, SHA384, INTEG_256, INTEG_NONE, G14)], [AEAD])
    assert selection.chosen == offer(GCM, SHA384, INTEG_NONE, G14)


def test_integrity_none_does_not_replace_a_required_algorithm() -> None:
    assert refused_types(offer(CBC, SHA256, INTEG_NONE, G14), [CLASSIC]) == ["INTEG"]


# Extended sequence numbers and PFS


@pytest.mark.parametrize("order", [(NO_ESN, ESN), (ESN, NO_ESN)])
def test_of_two_allowed_esn_values_the_policys_first_is_taken(order: tuple[Transform, Transform]) -> None:
    selection = select([offer(GCM, *order, protocol=ProtocolId.ESP)], [ESP])
    assert selection.transform(T.ESN) == NO_ESN


def test_no_esn_is_a_transform_and_not_the_lack_of_one() -> None:
    assert select([offer(GCM, NO_ESN, protocol=ProtocolId.ESP)], [ESP]).transform(T.ESN) == NO_ESN
    assert refused_types(offer(GCM, protocol=ProtocolId.ESP), [ESP]) == ["ESN"]


def test_a_group_is_refused_where_none_is_allowed() -> None:
    assert refused_types(offer(GCM, NO_ESN, G14, protocol=ProtocolId.ESP), [ESP]) == ["DH"]


def test_group_none_is_accepted_where_none_is_allowed() -> None:
    selection = select([offer(GCM, NO_ESN, G14, NO_DH, protocol=ProtocolId.ESP)], [ESP])
    assert selection.chosen == offer(GCM, NO_DH, NO_ESN, protocol=ProtocolId.ESP)
    assert selection.transform(T.DH) is None


def test_group_none_is_refused_where_a_group_is_required() -> None:
    assert refused_types(offer(GCM, SHA384, NO_DH), [AEAD]) == ["DH"]


def test_ignored_types_count_as_not_offered() -> None:
    offered = offer(GCM, NO_ESN, G14, protocol=ProtocolId.ESP)
    selection = select([offered], [ESP], ignored=(T.DH,))
    assert selection.chosen == offer(GCM, NO_ESN, protocol=ProtocolId.ESP)


# What is unknown (section 3.3.6)


def test_an_unknown_transform_type_makes_the_proposal_unacceptable() -> None:
    assert refused_types(offer(GCM, SHA384, G14, Transform(9, 1)), [AEAD]) == ["TransformType(9)"]


def test_a_type_that_the_protocol_does_not_have_makes_the_proposal_unacceptable() -> None:
    assert refused_types(offer(GCM, SHA384, G14, NO_ESN), [AEAD]) == ["ESN"]
    assert refused_types(offer(GCM, NO_ESN, SHA384, protocol=ProtocolId.ESP), [ESP]) == ["PRF"]


def test_an_unknown_transform_is_passed_over() -> None:
    assert chosen([offer(Transform(T.ENCR, 1024), GCM, SHA384, G14)]) == offer(GCM, SHA384, G14)


def test_a_transform_with_an_unknown_attribute_is_passed_over() -> None:
    odd = Transform(T.ENCR, Encr.AES_GCM_16, 256, ((0x8063, b"\0\1"),))
    assert chosen([offer(odd, GCM, SHA384, G14)]) == offer(GCM, SHA384, G14)
    assert refused_types(offer(odd, SHA384, G14), [AEAD]) == ["ENCR"]


@pytest.mark.parametrize("bits", [None, 0, 128, 257])
def test_a_missing_or_other_key_length_is_refused(bits: int | None) -> None:
    assert refused_types(offer(encr(Encr.AES_GCM_16, bits), SHA384, G14), [AEAD]) == ["ENCR"]


def test_a_key_length_where_none_belongs_is_refused() -> None:
    prf = Transform(T.PRF, Prf.HMAC_SHA2_384, 384)
    assert refused_types(offer(GCM, prf, G14), [AEAD]) == ["PRF"]


@pytest.mark.parametrize("protocol", [ProtocolId.AH, ProtocolId.ESP, 77])
def test_another_protocol_is_refused(protocol: int) -> None:
    assert chosen([offer(GCM, SHA384, G14, protocol=protocol)]) is None
