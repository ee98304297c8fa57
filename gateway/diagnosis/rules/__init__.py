"""The rules: one file, one code, one page each; in the order of the steps and then of the codes."""

from gateway.diagnosis.rule import Rule
from gateway.diagnosis.rules import (
    bgp_001_no_syn,
    bgp_002_as_number,
    bgp_003_wrong_address,
    bgp_010_no_prefix,
    ike_001_unknown_source,
    ike_002_ikev1,
    ike_010_proposal,
    ike_011_ke_group,
    ike_012_dh_group,
    ike_013_encryption,
    ike_014_integrity,
    ike_015_prf,
    ike_020_pre_shared_key,
    ike_021_authentication_method,
    ike_030_esp_proposal,
    ike_031_traffic_selectors,
    ike_040_half_open,
    nat_001_gateway_behind_nat,
)

_MODULES = (
    ike_001_unknown_source,
    ike_002_ikev1,
    ike_010_proposal,
    ike_011_ke_group,
    ike_012_dh_group,
    ike_013_encryption,
    ike_014_integrity,
    ike_015_prf,
    nat_001_gateway_behind_nat,
    ike_020_pre_shared_key,
    ike_021_authentication_method,
    ike_040_half_open,
    ike_030_esp_proposal,
    ike_031_traffic_selectors,
    bgp_001_no_syn,
    bgp_002_as_number,
    bgp_003_wrong_address,
    bgp_010_no_prefix,
)
RULES: tuple[Rule, ...] = tuple(module.RULE for module in _MODULES)
"""Every rule, in the order in which they are asked."""
