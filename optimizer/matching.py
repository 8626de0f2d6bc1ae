"""Matched money: how much of each synergy a plan's spending allows, where the score gains most by it.

A synergy that has its second partner for itself, or shares it with all (``shared``), is matched up to both partners.
Others divide the partner's money. One such partner gives each unit where it scores most, which is best because points
are worth less and less. Partners that reach a need in common are weighed together, by a small linear program in
rationals: what one gives decides what is best for the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from optimizer.exact import At, Cell, ExactBook, Pair

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Member[N: (float, Fraction)]:
    """A synergy in a year: ``ratio`` of the second partner's money goes with one unit of the ``first`` partner's, and
    one matched unit gives ``score`` points at a need."""

    synergy: str
    first: Cell
    ratio: N
    score: N
    at: At

    def room(self, spending: Mapping[Cell, N], money: N) -> N:
        """The most that can be matched where the second partner spends ``money``."""
        return min(spending[self.first], money / self.ratio)


@dataclass(frozen=True, eq=False)
class Partner[N: (float, Fraction)]:
    """A second partner in a year, and the synergies that divide its money: those of one objective, or a single one."""

    cell: Cell
    members: list[Member[N]]


def partners_of(book: ExactBook) -> list[list[Partner[Fraction]]]:
    """All second partners. Those that are weighed together stand in one list; those with one synergy come first."""
    partners: dict[tuple[Cell, str, str], Partner[Fraction]] = {}
    for key in book.others:
        if key[0] == "m":
            synergy, year = book.portfolio.synergies[str(key[1])], int(key[2])
            at = (book.portfolio.programmes[synergy.programme_a].region, synergy.objective, year)
            member = Member(synergy.id, (synergy.programme_a, year), synergy.ratio, synergy.score, at)
            cell = (synergy.programme_b, year)
            name = (cell, synergy.objective, synergy.id if synergy.shared else "")
            partners.setdefault(name, Partner(cell, [])).members.append(member)
    alone = [[partner] for partner in partners.values() if len(partner.members) == 1]
    dividing: dict[tuple[str, int], list[Partner[Fraction]]] = defaultdict(list)
    for (cell, objective, _), partner in partners.items():
        if len(partner.members) > 1:
            dividing[objective, cell[1]].append(partner)
    return [*alone, *(together for found in dividing.values() for together in _reaching_needs_in_common(found))]


def _reaching_needs_in_common(partners: Iterable[Partner[Fraction]]) -> list[list[Partner[Fraction]]]:
    """Partners of whom each shares a need with another of the same list, directly or through others."""
    found: list[tuple[set[At], list[Partner[Fraction]]]] = []
    for partner in partners:
        needs, together, apart = {member.at for member in partner.members}, [partner], []
        for entry in found:
            if entry[0] & needs:
                needs, together = needs | entry[0], entry[1] + together
            else:
                apart.append(entry)
        found = [*apart, (needs, together)]
    return [together for _, together in found]


def matched_by(
    book: ExactBook, spending: Mapping[Cell, Fraction], delivered: Mapping[At, Fraction]
) -> dict[tuple[str, int], Fraction]:
    """The money of each synergy and year that scores most, where ``delivered`` points come from spending alone."""
    matched: dict[tuple[str, int], Fraction] = {}
    state = defaultdict(Fraction, delivered)
    for together in partners_of(book):
        members = [member for partner in together for member in partner.members]
        amounts = (divided if len(together) == 1 else weighed)(together, spending, book.pairs, state)
        for member, amount in zip(members, amounts, strict=True):
            matched[member.synergy, member.at[2]] = amount
            state[member.at] += member.score * amount
    return matched


def divided[N: (float, Fraction)](
    together: Sequence[Partner[N]], spending: Mapping[Cell, N], pairs: Mapping[At, Pair[N]], delivered: Mapping[At, N]
) -> list[N]:
    """Divide one partner's money among its synergies, always to the one whose next unit scores most."""
    (partner,) = together
    members, left = partner.members, spending[partner.cell]
    rooms = [member.room(spending, left) for member in members]
    if len(members) == 1:
        return rooms
    nothing = left * 0
    state = {member.at: delivered[member.at] for member in members}
    amounts = [nothing for _ in members]
    for _ in range(len(members) + sum(len(pairs[at].segments) for at in state) + 1):
        best, gain, step = -1, nothing, nothing
        for number, member in enumerate(members):
            slope, points = _slope(pairs[member.at], state[member.at])
            reach = min(rooms[number], points / member.score)
            worth = slope * member.score / member.ratio
            if reach > 0 and worth > gain:
                best, gain, step = number, worth, min(reach, left / member.ratio)
        if best < 0 or left <= 0:
            break
        amounts[best] += step
        rooms[best] -= step
        left -= step * members[best].ratio
        state[members[best].at] += step * members[best].score
    return amounts


