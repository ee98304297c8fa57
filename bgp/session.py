"""One session as the gateway sees it: messages of ExaBGP in, events out. Does no input or output."""

from bgp import events
from bgp.messages import (
    ConnectedMessage,
    DownMessage,
    FsmMessage,
    NegotiatedMessage,
    NotificationMessage,
    OpenMessage,
    SessionMessage,
    UpdateMessage,
    UpMessage,
)
from bgp.neighbor import Neighbor
from bgp.notification import notification_name
from bgp.rib import AdjRibIn, AdjRibOut, Route

_REASONS = {
    "closing connection": "the TCP connection ended",
    "stop, message [removed]": "the neighbour was removed",
    "stop, message [shutting down]": "the speaker was stopped",
}
"""ExaBGP's words for the end of a session, and ours."""


class Session:
    """State and routes of one neighbour.

    Args:
        neighbor: The neighbour.
    """

    def __init__(self, neighbor: Neighbor) -> None:
        self.neighbor = neighbor
        self.state = events.FsmState.IDLE
        self.established = False
        self.loaded = False
        """Whether ExaBGP has the neighbour, so that commands about it are understood."""
        self.rib_in = AdjRibIn()
        self.rib_out = AdjRibOut()
        self._open: OpenMessage | None = None
        self._negotiated: NegotiatedMessage | None = None
        self._notification: NotificationMessage | None = None
        self._too_many = False

    def receive(self, message: SessionMessage) -> list[events.BgpEvent]:
        """What a message about this session means."""
        found: list[events.BgpEvent] = []
        match message:
            case ConnectedMessage():
                self._open = self._negotiated = self._notification = None
                self._too_many = False
                found = [events.Connected(neighbor=self.neighbor.name)]
            case FsmMessage():
                found = self._enter(message.state)
            case OpenMessage():
                self._open = message
                found = [
                    events.OpenReceived(
                        neighbor=self.neighbor.name,
                        peer_as=message.asn,
                        router_id=message.router_id,
                        peer_hold_time=message.hold_time,
                    )
                ]
            case NegotiatedMessage():
                self._negotiated = message
            case UpMessage():
                found = self._up()
            case UpdateMessage():
                found = self._update(message)
            case NotificationMessage():
                self._notification = message
                found = [self._notified(message)]
            case DownMessage():
                found = self._down(self._reason(message.reason))
        return found

    def lost(self, reason: str) -> list[events.BgpEvent]:
        """ExaBGP has ended or dropped the neighbour: nothing of the session is left there."""
        connected = self.state is not events.FsmState.IDLE
        self.loaded = False
        self.rib_out.forget()
        return (self._down(reason) if connected else []) + self._enter(events.FsmState.IDLE)

    def newly_advertised(self) -> list[events.BgpEvent]:
        """The event that says so, when everything desired has just become sent."""
        count = self.rib_out.newly_complete() if self.established else None
        if count is None:
            return []
        return [events.RoutesAdvertised(neighbor=self.neighbor.name, count=count)]

    def _enter(self, state: events.FsmState) -> list[events.BgpEvent]:
        if state is self.state:
            return []
        self.state = state
        return [events.SessionState(neighbor=self.neighbor.name, state=state)]

    def _up(self) -> list[events.BgpEvent]:
        self.established = True
        if self._open is None or self._negotiated is None:
            return [
                events.UnexpectedOutput(
                    reason="saw a session up without its OPEN, expected the OPEN first",
                    text=self.neighbor.name,
                )
            ]
        return [
            events.Established(
                neighbor=self.neighbor.name,
                peer_as=self._open.asn,
                router_id=self._open.router_id,
                hold_time=self._negotiated.hold_time,
                peer_hold_time=self._open.hold_time,
                families=self._negotiated.families,
                capabilities=self._open.capabilities,
            )
        ]

    def _update(self, message: UpdateMessage) -> list[events.BgpEvent]:
        if message.sent:
            for prefixes in message.announced.values():
                self.rib_out.sent(prefixes, ())
            self.rib_out.sent((), message.withdrawn)
            return self.newly_advertised()
        return [] if self._too_many else self._learn(message)

    def _learn(self, message: UpdateMessage) -> list[events.BgpEvent]:
        found: list[events.BgpEvent] = []
        if withdrawn := self.rib_in.withdraw(message.withdrawn):
            found.append(events.RoutesWithdrawn(neighbor=self.neighbor.name, prefixes=withdrawn))
        known = self.rib_in.routes.keys()
        count = len(known | {prefix for prefixes in message.announced.values() for prefix in prefixes})
        if count > self.neighbor.prefix_limit:
            self._too_many = True
            limit = self.neighbor.prefix_limit
            name = self.neighbor.name
            return [*found, events.PrefixLimitExceeded(neighbor=name, count=count, limit=limit)]
        for next_hop, prefixes in message.announced.items():
            route = Route(next_hop=next_hop, as_path=message.as_path)
            if learned := self.rib_in.announce(prefixes, route):
                found.append(
                    events.RoutesLearned(
                        neighbor=self.neighbor.name,
                        prefixes=learned,
                        next_hop=next_hop,
                        as_path=message.as_path,
                    )
                )
        return found

    def _notified(self, message: NotificationMessage) -> events.BgpEvent:
        kind = events.NotificationSent if message.sent else events.NotificationReceived
        return kind(
            neighbor=self.neighbor.name,
            code=message.code,
            subcode=message.subcode,
            text=notification_name(message.code, message.subcode),
            data=message.data,
            detail=message.detail,
        )

    def _reason(self, words: str) -> str:
        if self._notification is None:
            return _REASONS.get(words, words)
        direction = "sent" if self._notification.sent else "received"
        name = notification_name(self._notification.code, self._notification.subcode)
        detail = self._notification.detail
        detail = f" ({detail})" if detail and not name.endswith(detail) else ""
        return f"NOTIFICATION {direction}: {name}{detail}"

    def _down(self, reason: str) -> list[events.BgpEvent]:
        closed = events.Closed(neighbor=self.neighbor.name, reason=reason, was_established=self.established)
        self.established = False
        self.rib_out.session_closed()
        lost = self.rib_in.clear()
        if not lost:
            return [closed]
        return [closed, events.RoutesWithdrawn(neighbor=self.neighbor.name, prefixes=lost)]
