"""The network simplex method: places for points on a line, so that weighted distances are as small as can be.

Gansner, Koutsofios, North, Vo: A technique for drawing directed graphs (1993), sections 2.3 and 4.2. It
serves twice: for the layers of boxes and for their heights.
"""

from __future__ import annotations

from heapq import heappop, heappush

Edge = tuple[int, int, int, int]  # tail, head, least distance, weight

MOST_PIVOTS = 4000


def place(count: int, edges: list[Edge]) -> list[int]:
    """Whole numbers y with y[head] - y[tail] >= distance that make the sum of weight * (y[head] - y[tail])
    least.

    The edges must form no cycle. The smallest number of each part that hangs together is 0.
    """
    return Places(count, edges).best()


def _ties(count: int, edges: list[Edge]) -> list[Edge]:
    """Edges without weight from one more point to every first point, if the graph is in several parts."""
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    entered = [False] * count
    for tail, head, _, _ in edges:
        parent[root(tail)] = root(head)
        entered[head] = True
    if len({root(one) for one in range(count)}) == 1:
        return []
    return [(count, one, 0, 0) for one in range(count) if not entered[one]]


class Places:
    """A spanning tree of tight edges, improved edge by edge. Asked again with other weights, it goes on from
    the places that it has."""

    def __init__(self, count: int, edges: list[Edge]) -> None:
        self.asked = count, len(edges)
        edges = [*edges, *_ties(count, edges)]
        if len(edges) > self.asked[1]:
            count += 1
        self.count, self.edges = count, edges
        self.weights = [weight for _, _, _, weight in edges]
        self.ends = [tail + head for tail, head, _, _ in edges]  # less one end, the other
        self.out: list[list[int]] = [[] for _ in range(count)]
        self.into: list[list[int]] = [[] for _ in range(count)]
        for number, (tail, head, _, _) in enumerate(edges):
            self.out[tail].append(number)
            self.into[head].append(number)
        self.y = [0] * count
        self.in_tree = [False] * len(edges)
        self.beside: list[list[int]] = [[] for _ in range(count)]  # tree edges at a point
        self.up = [-1] * count  # the tree edge towards the root
        self.low, self.lim = [0] * count, [0] * count
        self.order = [0] * count  # points by lim
        self.cut = [0] * len(edges)

        if count:
            self._longest_paths()
            self._tight_tree()
            self._number(0, -1, count - 1)

    def best(self, weights: list[int] | None = None) -> list[int]:
        """The places that are best, the smallest 0. weights: of the edges, in place of their own."""
        count, many = self.asked
        if weights is not None:
            self.weights[:many] = weights
        if count:
            self._improve()
        lowest = min(self.y[:count], default=0)
        return [one - lowest for one in self.y[:count]]

    def _improve(self) -> None:
        self._cut_values()
        start, pivots = 0, 0
        tree = [number for number, inside in enumerate(self.in_tree) if inside]
        while pivots < MOST_PIVOTS:
            leaving = next(
                (k for k in (*range(start, len(tree)), *range(start)) if self.cut[tree[k]] < 0), None
            )
            if leaving is None:
                return
            entering = self._entering(tree[leaving])
            self._exchange(tree[leaving], entering)
            tree[leaving] = entering
            start = leaving
            pivots += 1

    def _slack(self, number: int) -> int:
        tail, head, least, _ = self.edges[number]
        return self.y[head] - self.y[tail] - least

    def _longest_paths(self) -> None:
        waiting = [len(one) for one in self.into]
        ready = [one for one in range(self.count) if not waiting[one]]
        for one in ready:
            for number in self.out[one]:
                _, head, least, _ = self.edges[number]
                self.y[head] = max(self.y[head], self.y[one] + least)
                waiting[head] -= 1
                if not waiting[head]:
                    ready.append(head)

    def _tight_tree(self) -> None:
        """Grow a tree from point 0; what is not tight yet is made so by moving the tree."""
        inside = [False] * self.count
        offset = 0  # what the tree has been moved by: points inside have y without it
        heaps: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])  # out of the tree, into it

        def add(one: int) -> None:
            inside[one] = True
            self.y[one] -= offset
            for number in self.out[one]:
                head = self.edges[number][1]
                if not inside[head]:
                    heappush(heaps[0], (self.y[head] - self.y[one] - self.edges[number][2], number))
            for number in self.into[one]:
                tail = self.edges[number][0]
                if not inside[tail]:
                    heappush(heaps[1], (self.y[one] - self.y[tail] - self.edges[number][2], number))

        add(0)
        for _ in range(self.count - 1):
            while heaps[0] and inside[self.edges[heaps[0][0][1]][1]]:
                heappop(heaps[0])
            while heaps[1] and inside[self.edges[heaps[1][0][1]][0]]:
                heappop(heaps[1])
            onward = heaps[0][0][0] - offset if heaps[0] else None
            back = heaps[1][0][0] + offset if heaps[1] else None
            if back is None or (onward is not None and onward <= back):
                assert onward is not None
                number = heappop(heaps[0])[1]
                offset += onward
                new = self.edges[number][1]
            else:
                number = heappop(heaps[1])[1]
                offset -= back
                new = self.edges[number][0]
            self.in_tree[number] = True
            for end in self.edges[number][:2]:
                self.beside[end].append(number)
            add(new)
        # every point inside was stored without the offset of its time, and moves by the final one
        for one in range(self.count):
            self.y[one] += offset

    def _number(self, root: int, up: int, last: int) -> int:
        """Postorder numbers of the tree below ``root``, ``last`` its own; how many points that are."""
        ends, beside, ups = self.ends, self.beside, self.up
        ups[root] = up
        backward, stack = [], [root]
        while stack:
            one = stack.pop()
            backward.append(one)
            above = ups[one]
            for number in beside[one]:
                if number != above:
                    below = ends[number] - one
                    ups[below] = number
                    stack.append(below)
        low, lim, order = self.low, self.lim, self.order
        for place, one in enumerate(backward):
            lim[one] = low[one] = last - place
            order[last - place] = one
        first = last - len(backward) + 1
        for place in range(first, last):
            one = order[place]
            around = ends[ups[one]] - one
            if low[one] < low[around]:
                low[around] = low[one]
        return len(backward)

    def _cut_values(self) -> None:
        value = [0] * self.count
        for one in self.order:
            total = value[one]
            for number in self.out[one]:
                total += self.weights[number]
            for number in self.into[one]:
                total -= self.weights[number]
            value[one] = total
            number = self.up[one]
            if number >= 0:
                tail, head, _, _ = self.edges[number]
                self.cut[number] = total if tail == one else -total
                value[head if tail == one else tail] += total

    def _below(self, number: int) -> int:
        """The end of a tree edge that is farther from the root."""
        tail, head, _, _ = self.edges[number]
        return tail if self.up[tail] == number else head

    def _entering(self, leaving: int) -> int:
        """The edge of least slack that joins the two halves the other way round."""
        below = self._below(leaving)
        low, lim = self.low[below], self.lim[below]
        outward = self.edges[leaving][1] == below  # the head is below: look for edges out of the subtree
        best, found = -1, -1
        for place in range(low, lim + 1):
            one = self.order[place]
            for number in self.out[one] if outward else self.into[one]:
                tail, head, least, _ = self.edges[number]
                other = head if outward else tail
                if low <= self.lim[other] <= lim:
                    continue
                slack = self.y[head] - self.y[tail] - least
                if found < 0 or slack < best:
                    best, found = slack, number
        return found

    def _exchange(self, leaving: int, entering: int) -> None:
        below = self._below(leaving)
        low, lim = self.low[below], self.lim[below]
        slack = self._slack(entering)
        if slack:
            # moving the subtree by this makes the entering edge tight
            tail = self.edges[entering][0]
            step = slack if low <= self.lim[tail] <= lim else -slack
            for place in range(low, lim + 1):
                self.y[self.order[place]] += step
        flow = -self.cut[leaving]
        tail, head, _, _ = self.edges[entering]
        first, last = sorted((self.lim[tail], self.lim[head]))
        one = head
        while not (self.low[one] <= first and last <= self.lim[one]):
            number = self.up[one]
            start, end, _, _ = self.edges[number]
            self.cut[number] += flow if start == one else -flow
            one = end if start == one else start
        meeting, one = one, tail
        while one != meeting:
            number = self.up[one]
            start, end, _, _ = self.edges[number]
            self.cut[number] += flow if end == one else -flow
            one = end if start == one else start
        self.cut[leaving], self.cut[entering] = 0, flow
        self.in_tree[leaving], self.in_tree[entering] = False, True
        for end in self.edges[leaving][:2]:
            self.beside[end].remove(leaving)
        for end in (tail, head):
            self.beside[end].append(entering)
        self._number(meeting, self.up[meeting], self.lim[meeting])