def _slope[N: (float, Fraction)](pair: Pair[N], g: N) -> tuple[N, N]:
    """What the next point is worth at g, and how many points that holds for."""
    end = pair.worth * 0
    for width, rate in pair.segments:
        end += width
        if g < end:
            return pair.worth * rate, end - g
    return pair.worth * 0, pair.worth * 0


def weighed(
    together: Sequence[Partner[Fraction]],
    spending: Mapping[Cell, Fraction],
    pairs: Mapping[At, Pair[Fraction]],
    delivered: Mapping[At, Fraction],
) -> list[Fraction]:
    """The division of several partners' money among their synergies that scores most in all.

    Columns are the synergies, then what is left of each need's segments; a row for each partner's money and each need.
    """
    members = [member for partner in together for member in partner.members]
    worth, sides = [ZERO] * len(members), list[Fraction]()
    ends, rows = list[Fraction](), list[dict[int, Fraction]]()
    for partner in together:
        money = spending[partner.cell]
        rows.append({len(ends) + n: member.ratio for n, member in enumerate(partner.members)})
        sides.append(money)
        ends += [member.room(spending, money) for member in partner.members]
    for at in dict.fromkeys(member.at for member in members):
        row = {n: -member.score for n, member in enumerate(members) if member.at == at}
        start, end = delivered[at], ZERO
        for width, rate in pairs[at].segments:
            end += width
            if start < end:
                row[len(ends)] = Fraction(1)
                ends.append(end - start)
                worth.append(pairs[at].worth * rate)
                start = end
        rows.append(row)
        sides.append(ZERO)
    return best_mix(worth, ends, rows, sides)[: len(members)]


def best_mix(
    worth: Sequence[Fraction],
    ends: Sequence[Fraction],
    rows: Sequence[Mapping[int, Fraction]],
    sides: Sequence[Fraction],
) -> list[Fraction]:
    """The x with the most worth·x where 0 ≤ x ≤ ends and rows·x ≤ sides (sides ≥ 0), exactly.

    The simplex method with bounded columns; Bland's rule keeps it from going round in circles.
    """
    tableau, left = [dict(row) for row in rows], list(sides)
    basis = [len(worth) + n for n in range(len(rows))]
    most = dict(enumerate(ends))
    gain = dict(enumerate(worth))
    from_above: set[int] = set()
    while (entering := min((n for n, g in gain.items() if g > 0 and most.get(n) != 0), default=None)) is not None:
        step, leaving = most.get(entering), -1
        for n, row in enumerate(tableau):
            slope = row.get(entering, ZERO)
            if slope > 0:
                limit = left[n] / slope
            elif slope < 0 and basis[n] in most:
                limit = (left[n] - most[basis[n]]) / slope
            else:
                continue
            if step is None or limit < step or (limit == step and leaving >= 0 and basis[n] < basis[leaving]):
                step, leaving = limit, n
        assert step is not None  # noqa: S101  (every column of worth has an end)
        if leaving < 0:
            _turn(entering, step, tableau, left, gain)
            from_above ^= {entering}
            continue
        if tableau[leaving][entering] < 0:
            tableau[leaving] = {n: -slope for n, slope in tableau[leaving].items()}
            left[leaving] = most[basis[leaving]] - left[leaving]
            from_above ^= {basis[leaving]}
        basis[leaving] = _pivot(entering, leaving, basis[leaving], tableau, left, gain)
    found = dict(zip(basis, left, strict=True))
    values = [found.get(n, ZERO) for n in range(len(worth))]
    return [ends[n] - value if n in from_above else value for n, value in enumerate(values)]


def _turn(
    column: int, end: Fraction, tableau: list[dict[int, Fraction]], left: list[Fraction], gain: dict[int, Fraction]
) -> None:
    """Count a column from its upper end down."""
    for n, row in enumerate(tableau):
        if column in row:
            left[n] -= row[column] * end
            row[column] = -row[column]
    gain[column] = -gain[column]


def _pivot(
    entering: int,
    at: int,
    leaving: int,
    tableau: list[dict[int, Fraction]],
    left: list[Fraction],
    gain: dict[int, Fraction],
) -> int:
    """Let a column enter the basis in the place of another."""
    slope = tableau[at].pop(entering)
    row = {n: value / slope for n, value in tableau[at].items()} | {leaving: 1 / slope}
    tableau[at], left[at] = row, left[at] / slope
    for n, other in enumerate(tableau):
        if n != at and (factor := other.pop(entering, None)):
            left[n] -= factor * left[at]
            _subtract(other, factor, row)
    _subtract(gain, gain.pop(entering), row)
    return entering


def _subtract(row: dict[int, Fraction], factor: Fraction, other: Mapping[int, Fraction]) -> None:
    for n, value in other.items():
        changed = row.get(n, ZERO) - factor * value
        if changed:
            row[n] = changed
        else:
            row.pop(n, None)
