"""The bandwidth tier of a device link."""

import pytest

from gateway.dataplane.bandwidth import BURST_SECONDS, TokenBucket


def admitted(bucket: TokenBucket, sizes: list[int], now: float) -> list[int]:
    """Lengths of the packets that pass."""
    return [len(packet) for packet in bucket.admit([bytes(size) for size in sizes], sum(sizes), now)]


@pytest.mark.parametrize("rate", [250, 500, 750, 1000])
def test_a_full_bucket_holds_the_burst_and_no_more(rate: int) -> None:
    bucket = TokenBucket(rate, now=100.0)
    burst = int(rate * 125_000 * BURST_SECONDS)
    assert sum(admitted(bucket, [1250] * (burst // 1250 + 10), 100.0)) == burst


@pytest.mark.parametrize("rate", [250, 500, 750, 1000])
def test_an_endless_stream_passes_at_the_rate(rate: int) -> None:
    bucket = TokenBucket(rate, now=0.0)
    passed = sum(sum(admitted(bucket, [1400] * 400, tick / 1000)) for tick in range(501))
    assert passed == pytest.approx(rate * 125_000 * (0.5 + BURST_SECONDS), rel=0.001)


def test_a_stream_at_its_rate_survives_a_pause_as_long_as_the_burst() -> None:
    bucket = TokenBucket(250, now=0.0)
    waiting = [1250] * int(250 * 125_000 * BURST_SECONDS / 1250)
    assert admitted(bucket, waiting, 1.0) == waiting
    assert admitted(bucket, waiting, 1.0 + BURST_SECONDS) == waiting


def test_a_smaller_packet_may_pass_where_a_larger_one_did_not() -> None:
    bucket = TokenBucket(1, now=0.0)
    assert admitted(bucket, [6000, 1000, 200], 0.0) == [6000, 200]
