"""The Japanese of a source: its clauses are few, its names (files, columns, ids, licences) stay as they are."""

from __future__ import annotations

import re

CLAUSES = (
    # what a clause rests on
    (r"\bdata: ", "データ："),
    (r"\brule: ", "算式："),
    (r"\bassumption: ", "仮定："),
    (r"\bjudgement: ", "判断："),
    (r"\bdata (?=\w+\.csv)", "データ "),
    # amounts of today
    (r"mean grants of ([A-Z ]+?)(?= x|$)", r"\1の無償資金等の平均"),
    (r"mean (\d{4})-(\d\d), (\d{4})-(\d\d)", r"\1～\2年及び\3～\4年の平均"),
    (r"mean (\d{4})-(\d\d)", r"\1～\2年の平均"),
    (r"share of grants in official flows \(assumption\)", "公的資金に占める贈与の割合（仮定）"),
    (r"\(仮定：not technical cooperation\)", "（仮定：技術協力以外の割合）"),
    (r"\(仮定：technical cooperation\)", "（仮定：技術協力の割合）"),
    (r"(0\.\d+) or (0\.\d+) \(仮定：by fragility\)", r"\1又は\2（仮定：脆弱性による）"),
    (r"\(算式：less governance aid\)", "（算式：ガバナンス支援を除く）"),
    (r"2 % (\(.+?\)) of grants and loan cost of (\w+) ", r"\2の贈与及び借款費用の2%\1 "),
    (r"(\d+) % \(仮定：budget cost\)", r"\1%（仮定：予算上の費用）"),
    (r"(\S+) (\(.+?\)) shared by 1 \+ years listed ", r"\1\2を「1＋対象年数」の比で按分 "),
    (r"(\S+) (\(.+?\)) shared by fields ", r"\1\2を支援分野の数の比で按分 "),
    (r": (\d+) of (\d+)\)", r"：\2のうち\1)"),
    (r"seven teams of 1\.5 need 52 of the 55 experts", "1.5の7チームに専門家55人中52人を要する"),
    (r"HA/DR readiness 7 in all", "HA/DRの即応態勢は計7"),
    (r"(\d\S*) x 4 staff officers", r"\1×司令部要員4人"),
    (r"15 \+ 15 trainees a year (\(.+?\)) at about 3 million yen", r"年15人＋15人の研修員\1に1人約300万円"),
    (r", 2\.4 bn yen \(the whole yearly cost is probably higher\)", "、24億円（年間の全費用はこれを上回るとみられる）"),
    (r", 1\.0 bn yen", "、10億円"),
    (r"Myanmar, no new projects since 2021", "ミャンマーでは2021年以降新規案件なし"),
    (r"\(recalled, confirm\)", "（記憶による。要確認）"),
    (r"\(recalled\)", "（記憶による）"),
    # bounds of programmes
    (r"minimum ([\d.]+), maximum ([\d.]+) of it", r"下限額はその\1倍、上限額はその\2倍"),
    (r"proposal (\d), new", r"提言\1による新規事業"),
    (r"; sea lanes", "、シーレーン沿い"),
    (r"; partner", "、対象国"),
    (r"; two advisers at most", "、顧問は2人まで"),
    (r"\(仮定：0\.3 each\)", "（仮定：1人0.3）"),
    (r"maximum 15 % of aid or 10", "上限額は援助額の15%又は10"),
    (r"maximum 40 % of grants", "上限額は無償資金等の40%"),
    (r"maximum ([\d.]+)", r"上限額\1"),
    (r"minimum ([\d.]+)", r"下限額\1"),
    (r"risk (0\.1)", r"リスク\1"),
    (r"\bramp\b", "年変化率"),
    (r"(?<=年変化率, )risk", "リスク"),
    # effects and synergies
    (r"\+0\.1 x gap with proposal 1", "提言1の下では＋0.1×不足度"),
    (r"x 1\.25 with proposal 7", "提言7の下では×1.25"),
    (r"effectiveness (\d) with proposal 5", r"提言5の下では有効性\1"),
    (r"effectiveness (?=[\d.])", "有効性"),
    (r"\(evidence for the order of magnitude: ", "（規模の根拠："),
    (
        r"237 in 2011 to 0-2 in 2015-2016 while patrols ran \(association only\)",
        "哨戒の実施下で2011年の237件から2015～16年の0～2件に減少（相関のみ）",
    ),
    (
        r"order follows (\S+) \(economic infrastructure 36-56 percent .+?\)",
        r"順序は\1による（経済インフラは2021～23年の日本の援助の36～56%）",
    ),
    (r"agricultural R&D 33 \(reference value 1\.0\)", "農業研究開発33（基準値1.0）"),
    (
        r"childhood immunization 101, maternal and newborn health 87 \(order against agricultural R&D 33\)",
        "小児予防接種101、母子保健87（農業研究開発33に対する順序）",
    ),
    (r"e-government procurement 125 \(highest in the list\)", "電子政府調達125（一覧中の最高値）"),
    (
        r"\(whole UN forces; a few staff officers cannot claim it, hence the wide range\)",
        "（国連部隊全体の値。少数の司令部要員の効果とはいえないため、幅を広く設定）",
    ),
    (r"a quarter of it reaches (\w+)", r"その4分の1が\1に及ぶ"),
    (r"x ([\d.e-]+) \(fields of the programme\)", r"×\1（事業の分野の割合）"),
    (r"x gap ([\d.]+)", r"×不足度\1"),
    (r"harm 0\.3 x \(PTS - 2\)/3 x best score", "弊害0.3×（PTS－2）÷3×最大の得点"),
    (r", a third of it with proposal 7", "（提言7の下ではその3分の1）"),
    (r"strength ([\d.]+) x score of (\w+); ratio", r"強さ\1×\2の得点、比率"),
    # limits
    (
        r"principle of the Development Cooperation Charter that ODA is not for military purposes",
        "開発協力大綱の「軍事的用途の回避」の原則",
    ),
    (r"lifted for dual use by proposal 6", "提言6により軍民両用について解除"),
    (r"ceiling chosen for proposal 6", "提言6のために設定した上限"),
    (r"ceiling chosen a little above practice", "現行の慣行をやや上回る上限を設定"),
    (r"ceiling chosen", "上限は設定値"),
    (r"size chosen", "値は設定値"),
    (r"baseline ([\d.]+) % of loan value \(flows file\)", r"現状は借款額面の\1%（資金フローのデータ）"),
    (r"baseline ([\d.]+) %", r"現状は\1%"),
    (r"baseline ([\d.]+)", r"現状は\1"),
    (r"guard rail of proposal 1", "提言1の歯止め"),
    (r"guard rail below the baseline share", "現状の割合を下回る歯止め"),
    (r"guard rail", "歯止め"),
    (r"risk by rule on political_terror_scale and WGI", "リスクはpolitical_terror_scale及びWGIに基づく算式による"),
    (r"the largest recipient in (\S+\.csv)", r"\1における最大の対象国"),
    (r"review of proposal 7", "提言7の事後評価"),
    (r"proposal 9", "提言9"),
    (
        r"the law sets the strength of each mission; its size in money is assumed",
        "法律は各派遣の人員の規模を定めるものであり、その金額は仮定による",
    ),
    (r"(\d)-(\d[\d.]*) %", r"\1～\2%"),
    # signs
    (r" x ", "×"),
    (r"; (?=データ|算式|仮定|判断)", "。"),
    (r"; (?![A-Z])", "、"),
    (r", (?=上限額|下限額|年変化率|リスク)", "、"),
    (r"(?<=[ぁ-んァ-ヶ一-龠%）0]), (?![a-z])", "、"),
    (r"(?<=\.csv): ", "："),
    (r", (?=データ)", "、"),
    (r"OECD terms", "OECDの利用条件"),
    (r" ?\(", "（"),
    (r" （", "（"),
    (r"\) ?", "）"),
)


def in_japanese(source: str) -> str:
    """A source text in Japanese."""
    for pattern, japanese in CLAUSES:
        source = re.sub(pattern, japanese, source)
    return source


def in_both(source: str) -> str:
    """``English / 日本語``, of which each reader is shown the own half."""
    return f"{source} / {in_japanese(source)}"
