"""The telling lines of a CPE's logs."""

from gateway.diagnosis.catalogue import excerpt

REFUSED = """\
15:28:07.824 00[JOB] spawning 16 worker threads
15:28:07.853 12[CFG] loaded IKE shared key with id 'ike-gsa' for: '%any'
15:28:07.856 13[IKE] initiating IKE_SA gsa[1] to 198.51.100.20
15:28:07.857 13[ENC] generating IKE_SA_INIT request 0 [ SA KE No ]
15:28:07.857 13[NET] sending packet: from 203.0.113.10[500] to 198.51.100.20[500] (328 bytes)
15:28:07.866 10[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]
15:28:07.866 10[IKE] received NO_PROPOSAL_CHOSEN notify error
"""


def test_what_is_refused_is_shown_with_what_came_before_it() -> None:
    assert excerpt.charon(REFUSED) == [
        "[IKE] initiating IKE_SA gsa[1] to 198.51.100.20",
        "[ENC] generating IKE_SA_INIT request 0 [ SA KE No ]",
        "[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]",
        "[IKE] received NO_PROPOSAL_CHOSEN notify error",
    ]


def test_times_threads_sizes_and_spis_are_left_out() -> None:
    log = (
        "15:27:11.329 12[IKE] CHILD_SA gsa{7} established with SPIs ef7da3a4_i 90e1be5d_o and TS 0.0.0.0/0\n"
    )
    other = (
        "02:00:00.001 03[IKE] CHILD_SA gsa{1} established with SPIs 01234567_i 89abcdef_o and TS 0.0.0.0/0\n"
    )
    assert excerpt.charon(log) == ["[IKE] CHILD_SA gsa{1} established with TS 0.0.0.0/0"]
    assert excerpt.charon(other) == excerpt.charon(log)


def test_what_is_repeated_is_shown_once() -> None:
    once = "15:28:25.954 10[IKE] retransmit 1 of request with message ID 0\n"
    again = "15:28:33.154 11[IKE] retransmit 2 of request with message ID 0\n"
    assert excerpt.charon(once + again) == excerpt.charon(once)


def test_an_excerpt_is_short_and_ends_with_the_last_telling_line() -> None:
    log = "".join(
        f"15:28:25.954 10[IKE] failure of kind {kind}\n15:28:26.000 1[IKE] so\n" for kind in "abcdefgh"
    )
    lines = excerpt.charon(log)
    assert len(lines) <= excerpt.MOST
    assert lines[-1] == "[IKE] failure of kind h"


def test_bird_that_only_starts_has_nothing_to_tell() -> None:
    started = (
        "2026-11-22 15:27:33.301 <INFO> Started\n2026-11-22 15:27:33.545 <INFO> Enabling protocol gsa0\n"
    )
    error = "2026-11-22 15:27:34.353 <RMT> gsa0: Received: Bad peer AS: 65001\n"
    assert excerpt.bird(started) == []
    assert excerpt.bird(started + error + error) == ["<RMT> gsa0: Received: Bad peer AS: 65001"]


def test_a_protocol_of_birdc_is_told_with_its_error_or_else_with_its_state() -> None:
    header = "BIRD 2.0.12 ready.\nName       Proto      Table      State  Since         Info\n"
    wrong = "gsa0       BGP        ---        start  15:27:43.193  Idle          Received: Bad peer AS\n"
    waits = "gsa0       BGP        ---        start  15:27:43.193  Connect\n"
    off = "gsa0       BGP        ---        down   15:27:43.193\n"
    assert excerpt.birdc(header + wrong, "gsa0") == ["gsa0: start, Received: Bad peer AS"]
    assert excerpt.birdc(header + waits, "gsa0") == ["gsa0: start, Connect"]
    assert excerpt.birdc(header + off, "gsa0") == []
    assert excerpt.birdc(header + waits, "gsa1") == []
