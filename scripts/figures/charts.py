"""The charts of the demo articles, as data."""

from datetime import date

from chart_drawer import Bar, Bars, Chart, Columns, Group, Seats, Spans, Stack, Timeline

NATO = Chart(
    "nato-article-five", "Twelve signatures, then ten rounds", "Member states after each year in which members joined; newcomers below",
    "Column chart of the number of NATO members after each round of accession: 12 in 1949, 14 in 1952, 15 in 1955, 16 in 1982, 19 in 1999, 26 in 2004, "
    "28 in 2009, 29 in 2017, 30 in 2020, 31 in 2023 and 32 in 2024. Article 5 was invoked once, on 12 September 2001, when there were 19 members.",
    "NATO, protocols of accession",
    Columns(
        (
            ("1949", 12, "Belgium\nCanada\nDenmark\nFrance\nIceland\nItaly\nLuxembourg\nNetherlands\nNorway\nPortugal\nUK\nUS"), ("1952", 14, "Greece\nTürkiye"), ("1955", 15, "West Germany"), ("1982", 16, "Spain"),
            ("1999", 19, "Czechia\nHungary\nPoland"), ("2004", 26, "Bulgaria\nEstonia\nLatvia\nLithuania\nRomania\nSlovakia\nSlovenia"), ("2009", 28, "Albania\nCroatia"), ("2017", 29, "Monte-\nnegro"),
            ("2020", 30, "North Macedonia"), ("2023", 31, "Finland"), ("2024", 32, "Sweden"),
        ),
        mark=(5, "12 September 2001: Article 5 invoked"),
    ), height=1000,
)  # fmt: skip

NILE_2 = Chart(
    "nile-filling-a-dam-2", "One year’s river, one reservoir", "Billion cubic metres (1 billion cubic metres = 1 cubic kilometre)",
    "Bar chart. Each year, as divided by Egypt and Sudan in 1959: average flow at Aswan 84, of which Egypt 55.5, Sudan 18.5 and evaporation and seepage 10. "
    "Once, to fill: the reservoir of the Grand Ethiopian Renaissance Dam holds 74 billion cubic metres.",
    "Egypt–Sudan agreement of 8 November 1959; Government of Ethiopia",
    Bars(
        (
            Group("Each year, as divided in 1959", (Bar("Average flow at Aswan", 84, "84.0", "greybar"), Bar("Egypt", 55.5, "55.5", "greybar", True), Bar("Sudan", 18.5, "18.5", "greybar", True), Bar("Evaporation and seepage", 10, "10.0", "greybar", True))),
            Group("Once, to fill", (Bar("Renaissance Dam reservoir, full", 74, "74.0"),)),
        ), 84,
    ), note="Ethiopia was not party to the 1959 agreement and does not accept its division.", height=1080,
)  # fmt: skip

KENYA = Chart(
    "kenya-annulled-election", "The same voters, two polls", "Votes as declared; other candidates not shown",
    "Bar chart of declared votes in Kenya's two presidential polls of 2017. On 8 August: Uhuru Kenyatta 8,203,290, Raila Odinga 6,762,224. On 26 October: "
    "Kenyatta 7,483,895, Odinga 73,228; he had withdrawn but stayed on the ballot. A line marks 19,611,423 registered voters.",
    "Independent Electoral and Boundaries Commission; Supreme Court of Kenya",
    Bars(
        (
            Group("8 August 2017", (Bar("Uhuru Kenyatta", 8203290, "8,203,290"), Bar("Raila Odinga", 6762224, "6,762,224", "greybar"))),
            Group("26 October 2017", (Bar("Uhuru Kenyatta", 7483895, "7,483,895"), Bar("Raila Odinga, withdrawn", 73228, "73,228", "greybar"))),
        ), 20_000_000, (19611423, "19,611,423 registered voters"),
    ), note="August’s result was annulled by the Supreme Court on 1 September 2017.", height=1050,
)  # fmt: skip

