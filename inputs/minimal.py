"""The minimal case: one region, two objectives, two accounts, three programmes, two years, solved by hand.

    uv run python inputs/minimal.py [PATH]

Figures are invented for the arithmetic: nothing here is Japan's.

A year's full score: weight x need = 1 x 60 (health) + 2 x 20 (peace) = 100. A point in 2028 counts
1 / 1.25 = 0.8 of one in 2027, so the full score is 100 + 80 = 180. What one unit of money is worth:

    clinics, the first 5    6 points x weight 1 = 6      in 2028: 4.8
    clinics, the next 5     half of it          = 3      in 2028: 2.4
    peace grants            2 points x weight 2 = 4      in 2028: 3.2   (until peace has its 20 points)
    training                3 points x weight 2 = 6      in 2028: 4.8   (until peace has its 20 points)

**Base.** Training may grow by 2 from its baseline of 1: 3 in 2027. In 2028 the cabinet's limit holds it at
3.5. It gives peace 9 and 10.5 points; peace grants of 5.5 and 4.75 would give the rest. AID has 12 and 8:

- 2027: clinics 5, peace grants 5.5 (peace is full); 1.5 is left, worth 3 a unit on clinics.
- 2028: clinics 5, peace grants 3; the next 1.75 would be worth 3.2 a unit on peace grants. So all 1.5 is
  carried over (at most 0.2 x 12 = 2.4), and no more: in 2027 it would cost 4 or 6 a unit.

    2027  clinics 5, peace grants 5.5, training 3     health 30, peace 9 + 11 = 20      value 30 + 40 = 70
    2028  clinics 5, peace grants 4.5, training 3.5   health 30, peace 10.5 + 9 = 19.5  value 30 + 39 = 69

    score = 100 x (70 + 0.8 x 69) / 180 = 12520 / 180 = 626/9 = 69.5556; defence leaves 1 and 0.5 unspent

**Scenario office** (lever on): DEF may give AID a quarter of its 4 a year. It gives what it cannot spend, 1
and 0.5. AID has 13 and 8.5; 2028 wants 5 + 4.75 = 9.75, so 1.25 is carried over and 2027 keeps 1.25 for
clinics beyond the first 5, worth 3 a unit against 2.4 in 2028:

    2027  clinics 6.25, peace grants 5.5, training 3   health 33.75, peace 20   value 33.75 + 40 = 73.75
    2028  clinics 5, peace grants 4.75, training 3.5   health 30, peace 20      value 30 + 40 = 70

    score = 100 x (73.75 + 0.8 x 70) / 180 = 12975 / 180 = 865/12 = 72.0833; nothing is left

Both plans are the only best ones. The lever is worth 865/12 - 626/9 = 91/36 = 2.5278 points.
"""

from __future__ import annotations

import sys
from pathlib import Path

Row = dict[str | int, object]
RawTables = dict[str, list[Row]]

INVENTED = "assumption: invented for the arithmetic"


def tables() -> RawTables:
    """The whole book: sheet -> rows of canonical column -> value."""
    return {
        "Settings": [
            {"key": "title", "value": "Minimal case / 最小の例"},
            {"key": "unit", "value": "JPY 100 million"},
            {"key": "first_year", "value": 2027},
            {"key": "years", "value": 2},
            {"key": "discount_rate", "value": 0.25},
            {"key": "publish_unit", "value": 0.01},
        ],
        "Regions": [{"region": "SOUTH", "name": "South", "name_ja": "南部"}],
        "Objectives": [
            {"objective": "health", "freedom": "want", "name": "Health", "name_ja": "保健"},
            {"objective": "peace", "freedom": "fear", "name": "Peace", "name_ja": "平和"},
        ],
        "Priorities": [
            {"region": "SOUTH", "objective": "health", "weight": 1, "need": 60},
            {"region": "SOUTH", "objective": "peace", "weight": 2, "need": 20},
        ],
        "Accounts": [
            {
                "account": "AID",
                "agency": "MOFA",
                "name": "Aid",
                "name_ja": "開発協力",
                "carry_over": 0.2,
                2027: 12,
                2028: 8,
            },
            {
                "account": "DEF",
                "agency": "MOD",
                "name": "Defence cooperation",
                "name_ja": "防衛協力",
                "carry_over": 0,
                2027: 4,
                2028: 4,
            },
        ],
        "Transfers": [
            {"from_account": "DEF", "to_account": "AID", "max_share": 0.25, "requires": "office"},
        ],
        "Programmes": [
            {
                "programme": "clinics",
                "family": "oda",
                "account": "AID",
                "region": "SOUTH",
                "instrument": "grant_aid",
                "name": "Clinics",
                "name_ja": "診療所",
                "baseline": 4,
                "maximum": 10,
                "curve": "half",
                "source": INVENTED,
            },
            {
                "programme": "grants",
                "family": "oda",
                "account": "AID",
                "region": "SOUTH",
                "instrument": "peace_grant",
                "name": "Peace grants",
                "name_ja": "平和構築無償",
                "baseline": 4,
                "maximum": 8,
                "source": INVENTED,
            },
            {
                "programme": "training",
                "family": "capacity_building",
                "account": "DEF",
                "region": "SOUTH",
                "instrument": "training",
                "name": "Training",
                "name_ja": "研修",
                "baseline": 1,
                "maximum": 4,
                "ramp": 0.5,
                "source": INVENTED,
            },
        ],
        "Effects": [
            {"programme": "clinics", "objective": "health", "score": 6, "source": INVENTED},
            {"programme": "grants", "objective": "peace", "score": 2, "source": INVENTED},
            {"programme": "training", "objective": "peace", "score": 3, "source": INVENTED},
        ],
        "Curves": [
            {"curve": "half", "segment": 1, "up_to": 0.5, "rate": 1},
            {"curve": "half", "segment": 2, "up_to": 1, "rate": 0.5},
        ],
        "Limits": [
            {
                "limit": "training_cap",
                "measure": "spend",
                "sense": "max",
                "value": 3.5,
                "name": "Training at most 3.5 a year",
                "name_ja": "研修の上限（年3.5）",
                "programme": "training",
                "kind": "cabinet",
                "source": INVENTED,
            },
        ],
        "Levers": [
            {
                "lever": "office",
                "name": "Coordinating office",
                "name_ja": "調整組織",
                "proposal": 2,
                "default": "no",
                "note": "Idle defence money may serve aid / 使い残しの防衛協力予算を開発協力に充てる",
            },
        ],
        "Scenarios": [{"scenario": "office", "item": "lever", "target": "office", "value": "on"}],
    }


def main() -> None:
    """Write inputs/minimal.xlsx, or the path that is given."""
    from optimizer.workbook import write  # noqa: PLC0415  (tables() alone needs no program)

    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "minimal.xlsx"
    write(path, tables())
    print(path)


if __name__ == "__main__":
    main()
