"""Draws a topology with box characters: the branch on the left, the gateway on the right."""

from dataclasses import dataclass

from gateway.lab.topology import Topology

_WIDEST_NAT = 13
"""Characters; a longer title of a NAT goes on two lines, so that five boxes fit 100 columns."""
_GAP = 3
_TITLES = {"host": "branch host", "cpe": "strongSwan + BIRD", "router": "transit", "gateway": "gsalab up"}
# A junction by the directions in which lines leave it: up, down, left, right.
_JUNCTIONS = {
    "udl": "┤",
    "ul": "┘",
    "dl": "┐",
    "lr": "─",
    "ud": "│",
    "dlr": "┬",
    "ulr": "┴",
    "udlr": "┼",
    "dr": "┌",
    "ur": "└",
}


@dataclass
class _Box:
    name: str
    lines: list[str]
    column: int
    row: int
    x: int = 0
    y: int = 0

    @property
    def width(self) -> int:
        return max(map(len, self.lines)) + 4

    @property
    def height(self) -> int:
        return len(self.lines) + 2


class _Canvas:
    """Characters at coordinates."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], str] = {}
        self._directions: dict[tuple[int, int], set[str]] = {}

    def write(self, x: int, y: int, text: str) -> None:
        for offset, character in enumerate(text):
            self._cells[x + offset, y] = character

    def line(self, x1: int, y1: int, x2: int, y2: int) -> None:
        """A straight line; where lines meet they join."""
        across = y1 == y2
        first, last = (x1, x2) if across else sorted((y1, y2))
        for place in range(first, last + 1):
            cell = (place, y1) if across else (x1, place)
            meets = self._directions.setdefault(cell, set())
            if place > first:
                meets.add("l" if across else "u")
            if place < last:
                meets.add("r" if across else "d")

    def rows(self) -> list[str]:
        for cell, directions in self._directions.items():
            key = "".join(d for d in "udlr" if d in directions)
            self._cells[cell] = _JUNCTIONS.get(key, "─")
        bottom = max(y for _, y in self._cells)
        rows = []
        for y in range(bottom + 1):
            right = max((x for x, row in self._cells if row == y), default=-1)
            rows.append("".join(self._cells.get((x, y), " ") for x in range(right + 1)))
        return rows


def draw(topology: Topology) -> list[str]:
    """The lines of the drawing; a CPE's tunnel nodes are written in its box."""
    boxes = _place(topology)
    canvas = _Canvas()
    for box in boxes.values():
        _draw_box(canvas, box)
    for link in topology.links:
        ends = [boxes[end.node] for end in link.ends if end.node in boxes]
        if len(ends) == len(link.ends):
            left, right = sorted(ends, key=lambda box: box.column)
            _draw_link(canvas, left, right)
    for link in topology.links:
        for end in link.ends:
            if end.node in boxes and end.neighbour in boxes:
                box, other = boxes[end.node], boxes[end.neighbour]
                edge = (box.x + box.width - 1, "├") if box.column < other.column else (box.x, "┤")
                canvas.write(edge[0], box.y + 1, edge[1])
    return canvas.rows()


def _place(topology: Topology) -> dict[str, _Box]:
    """Columns by distance from the gateway; each branch has a row of its own."""
    depth = {topology.gateway: 0}
    rows = {topology.gateway: 0}
    queue, next_row = [topology.gateway], 1
    while queue:
        name = queue.pop(0)
        fresh = [
            end.neighbour
            for end in topology.ends(name)
            if end.neighbour not in depth and topology.nodes[end.neighbour].role != "tunnel"
        ]
        for index, neighbour in enumerate(fresh):
            depth[neighbour] = depth[name] + 1
            rows[neighbour] = rows[name] if index == 0 else next_row
            next_row += index > 0
            queue.append(neighbour)
    deepest = max(depth.values())
    boxes = {n: _Box(n, _lines(topology, n), deepest - d, rows[n]) for n, d in depth.items()}
    _assign(boxes)
    return boxes


def _assign(boxes: dict[str, _Box]) -> None:
    """Coordinates from columns and rows."""
    x = 0
    for column in range(max(box.column for box in boxes.values()) + 1):
        members = [box for box in boxes.values() if box.column == column]
        for box in members:
            box.x = x
        x += max(box.width for box in members) + _GAP
    y = 0
    for row in range(max(box.row for box in boxes.values()) + 1):
        members = [box for box in boxes.values() if box.row == row]
        for box in members:
            box.y = y
        y += max(box.height for box in members)


def _lines(topology: Topology, name: str) -> list[str]:
    plan = topology.nodes[name]
    title = "probe" if plan.probe else _TITLES[plan.role]
    if plan.source_nat is not None and plan.role == "router":
        title = "source NAT"
    elif plan.nat is not None:
        title = f"NAT: {plan.nat.personality}"
    elif plan.impair is not None:
        title = "bad line"
    fits = plan.nat is None or len(title) <= _WIDEST_NAT
    lines = [name, *([title] if fits else title.split(" "))]
    for end in topology.ends(name):
        part = topology.nodes[end.neighbour]
        if part.role == "tunnel" and part.part_of == name:
            lines.append(f"├ {end.neighbour}")
        else:
            lines += [str(address.ip) for address in end.addresses]
    return lines


def _draw_box(canvas: _Canvas, box: _Box) -> None:
    inner = box.width - 2
    canvas.write(box.x, box.y, "┌" + "─" * inner + "┐")
    for offset, line in enumerate(box.lines, start=1):
        canvas.write(box.x, box.y + offset, f"│ {line:<{inner - 1}}│")
    canvas.write(box.x, box.y + len(box.lines) + 1, "└" + "─" * inner + "┘")


def _draw_link(canvas: _Canvas, left: _Box, right: _Box) -> None:
    """From the name line of one box to that of the other, round a corner when they are in different rows."""
    start, end = left.x + left.width, right.x - 1
    y1, y2 = left.y + 1, right.y + 1
    if y1 == y2:
        canvas.line(start, y1, end, y1)
        return
    corner = end - 1
    canvas.line(start, y1, corner, y1)
    canvas.line(corner, y1, corner, y2)
    canvas.line(corner, y2, end, y2)
