"""Makes the gazetteer's data files from public data sets.

    npm pack world-atlas@2.0.2      # countries-50m.json
    python scripts/gazetteer/build_gazetteer.py FOLDER --atlas package/countries-50m.json

FOLDER holds `world-factbook` (factbook-json.tar.xz), `countries` (country-codes/data/country-codes.csv) and `world-leaders`
(data_sets/leaderlist_3_21.csv). Facts carry over with their source and date; texts do not: what is written here is short
values, and words of our own from `own.yaml`.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import tarfile
import unicodedata
from html import unescape
from pathlib import Path
from typing import Any

import yaml
from languages import LANGUAGES
from outlines import make_outlines

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "src/broadsheet/gazetteer"
SOURCES = {
    "factbook": {"name": "The World Factbook (CIA)", "date": "2026-05-17", "licence": "public domain"},
    "codes": {"name": "Country Codes (Datahub)", "date": "2026-05-15", "licence": "Public Domain Dedication and License"},
    "leaders": {"name": "REIGN (O. Bell), 2021-3", "date": "2021-03-01", "licence": "MIT, © 2017 Paul Le"},
    "outlines": {"name": "Natural Earth 1:50m", "date": "2019-09-18", "licence": "public domain"},
}
LONGEST_VALUE = 110  # characters; what is longer is a text, not a value
_SINCE = re.compile(r"\((?:since )?(?:(\d{1,2}) )?(?:([A-Z][a-z]+) )?(\d{4})\)")
_MONTHS = "January February March April May June July August September October November December".split()
_ROMAN = re.compile(r"[IVX]+")
_PARTICLES = {"De", "Da", "Dos", "Do", "E", "Y", "Bin", "Del", "Der"}
_KEPT = {"GNU", "CNSP"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the data sets")
    parser.add_argument("--atlas", type=Path, required=True, help="world-atlas's countries-50m.json")
    wanted = parser.parse_args()
    own = yaml.safe_load((HERE / "own.yaml").read_text("utf-8"))
    rows = choose(read_codes(wanted.folder / "countries"), own)
    factbook = read_factbook(wanted.folder / "world-factbook")
    countries = [describe(row, factbook, own) for row in rows]
    pair_neighbours(countries, factbook, own)
    write("countries", {"sources": SOURCES, "claims": own["claims"], "countries": sorted(countries, key=lambda one: one["code"])})
    earlier = read_leaders(wanted.folder / "world-leaders", {country["code"] for country in countries})
    write("leaders", {"source": SOURCES["leaders"], "notes": own["leaders_note"], "leaders": earlier})
    write("outlines", make_outlines(wanted.atlas, {country["number"]: country["code"] for country in countries}))


def write(name: str, value: dict[str, Any]) -> None:
    path = OUT / f"{name}.json"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(re.sub(r'(\},)(\{"code")', r"\1\n\2", text) + "\n", "utf-8")
    print(f"{path.name:16} {path.stat().st_size:8}")


def read_codes(folder: Path) -> list[dict[str, str]]:
    with (folder / "country-codes/data/country-codes.csv").open(encoding="utf-8") as file:
        rows = [{key: (value or "").strip() for key, value in row.items()} for row in csv.DictReader(file)]
    kosovo = dict.fromkeys(rows[0], "") | {
        "ISO3166-1-Alpha-2": "XK", "ISO3166-1-Alpha-3": "XKX", "FIPS": "KV", "CLDR display name": "Kosovo", "Region Name": "Europe",
        "Sub-region Name": "Southern Europe", "ISO4217-currency_name": "Euro", "ISO4217-currency_alphabetic_code": "EUR",
    }  # fmt: skip
    taiwan = {"Region Name": "Asia", "Sub-region Name": "Eastern Asia", "ISO4217-currency_name": "New Taiwan dollar",
              "ISO4217-currency_alphabetic_code": "TWD"}  # fmt: skip
    return [row | taiwan if row["ISO3166-1-Alpha-2"] == "TW" else row for row in [*rows, kosovo]]


def choose(rows: list[dict[str, str]], own: dict[str, Any]) -> list[dict[str, str]]:
    """The members of the United Nations and the few others that have a page."""
    return [row for row in rows if (row["is_independent"] == "Yes" and row["UNTERM English Short"]) or code_of(row) in own["also"]
            or code_of(row) in ("CI", "TR")]  # fmt: skip


def code_of(row: dict[str, str]) -> str:
    return row["ISO3166-1-Alpha-2"]


def read_factbook(folder: Path) -> dict[str, dict[str, Any]]:
    """Every profile by its two small letters."""
    with tarfile.open(folder / "factbook-json.tar.xz") as tar:
        files = [member for member in tar.getmembers() if member.name.endswith(".json") and member.name.count("/") == 1]
        return {Path(member.name).stem: json.load(tar.extractfile(member)) for member in files}  # type: ignore[arg-type]


def value(profile: dict[str, Any], *keys: str) -> str:
    """One short value; none of it where the profile has none."""
    found: Any = profile
    for key in keys:
        found = found.get(key, {}) if isinstance(found, dict) else {}
    text = found.get("text", "") if isinstance(found, dict) else str(found or "")
    return " ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split())


def describe(row: dict[str, str], factbook: dict[str, dict[str, Any]], own: dict[str, Any]) -> dict[str, Any]:
    """One country's facts."""
    code = code_of(row)
    files = profile_names(row, own)
    profiles = [factbook[name] for name in files]
    profile = profiles[0]
    name = own["names"].get(code) or row["CLDR display name"].replace("&", "and").replace("St. ", "Saint ")
    official = own["official"].get(code) or official_name(profile, name)
    area, population, counted = add_up(profiles)
    capitals = own["capitals"].get(code, capital_of(profile))
    return {
        "code": code,
        "code3": row["ISO3166-1-Alpha-3"],
        "number": row["ISO3166-1-numeric"].zfill(3) if row["ISO3166-1-numeric"] else "",
        "slug": re.sub(r"[^a-z0-9]+", "-", ascii_of(name).lower().replace("’", "").replace("'", "")).strip("-"),
        "name": name,
        "official": official,
        "source_name": " and ".join(source_name(each) for each in profiles),
        "capitals": [each for each in (capitals if isinstance(capitals, list) else [capitals]) if each],
        "capital_note": own["capital_notes"].get(code, ""),
        "capital_at": own["capital_at"].get(code) or place_of(value(profile, "Government", "Capital", "geographic coordinates")),
        "at": place_of(value(profile, "Geography", "Geographic coordinates")),
        "region": region_of(row),
        "status": own["status"].get(code, ""),
        "area_km2": area,
        "population": population,
        "population_year": counted,
        "government": own["government"].get(code) or short(value(profile, "Government", "Government type")),
        "languages": own["languages"].get(code) or languages_of(profile, row),
        "currency": own["currency"].get(code)
        or [currency_name(row["ISO4217-currency_name"]), row["ISO4217-currency_alphabetic_code"].split(",")[0]],
        "coast_km": number_of(value(profile, "Geography", "Coastline")),
        "demonyms": sorted(demonyms_of(profile)) if code not in {"HK", "PS", "GL", "VA"} else [],
        "neighbours": [],
        "leaders": own["leaders"].get(code) or leaders_of(profile),
        **own["facts"].get(code, {}),
    }


