"""What holds at any time inside one end, whatever has happened to it."""

from ike.child_sa import ChildSa
from ike.context import Context
from ike.ike_sa import IkeSa
from ike.requests.child import RekeyChild
from ike.requests.delete import DeleteChild, DeleteIke
from ike.requests.rekey_ike import RekeyIke
from ike.state import ChildState, State
from ike.tombstones import MOST


def assert_consistent(ctx: Context) -> None:
    """The indices agree with the SAs, and every SA that is about to change has what will change it."""
    sas = list(ctx.sas.values())
    assert {sa.own_spi: sa for sa in sas} == ctx.sas
    assert {sa.own_spi: sa for of_peer in ctx.by_peer.values() for sa in of_peer.values()} == ctx.sas
    assert all(ctx.by_peer.values()), "no empty entries"
    assert ctx.esp_owner == {spi: sa for sa in sas for spi in sa.children}
    assert len(ctx.esp_owner) == sum(len(sa.children) for sa in sas), "no SPI twice"
    assert ctx.by_init_request == {(sa.init.request, sa.peer.name): sa for sa in sas if sa.init is not None}
    assert len(ctx.half_open) == sum(sa.state is State.HALF_OPEN for sa in sas)
    assert not ctx.touched
    assert not ctx.outbox
    assert len(ctx.tombstones) <= MOST
    _assert_timers(ctx, sas)
    for sa in sas:
        _assert_alive(sa, sas)
        for child in sa.children.values():
            _assert_child_alive(child, sa)


def _assert_timers(ctx: Context, sas: list[IkeSa]) -> None:
    due = [sa.timer for sa in sas if sa.timer is not None]
    assert [sa for sa in sas if sa in ctx.timers] == [sa for sa in sas if sa.timer is not None]
    assert len(ctx.timers) == len(due), "no timer without an SA"
    assert ctx.timers.next() == min(due, default=None)


def _assert_alive(sa: IkeSa, sas: list[IkeSa]) -> None:
    ours = sa.outstanding.request if sa.outstanding else None
    assert sa.state is not State.CLOSED
    assert not sa.is_buried
    assert (sa.state is State.REKEYING) <= isinstance(ours, RekeyIke)
    assert (sa.state is State.REKEYED) <= (sa.deadline is not None)
    assert not sa.queued or ours is not None, "what waits has something to wait for"
    if sa.state is State.UNDECIDED:
        rivals = [
            other.outstanding.request.rival
            for other in sas
            if other.outstanding is not None and isinstance(other.outstanding.request, RekeyIke)
        ]
        assert [rival.sa for rival in rivals if rival is not None and rival.sa is sa] == [sa]
    if sa.state is State.DELETING:
        waiting = [ours, *sa.queued]
        assert any(isinstance(request, DeleteIke) for request in waiting)


def _assert_child_alive(child: ChildSa, sa: IkeSa) -> None:
    ours = sa.outstanding.request if sa.outstanding else None
    assert child.state is not ChildState.CLOSED
    if sa.state is State.DELETING:
        return  # it ends with the IKE SA
    if child.state is ChildState.REKEYING:
        assert isinstance(ours, RekeyChild)
        assert ours.spi_in == child.spi_in
    if child.state is ChildState.DELETING:
        deletes = [each for each in (ours, *sa.queued) if isinstance(each, DeleteChild)]
        assert child.spi_in in {each.spi_in for each in deletes}