INDUS_2 = Chart(
    "indus-waters-treaty-2", "Storage the treaty lets India build on the western rivers", "Million acre-feet",
    "Bar chart of the storage that the Indus Waters Treaty allows India on the western rivers: general storage 1.25, power storage 1.60, flood storage 0.75 million acre-feet, 3.60 in all.",
    "Indus Waters Treaty 1960, Annexure E, paragraph 7",
    Bars((Group("", (Bar("General storage", 1.25, "1.25"), Bar("Power storage", 1.60, "1.60"), Bar("Flood storage", 0.75, "0.75"))),), 1.60), note="3.60 million acre-feet in all.", height=700,
)  # fmt: skip

ASEAN = Chart(
    "asean-treaty-of-amity", "Who joined the Treaty of Amity and Cooperation, and when", "Parties joining in each period, and the total at its end; the European Union counts as one",
    "Column chart of parties joining: 5 in 1976 to 1979, 2 in the 1980s, 4 in the 1990s, 15 in the 2000s and 14 in the 2010s. The running total is 5, 7, 11, 26 and 40.",
    "ASEAN Secretariat, list of High Contracting Parties; Meridian count",
    Columns((("1976–79", 5, "total 5"), ("1980s", 2, "total 7"), ("1990s", 4, "total 11"), ("2000s", 15, "total 26"), ("2010s", 14, "total 40")), narrow_small=True),
    note="The five of 24 February 1976: Indonesia, Malaysia, the Philippines, Singapore and Thailand. The chart stops at the end of 2019; others have joined since.",
)  # fmt: skip

SHANGHAI_2 = Chart(
    "shanghai-communique-2", "Seven years from communiqué to embassy", "Steps between Washington, Beijing and Taipei, 1971 to 1982",
    "Time line: 9 to 11 July 1971 Kissinger in Beijing in secret; 25 October 1971 General Assembly resolution 2758; 27 February 1972 Shanghai communiqué; May 1973 liaison offices open; "
    "1 January 1979 diplomatic relations; 10 April 1979 Taiwan Relations Act signed; 1 January 1980 end of the US defence treaty with Taipei; 17 August 1982 communiqué on arms sales.",
    "Office of the Historian, US Department of State; United Nations",
    Timeline(
        1971, 1983,
        (
            (date(1971, 7, 9), "9–11 July 1971", "Kissinger in Beijing in secret", False), (date(1971, 10, 25), "25 October 1971", "General Assembly resolution 2758", False), (date(1972, 2, 27), "27 February 1972", "Shanghai communiqué", True),
            (date(1973, 5, 1), "May 1973", "Liaison offices open", True), (date(1979, 1, 1), "1 January 1979", "Diplomatic relations", True), (date(1979, 4, 10), "10 April 1979", "Taiwan Relations Act signed", True),
            (date(1980, 1, 1), "1 January 1980", "End of the US defence treaty with Taipei", False), (date(1982, 8, 17), "17 August 1982", "Communiqué on arms sales", True),
        ),
    ), height=960,
)  # fmt: skip

SANCTIONS = Chart(
    "four-ways-out-of-sanctions", "Four United Nations regimes, from first binding measure to repeal", "Years, from adoption of the resolution to its repeal; paler after suspension",
    "Bars on a time axis from 1965 to 2005. Southern Rhodesia, trade: 16 December 1966 to 21 December 1979, 13.0 years, comprehensive from 29 May 1968. South Africa, arms: 4 November 1977 to 25 May 1994, 16.6 years. "
    "Yugoslavia, trade: 30 May 1992 to 1 October 1996, 4.3 years, suspended on 22 November 1995. Libya, air links and arms: 31 March 1992 to 12 September 2003, 11.5 years, suspended on 5 April 1999.",
    "United Nations Security Council resolutions; Meridian calculation",
    Spans(
        1965, 2005,
        (
            ("Southern Rhodesia, trade", date(1966, 12, 16), date(1979, 12, 21), "16 December 1966 (232) to 21 December 1979 (460)", (date(1968, 5, 29), "29 May 1968: made comprehensive (253)", False)),
            ("South Africa, arms", date(1977, 11, 4), date(1994, 5, 25), "4 November 1977 (418) to 25 May 1994 (919)", None),
            ("Yugoslavia, trade", date(1992, 5, 30), date(1996, 10, 1), "Serbia and Montenegro: 30 May 1992 (757) to 1 October 1996 (1074)", (date(1995, 11, 22), "22 November 1995: suspended (1022)", True)),
            ("Libya, air links and arms", date(1992, 3, 31), date(2003, 9, 12), "31 March 1992 (748) to 12 September 2003 (1506)", (date(1999, 4, 5), "5 April 1999: suspended", True)),
        ),
    ), note="Numbers in brackets are resolutions.", height=1000,
)  # fmt: skip