def profile_names(row: dict[str, str], own: dict[str, Any]) -> list[str]:
    names = own["also"].get(code_of(row)) or {"RIKV": "ri"}.get(row["FIPS"], row["FIPS"].lower())
    return names if isinstance(names, list) else [names]


def source_name(profile: dict[str, Any]) -> str:
    for form in ("conventional short form", "conventional long form"):
        name = value(profile, "Government", "Country name", form)
        if name and name != "none":
            return short(name.partition(" (")[0])
    return ""


def official_name(profile: dict[str, Any], name: str) -> str:
    long = value(profile, "Government", "Country name", "conventional long form").partition(" (")[0]
    return long if long and long != "none" else name


def capital_of(profile: dict[str, Any]) -> str:
    return re.split(r" \(|;|,| in ", value(profile, "Government", "Capital", "name"))[0]


def region_of(row: dict[str, str]) -> str:
    """Six parts of the world, by the regions of the United Nations' statisticians; Western Asia is the Middle East, with Egypt."""
    code, sub, region = code_of(row), row["Sub-region Name"], row["Region Name"]
    if code in {"AM", "AZ", "GE", "CY", "TR"}:
        return "Europe" if code == "CY" else "Middle East" if code == "TR" else "Central Asia and the Caucasus"
    if sub == "Western Asia" or code in {"EG", "IR"}:
        return "Middle East"
    if sub == "Central Asia":
        return "Central Asia and the Caucasus"
    return {"Americas": "Americas", "Africa": "Africa", "Asia": "Asia", "Europe": "Europe", "Oceania": "Oceania"}[region]


def add_up(profiles: list[dict[str, Any]]) -> tuple[float, int, str]:
    areas = [
        number_of(value(each, "Geography", "Area", "total ") or value(each, "Geography", "Area", "total")) for each in profiles
    ]
    people = [value(each, "People and Society", "Population", "total") for each in profiles]
    years = [match[1] for text in people if (match := re.search(r"\((?:July )?(\d{4})", text))]
    total = sum(area or 0 for area in areas)
    return round(total) if total >= 10 else total, round(sum(number_of(text) or 0 for text in people)), max(years, default="")


def number_of(text: str) -> float | None:
    """The first number of a text: `1.267 million sq km`, `3,694 km`, `about 710`."""
    match = re.search(r"(\d[\d,]*(?:\.\d+)?)( million| billion)?", text)
    if match is None:
        return None
    size = float(match[1].replace(",", "")) * {" million": 1e6, " billion": 1e9}.get(match[2], 1)
    return round(size) if size >= 100 or size == round(size) else size


def place_of(text: str) -> list[float]:
    match = re.match(r"(\d+) (\d+) ([NS]), (\d+) (\d+) ([EW])", text)
    if match is None:
        return []
    north = (int(match[1]) + int(match[2]) / 60) * (1 if match[3] == "N" else -1)
    east = (int(match[4]) + int(match[5]) / 60) * (1 if match[6] == "E" else -1)
    return [round(north, 2), round(east, 2)]


def languages_of(profile: dict[str, Any], row: dict[str, str]) -> list[str]:
    """The official ones where the Factbook names them, else the first three of the code list."""
    text = value(profile, "People and Society", "Languages", "Languages")
    official = re.findall(r"(?:^|[,;] |and )(?:[A-Za-z]+ or )?([A-Z][\w' -]{2,24}?) (?:[\d.]+% )?\(official[^)]*\)", text)
    if official:
        return official[:4]
    codes = [code.partition("-")[0] for code in row["Languages"].split(",")]
    return list(dict.fromkeys(LANGUAGES[code] for code in codes if code in LANGUAGES))[:3]


def currency_name(text: str) -> str:
    words = text.partition(",")[0].replace("BCEAO", "").replace("BEAC", "").replace("CFA Franc", "CFA franc").split()
    return " ".join([*words[:-1], words[-1].lower()] if len(words) > 1 else words)