MEXICO = Chart(
    "mexico-2000-handover", "Mexico’s presidential vote, 2 July 2000", "Per cent of 37,601,618 votes cast",
    "Bar chart of shares of votes cast: Vicente Fox 42.52 per cent, Francisco Labastida 36.11, Cuauhtémoc Cárdenas 16.64, Gilberto Rincón Gallardo 1.58, Manuel Camacho Solís 0.55, Porfirio Muñoz Ledo 0.42, unregistered candidates 0.08, void 2.10.",
    "Instituto Federal Electoral, 2000",
    Bars(
        (
            Group("", (
                Bar("Vicente Fox, Alliance for Change", 42.52, "42.52"), Bar("Francisco Labastida, PRI", 36.11, "36.11", "greybar"), Bar("Cuauhtémoc Cárdenas, Alliance for Mexico", 16.64, "16.64", "greybar"), Bar("Gilberto Rincón Gallardo, Social Democracy", 1.58, "1.58", "greybar"),
                Bar("Manuel Camacho Solís, Democratic Centre", 0.55, "0.55", "greybar"), Bar("Porfirio Muñoz Ledo, PARM", 0.42, "0.42", "greybar"), Bar("Unregistered candidates", 0.08, "0.08", "greybar"), Bar("Void", 2.10, "2.10", "greybar"),
            )),
        ), 42.52,
    ), height=1120,
)  # fmt: skip

INF = Chart(
    "inf-inspections", "Missiles eliminated under the INF Treaty, to 1 June 1991", "Missiles; 2,692 together",
    "Stacked bars. Soviet Union 1,846: SS-20 654, SS-12 718, SS-23 239, SS-4 149, SSC-X-4 80, SS-5 6. United States 846: BGM-109G 443, Pershing II 234, Pershing IA 169.",
    "US Department of State; On-Site Inspection Agency",
    Stack((
        ("Soviet Union", "1,846", (("SS-12", 718), ("SS-20", 654), ("SS-23", 239), ("SS-4", 149), ("SSC-X-4", 80), ("SS-5", 6))),
        ("United States", "846", (("BGM-109G", 443), ("Pershing II", 234), ("Pershing IA", 169))),
    )), note="BGM-109G: ground-launched cruise missile.", height=960,
)  # fmt: skip

WTO = Chart(
    "wto-silent-bench", "Serving members of the WTO Appellate Body, of seven", "Members in office on 31 December",
    "Seven seats for each year, filled as members served: 7 in 2016, 4 in 2017, 3 in 2018, 1 in 2019, none in 2020. A division that hears an appeal needs three.",
    "World Trade Organization",
    Seats(7, (("2016", 7), ("2017", 4), ("2018", 3), ("2019", 1), ("2020", 0)), (3, "three are needed to hear an appeal")),
    note="The last two terms that left too few ended on 10 December 2019; the last member’s term ended on 30 November 2020.", height=1000,
)  # fmt: skip

CHARTS = (NATO, NILE_2, KENYA, INDUS_2, ASEAN, SHANGHAI_2, SANCTIONS, MEXICO, INF, WTO)