def demonyms_of(profile: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for key in ("noun", "adjective"):
        text = re.split(r";|note:", value(profile, "People and Society", "Nationality", key))[0]
        for part in re.split(r", | or |/", re.sub(r"\((?:singular|plural|colloquial|collective|US)[^)]*\)", "", text)):
            part = part.strip(" ,")
            if part in ("", "NA", "none") or not part[0].isupper():
                continue
            base = re.sub(r"\(.*", "", part).strip()
            found.add(base)
            if part.endswith("(s)"):
                found.add(f"{base}s")
            if part.endswith(("(men)", "(women)")):
                found.add(base.replace("man", "men"))
    return found


def leaders_of(profile: dict[str, Any]) -> list[list[str]]:
    """Who holds the two offices: `[office, title and name, since]`; offices are `state`, `represented`, `government`."""
    found: list[list[str]] = []
    head, _, stand_in = value(profile, "Government", "Executive branch", "chief of state").partition("represented by ")
    government = value(profile, "Government", "Executive branch", "head of government")
    for office, text in (("state", head), ("represented", stand_in), ("government", government)):
        match = _SINCE.search(text)
        name = tidy_name(text[: match.start()] if match else re.split(r"[;(\[]", text)[0])
        if " " in name and len(name) <= LONGEST_VALUE and not name.startswith("overall"):
            found.append([office, name, since_of(match) if match else ""])
    if [one[1:] for one in found if one[0] == "state"] == [one[1:] for one in found if one[0] == "government"]:
        return [["both", *found[0][1:]]] if found else []
    return found


def since_of(match: re.Match[str]) -> str:
    day, month, year = match.groups()
    if month not in _MONTHS:
        return year
    whole = f"{year}-{_MONTHS.index(month) + 1:02}"
    return f"{whole}-{int(day):02}" if day else whole


def tidy_name(text: str) -> str:
    """Without the Factbook's capitals: `President Bola Ahmed Adekunle TINUBU` with a small `inubu`."""
    words = []
    for word in re.sub(r"\s\([^()]*\)", "", re.sub(r"\([^()]*\)(?=.*\))", "", text.partition(";")[0])).strip(" ,").split():
        word = re.sub(r"\w+", _small_letters, word)
        words.append(word.lower() if word in _PARTICLES else word)
    return " ".join(words)


def _small_letters(match: re.Match[str]) -> str:
    part = match[0]
    is_shouted = len(part) > 1 and part.isupper() and not _ROMAN.fullmatch(part) and part not in _KEPT
    return part.capitalize() if is_shouted else part


def pair_neighbours(countries: list[dict[str, Any]], factbook: dict[str, dict[str, Any]], own: dict[str, Any]) -> None:
    """Give each country its neighbours by land; what one side lists, the other lists too."""
    names = neighbour_names(countries)
    by_code = {country["code"]: country for country in countries}
    lengths: dict[tuple[str, str], float] = {}
    left_out = {tuple(sorted(pair)) for pair in own["neighbours_left_out"]}
    codes = {value: key for key, values in own["also"].items() for value in (values if isinstance(values, list) else [values])}
    for name, profile in factbook.items():
        here = codes.get(name) or next((each["code"] for each in countries if each["source_name"] == source_name(profile)), None)
        listed = value(profile, "Geography", "Land boundaries", "border countries")
        if here is None or name == "ee":
            continue
        for there, km in re.findall(r"([A-Z][^\d;,]*?(?:\([^)]*\))?[^\d;,]*?) ([\d,.]+) km", listed):
            other = names.get(re.sub(r" \(.*?\)|^and |.* and (?=[A-Z][a-z]+ \()", "", there).strip())
            if other in by_code and other != here and tuple(sorted((here, other))) not in left_out:
                lengths[(here, other)] = lengths.get((here, other), 0) + float(km.replace(",", ""))
    for (here, other), km in sorted(lengths.items()):
        by_code[here]["neighbours"].append([other, round(km, 1) if km % 1 else int(km)])
        if (other, here) not in lengths:
            by_code[other]["neighbours"].append([here, round(km, 1) if km % 1 else int(km)])


def neighbour_names(countries: list[dict[str, Any]]) -> dict[str, str]:
    names = {country["source_name"]: country["code"] for country in countries} | {
        country["name"]: country["code"] for country in countries
    }
    return names | {
        "UK": "GB", "US": "US", "UAE": "AE", "Gaza Strip": "PS", "West Bank": "PS", "French Guiana": "FR", "Macedonia": "MK",
        "Czech Republic": "CZ", "Cote d'Ivoire": "CI", "Burma": "MM", "The Gambia": "GM", "Gambia": "GM", "Holy See": "VA",
        "Dominican Republic": "DO", "Central African Republic": "CF", "Timor-Leste": "TL", "Democratic Republic of the Congo": "CD",
        "Republic of the Congo": "CG",
    }  # fmt: skip


def read_leaders(folder: Path, known: set[str]) -> dict[str, list[list[str]]]:
    """Who led each country, oldest first: `[name, from, to]`; `to` is empty for who led it when the list was made."""
    words = (HERE / "cow.txt").read_text().split()
    codes = dict(zip(words[::2], words[1::2], strict=True))
    found: dict[str, list[list[str]]] = {}
    with (folder / "data_sets/leaderlist_3_21.csv").open(encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file):
            code = codes.get(row["stateabb"], "")
            if code in known and not (
                row["stateabb"] == "YUG" and int(row["syear"]) < 1992 and row["eyear"] and int(row["eyear"]) < 1992
            ):
                begins = date_of(row["syear"], row["smonth"], row["sdate"])
                found.setdefault(code, []).append(
                    [" ".join(row["leader"].split()), begins, date_of(row["eyear"], row["emonth"], "")]
                )
    for rows in found.values():
        rows.sort(key=lambda row: (row[1], row[2] or "9999"))
    return {code: found[code] for code in sorted(found)}


def date_of(year: str, month: str, day: str) -> str:
    parts = [year.strip(), *(f"{int(part):02}" for part in (month, day) if part.strip().isdigit() and int(part))]
    return "-".join(parts) if parts[0] else ""


def short(text: str) -> str:
    first = re.split(r"[;(]", text)[0].strip(" ,")
    return first if len(first) <= LONGEST_VALUE else ""


def ascii_of(text: str) -> str:
    return unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode()


if __name__ == "__main__":
    main()
