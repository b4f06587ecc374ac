"""The maps of the demo articles, as data. Positions are longitude, latitude."""

from map_drawer import Area, Inset, Label, Map, Point_, Stroke

SUEZ_CANAL = ((32.31, 31.26), (32.32, 30.90), (32.30, 30.60), (32.38, 30.33), (32.56, 29.93))
NOTE = " Borders as Natural Earth draws them, simplified."

MONTREUX = Map(
    "montreux-black-sea",
    "The Black Sea and the Straits",
    "Map of the Black Sea with its six coastal states and, in the south-west, the Dardanelles, the Sea of Marmara and the Bosporus, which "
    "the Montreux Convention of 1936 calls the Straits. Crimea is hatched: annexed by Russia in 2014, recognised as part of Ukraine by "
    "General Assembly resolution 68/262. Abkhazia is outlined with a dashed line inside Georgia." + NOTE,
    (22.0, 38.8, 43.5, 48.2),
    names={"Turkey": "Türkiye", "Ukraine": "Ukraine", "Russia": "Russia", "Romania": "Romania", "Bulgaria": "Bulgaria", "Georgia": "Georgia", "Greece": "Greece", "Moldova": "Moldova"},
    minor_names=frozenset({"Moldova", "Greece", "Georgia"}),
    focus=frozenset({"Turkey", "Bulgaria", "Romania", "Ukraine", "Russia", "Georgia"}),
    areas=(Area("hatched", "Crimea"), Area("open", "Abkhazia")),
    strokes=(
        Stroke(((29.13, 41.22), (29.06, 41.10), (28.99, 41.00)), "strong"),
        Stroke(((26.69, 40.42), (26.40, 40.16), (26.18, 40.02)), "strong"),
    ),
    points=(
        Point_(29.10, 41.20, "Bosporus", "mark", "none", "ne"), Point_(26.35, 40.12, "Dardanelles", "mark", "none", "se"),
        Point_(28.98, 41.01, "Istanbul", side="nw"), Point_(26.41, 40.15, "Çanakkale", side="nw", minor=True), Point_(28.65, 44.17, "Constanța"),
        Point_(27.91, 43.21, "Varna", minor=True), Point_(30.73, 46.48, "Odesa"), Point_(33.52, 44.60, "Sevastopol", side="sw"),
        Point_(37.77, 44.72, "Novorossiysk", side="sw"), Point_(41.64, 41.64, "Batumi", minor=True, side="w"),
    ),
    labels=(
        Label("BLACK SEA", 34.4, 43.3), Label("Sea of Azov", 36.6, 46.1, "water", narrow="", reach=(60, 42)), Label("Sea of Marmara", 28.1, 40.68, "water", narrow="", reach=(60, 28)),
        Label("Aegean Sea", 24.6, 39.4, "water", narrow=""),
        Label("The Straits\n(1936 convention)", 30.3, 40.2, "note", narrow="", reach=(160, 56)),
        Label("Crimea: annexed by Russia in 2014; recognised as part of Ukraine by General Assembly resolution 68/262", 36.2, 43.95, "note", 330, narrow="", reach=(220, 98), ground=""),
        Label("Abkhazia", 41.0, 42.75, "quiet", narrow=""),
    ),
)

ALAND = Map(
    "aland-demilitarised",
    "Åland and the zone of 1921",
    "Map of the northern Baltic. Åland, a part of Finland, lies between Stockholm and Turku. A dashed outline shows, simplified, the "
    "zone that the convention of 1921 demilitarised and neutralised." + NOTE,
    (16.5, 58.4, 25.6, 61.4),
    names={"Sweden": "Sweden", "Finland": "Finland", "Estonia": "Estonia"},
    focus=frozenset({"Sweden", "Finland", "Estonia"}), bright=frozenset({"Åland"}),
    areas=(Area("zone", places=((19.24, 60.68), (21.00, 60.68), (21.14, 60.55), (21.02, 60.18), (21.19, 60.02), (21.33, 59.85), (20.77, 59.45), (20.16, 59.45), (19.67, 59.80), (19.09, 60.20), (19.14, 60.31))),),
    points=(
        Point_(19.94, 60.10, "Mariehamn", side="s"), Point_(20.24, 60.21, "Bomarsund", minor=True), Point_(18.07, 59.33, "Stockholm"), Point_(22.27, 60.45, "Turku"),
        Point_(24.94, 60.17, "Helsinki", side="n"), Point_(24.75, 59.44, "Tallinn", side="s"), Point_(19.13, 60.30, "Märket", "area", "square", "w", minor=True),
    ),
    labels=(
        Label("Åland\n(Finland)", 20.1, 60.45, "mark", reach=(100, 70)), Label("BALTIC SEA", 20.2, 58.75), Label("Gulf of Bothnia", 19.3, 61.15, "water", narrow=""),
        Label("Sea of Åland", 18.95, 59.95, "water", narrow="", reach=(80, 84)), Label("Archipelago Sea", 21.9, 59.85, "water", narrow="", reach=(120, 70)), Label("Gulf of Finland", 24.0, 59.75, "water", narrow=""),
        Label("Demilitarised and neutralised zone (1921), simplified", 21.6, 59.25, "note", 300, narrow=""),
    ),
)

TEN = {"Germany": "Germany", "Austria": "Austria", "Slovakia": "Slovakia", "Hungary": "Hungary", "Croatia": "Croatia", "Serbia": "Serbia", "Romania": "Romania", "Bulgaria": "Bulgaria", "Moldova": "Moldova", "Ukraine": "Ukraine"}
DANUBE = Map(
    "danube-commission",
    "The Danube and its ten states",
    "Map of the Danube from southern Germany to the Black Sea, with the ten states on its banks shaded and Budapest, seat of the "
    "Danube Commission since 1954, marked." + NOTE,
    (7.5, 42.2, 31.2, 50.6),
    names=TEN, minor_names=frozenset({"Moldova", "Croatia", "Bulgaria", "Slovakia", "Austria"}), focus=frozenset(TEN),
    areas=(Area("hatched", "Crimea"),),
    rivers={"Danube": "strong", "Donau": "strong"}, reach=(11.87, 43.0, 29.0, 49.5),
    strokes=(Stroke(((28.70, 45.25), (28.80, 45.32), (29.0, 45.23), (29.3, 45.19), (29.66, 45.16)), "strong"),),
    points=(
        Point_(19.04, 47.50, "Budapest", "mark", "key", "e"), Point_(11.87, 48.92, "Kelheim", side="n"), Point_(16.37, 48.21, "Vienna", side="nw"), Point_(17.11, 48.15, "Bratislava", minor=True, side="ne"),
        Point_(20.46, 44.82, "Belgrade", side="nw"), Point_(22.53, 44.67, "Iron Gates", "town", "square", "n", minor=True), Point_(28.05, 45.44, "Galați", minor=True, side="w"), Point_(28.20, 45.47, "Giurgiulești", minor=True, side="n"),
        Point_(28.84, 45.35, "Izmail", minor=True, side="ne"), Point_(29.66, 45.16, "Sulina", side="e"),
    ),
    labels=(
        Label("BLACK SEA", 30.6, 43.6, "sea", reach=(60, 110)), Label("Adriatic Sea", 15.0, 43.0, "water", narrow="", angle=36), Label("seat of the Commission since 1954", 20.3, 47.2, "note", 230, narrow="", reach=(120, 56)),
        Label("Danube", 24.5, 43.35, "mark", narrow="Danube", reach=(120, 40)),
    ),
)

CASPIAN = Map(
    "caspian-convention",
    "The Caspian and its unfinished lines",
    "Map of the Caspian Sea and its five coastal states. Schematic lines show the limit that the Soviet Union claimed between Astara and "
    "Esenguly, not accepted by Iran, the proposed pipeline from Türkmenbaşy to Baku, and the meeting point that Azerbaijan, Kazakhstan and "
    "Russia agreed in 2003. The southern seabed, hatched, is not divided among all three southern states." + NOTE,
    (44.5, 35.6, 57.5, 48.0), height=1200, scale="50m",
    names={"Russia": "Russia", "Kazakhstan": "Kazakhstan", "Turkmenistan": "Turkmenistan", "Iran": "Iran", "Azerbaijan": "Azerbaijan"},
    focus=frozenset({"Russia", "Kazakhstan", "Turkmenistan", "Iran", "Azerbaijan"}),
    areas=(Area("lines", places=((48.3, 40.2), (54.6, 40.2), (54.6, 36.2), (48.3, 36.2)), on="water"),),
    strokes=(
        Stroke(((48.87, 38.43), (53.80, 37.45)), "alert-line", curved=False),
        Stroke(((52.97, 40.02), (49.87, 40.41)), "dotted", curved=False),
    ),
    points=(
        Point_(49.89, 42.56, "Meeting point agreed by\nAzerbaijan, Kazakhstan\nand Russia, 2003", "note", "key", "ne", short=""),
        Point_(48.04, 46.35, "Astrakhan"), Point_(47.50, 42.98, "Makhachkala", side="w"), Point_(49.87, 40.41, "Baku", side="w"), Point_(51.92, 47.11, "Atyrau"), Point_(51.17, 43.65, "Aktau", side="e"),
        Point_(52.97, 40.02, "Türkmenbaşy", side="e"), Point_(49.46, 37.47, "Bandar-e Anzali", side="sw", minor=True), Point_(48.87, 38.43, "Astara", side="w", minor=True), Point_(53.80, 37.45, "Esenguly", side="e", minor=True),
    ),
    labels=(
        Label("CASPIAN SEA", 51.0, 41.75, "sea", reach=(80, 56)),
        Label("Line the Soviet Union treated as its limit; not accepted by Iran", 51.6, 38.6, "alert", 270, narrow="", reach=(100, 84)),
        Label("Proposed Trans-Caspian pipeline", 51.3, 40.6, "note", 260, narrow="", reach=(100, 84)),
        Label("Seabed not divided among all three southern states", 51.3, 37.2, "quiet", 290, narrow="", reach=(100, 70)),
    ),
)

FERGANA = Map(
    "fergana-border-treaty",
    "The Ferghana Valley and its borders",
    "Map of the Ferghana Valley, shared by Uzbekistan, Kyrgyzstan and Tajikistan, with towns, the Syr Darya and Kara Darya, the Andijan "
    "(Kempir-Abad) reservoir and the enclaves of Vorukh, Sokh and Shohimardon. Boundaries are simplified and may not show the latest exchanges.",
    (68.8, 39.3, 74.2, 42.0),
    names={"Uzbekistan": "Uzbekistan", "Kyrgyzstan": "Kyrgyzstan", "Tajikistan": "Tajikistan", "Kazakhstan": "Kazakhstan"}, minor_names=frozenset({"Kazakhstan"}),
    focus=frozenset({"Kyrgyzstan"}), deep=frozenset({"Uzbekistan"}),
    rivers={"Syr Darya": "river", "Naryn": "river", "Kara Darya": "river"},
    strokes=(Stroke(((73.12, 40.78), (72.75, 40.86), (72.3, 40.92), (71.9, 40.98), (71.75, 40.93)), "river", "Kara Darya", at=0.6),),
    points=(
        Point_(70.57, 39.87, "Vorukh\n(Tajikistan)", "mark", "key", "sw", short="Vorukh"), Point_(71.13, 39.96, "Sokh\n(Uzbekistan)", "mark", "key", "s", short="Sokh"), Point_(71.80, 39.98, "Shohimardon\n(Uzbekistan)", "mark", "key", "se", short=""),
        Point_(69.24, 41.31, "Tashkent", side="e"), Point_(69.62, 40.28, "Khujand", side="w"), Point_(70.63, 40.13, "Isfara", minor=True, side="w"), Point_(70.82, 40.06, "Batken", minor=True, side="e"),
        Point_(71.78, 40.39, "Fergana", side="s"), Point_(71.67, 41.00, "Namangan", side="n"), Point_(72.34, 40.78, "Andijan", side="n"), Point_(72.80, 40.53, "Osh", side="e"), Point_(73.00, 40.93, "Jalal-Abad", side="ne"),
        Point_(73.12, 40.78, "Andijan (Kempir-Abad)\nreservoir", "water", "square", "e", minor=True),
    ),
    labels=(
        Label("Ferghana Valley", 71.3, 40.65, "head", reach=(120, 56)), Label("Syr Darya", 69.0, 40.6, "water", narrow="", reach=(120, 84)),
        Label("Boundaries simplified; they may not show the latest exchanges", 73.4, 39.55, "quiet", 330, narrow="", reach=(100, 56)),
    ),
)

CAMP_DAVID = Map(
    "camp-david-1978",
    "Sinai after Camp David",
    "Map of Sinai, tinted, with the Suez Canal, the Strait of Tiran and a schematic dashed line from El Arish to Ras Muhammad, to which "
    "Israel withdrew by January 1980; it left the rest of Sinai by April 1982. The West Bank and the Gaza Strip, occupied in 1967, have dashed outlines." + NOTE,
    (31.0, 27.3, 36.6, 32.2), height=1150,
    names={"Egypt": "Egypt", "Israel": "Israel", "Jordan": "Jordan", "Saudi Arabia": "Saudi Arabia"},
    focus=frozenset({"Egypt"}),
    areas=(
        Area("tint", places=((32.31, 31.6), (35.2, 31.6), (35.2, 29.0), (34.8, 28.2), (34.45, 27.5), (34.0, 27.5), (33.35, 28.3), (32.95, 28.85), (32.75, 29.4), (32.56, 29.93), (32.38, 30.33), (32.30, 30.60), (32.31, 31.26)), on="focus"),
        Area("hatched", "West Bank"), Area("hatched", "Gaza"), Area("hatched", "Golan Heights"),
    ),
    strokes=(
        Stroke(SUEZ_CANAL, "strong"),
        Stroke(((33.85, 31.12), (33.75, 30.40), (33.90, 29.50), (33.80, 28.60), (34.22, 27.76)), "alert-line"),
    ),
    points=(
        Point_(34.47, 28.00, "Strait of Tiran", "mark", "key", "e"),
        Point_(32.30, 31.26, "Port Said", side="n"), Point_(32.27, 30.60, "Ismailia", side="w"), Point_(32.55, 29.97, "Suez", side="w"), Point_(33.80, 31.13, "El Arish", side="n"), Point_(34.25, 31.28, "Rafah", minor=True, side="se"),
        Point_(34.89, 29.49, "Taba", minor=True, side="w"), Point_(34.95, 29.56, "Eilat", side="ne"), Point_(34.33, 27.91, "Sharm el-Sheikh", side="w"), Point_(34.25, 27.73, "Ras Muhammad", minor=True, side="s"),
    ),
    labels=(
        Label("Sinai", 34.25, 29.9, "mark", reach=(40, 84)), Label("Suez Canal", 32.0, 30.9, "second", narrow="", reach=(120, 84)), Label("MEDITERRANEAN SEA", 32.2, 31.85), Label("Gulf of Suez", 33.05, 28.95, "water", narrow="", angle=52, reach=(100, 70)),
        Label("Gulf of Aqaba", 34.72, 28.85, "water", narrow="", angle=-72, reach=(60, 84)), Label("Red Sea", 34.9, 27.5, "water", reach=(240, 70)), Label("West Bank", 35.3, 31.95, "area", narrow=""), Label("Gaza Strip", 34.1, 31.55, "area", narrow=""),
        Label("Israeli withdrawal to this line by January 1980; from the rest of Sinai by April 1982 (simplified)", 33.2, 30.5, "alert", 230, narrow="", reach=(60, 42)),
    ),
)

SUEZ = Map(
    "suez-shut-eight-years",
    "The Red Sea with its two gates",
    "Map of the Red Sea from the Suez Canal to Bab el-Mandeb, with an inset of the canal and the Great Bitter Lake, where fourteen ships were held "
    "from 1967 to 1975, and the Sumed pipeline, opened in 1977. The Halaib triangle, claimed by Egypt and Sudan, is outlined with dashes, "
    "as are the West Bank and Gaza." + NOTE,
    (28.8, 11.2, 46.5, 32.2), height=1150, scale="50m",
    names={"Egypt": "Egypt", "Israel": "Israel", "Jordan": "Jordan", "Saudi Arabia": "Saudi Arabia", "Sudan": "Sudan", "Eritrea": "Eritrea", "Ethiopia": "Ethiopia", "Yemen": "Yemen", "Djibouti": "Djibouti", "Somalia": "Somalia"},
    minor_names=frozenset({"Israel", "Jordan", "Djibouti", "Somalia", "Eritrea"}), focus=frozenset({"Egypt"}),
    rivers={"Nile": "river", "El Bahr el Abyad": "river", "El Bahr el Azraq": "river"},
    areas=(Area("hatched", places=((34.1, 22.0), (36.88, 22.0), (36.4, 22.5), (35.6, 23.1), (35.3, 22.9), (34.7, 22.3))), Area("open", "West Bank"), Area("open", "Gaza")),
    strokes=(Stroke(SUEZ_CANAL, "strong"), Stroke(((32.35, 29.60), (31.2, 29.75), (29.65, 31.05)), "fine", curved=False)),
    points=(
        Point_(43.33, 12.58, "Bab el-Mandeb", "mark", "key", "w"), Point_(32.40, 30.5, "Suez Canal", "mark", "none", "e"),
        Point_(35.00, 29.53, "Aqaba", minor=True, side="e"), Point_(39.17, 21.54, "Jeddah"), Point_(37.22, 19.62, "Port Sudan", side="w"), Point_(45.03, 12.79, "Aden", side="ne"),
    ),
    labels=(
        Label("RED SEA", 38.0, 20.6, "sea", angle=57, reach=(120, 140)), Label("Gulf of Aden", 46.2, 12.0, "water", narrow=""), Label("Mediterranean Sea", 29.5, 31.9, "water", reach=(300, 56)),
        Label("Sumed pipeline (planned during the closure, opened 1977)", 29.3, 29.6, "note", 270, narrow="", reach=(140, 98)), Label("Halaib triangle, claimed by Egypt and Sudan", 33.5, 22.7, "quiet", 240, narrow="", reach=(160, 98)),
    ),
    inset=Inset(
        Map(
            "", "", "", (31.75, 29.7, 32.95, 31.5), names={}, rivers={}, focus=frozenset({"Egypt"}),
            strokes=(Stroke(SUEZ_CANAL, "strong"),),
            points=(Point_(32.38, 30.33, "Great Bitter Lake", "mark", "key", "ne"), Point_(32.30, 31.26, "Port Said", side="se"), Point_(32.55, 29.97, "Suez", side="w")),
            labels=(Label("fourteen ships held, 1967–75", 32.65, 30.2, "note", 190, narrow="", reach=(60, 70)),),
        ),
        40, 330, 430, 780,
    ),
)

JORDAN = Map(
    "jordan-israel-water-annex",
    "Jordan, Yarmouk and what was built on them",
    "Map of the Jordan and the Yarmouk between the Sea of Galilee and the Dead Sea, with the King Abdullah Canal and Israel's National Water "
    "Carrier drawn schematically. The West Bank, occupied by Israel since 1967, has a dashed outline; the Golan Heights, occupied by Israel "
    "since 1967 and claimed by Syria, are hatched." + NOTE,
    (34.2, 31.0, 36.9, 33.6), height=1200,
    names={"Israel": "Israel", "Jordan": "Jordan", "Syria": "Syria", "Lebanon": "Lebanon"}, focus=frozenset({"Israel", "Jordan"}),
    areas=(Area("hatched", "West Bank"), Area("hatched", "Golan Heights"), Area("hatched", "Gaza")),
    rivers={"Jordan": "stream"},
    strokes=(
        Stroke(((35.575, 32.71), (35.56, 32.60), (35.55, 32.42), (35.57, 32.25), (35.53, 32.05), (35.55, 31.90), (35.55, 31.78)), "unseen", "Jordan", "mark", at=0.6, minor=False),
        Stroke(((36.20, 32.65), (36.02, 32.66), (35.90, 32.70), (35.78, 32.73), (35.66, 32.68), (35.57, 32.64)), "stream", "Yarmouk", "mark", at=0.35, minor=False),
        Stroke(((35.62, 32.68), (35.60, 32.55), (35.61, 32.30), (35.62, 32.10), (35.60, 31.90)), "fine"),
        Stroke(((35.52, 32.87), (35.35, 32.75), (35.10, 32.50), (34.95, 32.10)), "broken"),
    ),
    points=(
        Point_(35.57, 32.71, "Degania", minor=True, side="w"), Point_(35.62, 32.67, "Adassiya", minor=True, side="se"), Point_(35.57, 32.64, "Naharayim / Baqura", minor=True, side="sw"),
        Point_(35.93, 31.95, "Amman"), Point_(35.53, 32.79, "Tiberias", side="w"), Point_(35.22, 31.78, "Jerusalem", side="s"),
    ),
    labels=(
        Label("Sea of Galilee\n(Lake Tiberias)", 35.85, 32.84, "water", narrow="Sea of\nGalilee", reach=(160, 56)), Label("Dead\nSea", 35.48, 31.45, "water", reach=(60, 140)), Label("MEDITERRANEAN\nSEA", 34.45, 32.8, "sea", narrow="MEDITERR.\nSEA"),
        Label("King Abdullah Canal", 36.0, 32.3, "note", 200, narrow="", reach=(120, 84)), Label("National Water Carrier", 34.85, 32.55, "note", 180, narrow="", reach=(100, 84)),
        Label("West Bank\noccupied by Israel since 1967", 35.2, 32.2, "area", 150, narrow="West Bank", reach=(60, 84)),
        Label("Golan Heights: occupied by Israel since 1967, claimed by Syria; Israel’s law of 1981 held void by Security Council resolution 497", 36.3, 33.1, "quiet", 330, narrow="Golan Heights", reach=(140, 84)),
    ),
)

NILE = Map(
    "nile-filling-a-dam",
    "The Nile and its dams",
    "Map of the Nile from Lake Victoria to the Mediterranean, with the Blue Nile highlighted and the Grand Ethiopian Renaissance Dam "
    "near Ethiopia's border with Sudan. The Halaib triangle, claimed by Egypt and Sudan, and Abyei, claimed by Sudan and South Sudan, have dashed outlines." + NOTE,
    (22.0, -3.2, 43.0, 32.9), height=1400, scale="50m",
    names={"Egypt": "Egypt", "Sudan": "Sudan", "S. Sudan": "South Sudan", "Ethiopia": "Ethiopia", "Eritrea": "Eritrea", "Uganda": "Uganda", "Kenya": "Kenya", "Tanzania": "Tanzania", "Rwanda": "Rwanda", "Burundi": "Burundi", "Dem. Rep. Congo": "DR Congo"},
    minor_names=frozenset({"Eritrea", "Rwanda", "Burundi", "Tanzania"}),
    focus=frozenset({"Egypt", "Sudan", "S. Sudan", "Ethiopia", "Eritrea", "Uganda", "Kenya", "Tanzania", "Rwanda", "Burundi", "Dem. Rep. Congo"}),
    rivers={"Nile": "stream-quiet", "El Bahr el Abyad": "stream-quiet", "Albert Nile": "stream-quiet", "Victoria Nile": "stream-quiet", "El Bahr el Azraq": "strong", "Abay": "strong", "Atbara": "river", "Sobat": "river", "Tekeze": "river", "Setit": "river", "Bahr el Jebel": "stream-quiet", "Bahr al Jabal": "stream-quiet"},
    areas=(Area("open", places=((34.1, 22.0), (36.88, 22.0), (36.4, 22.5), (35.6, 23.1), (35.3, 22.9), (34.7, 22.3))), Area("hatched", "Abyei")),
    points=(
        Point_(35.09, 11.21, "Grand Ethiopian\nRenaissance Dam", "mark", "key", "sw", short="Renaissance Dam"), Point_(32.88, 23.97, "Aswan High Dam", "town", "square", "w"), Point_(34.39, 11.80, "Roseires Dam", "town", "square", "w", minor=True),
        Point_(32.05, 18.67, "Merowe Dam", "town", "square", "w", minor=True), Point_(31.24, 30.04, "Cairo"), Point_(32.53, 15.60, "Khartoum", side="w"), Point_(38.74, 9.02, "Addis Ababa", side="se"), Point_(32.46, 0.05, "Entebbe", side="w", minor=True),
    ),
    labels=(
        Label("MEDITERRANEAN SEA", 29.0, 33.0, "sea", narrow="", reach=(300, 84)), Label("RED SEA", 38.2, 20.4, "sea", angle=58, reach=(120, 120)), Label("Blue Nile", 35.2, 13.3, "mark", reach=(120, 70)), Label("White Nile", 31.2, 13.2, "water", reach=(60, 100)),
        Label("Nile", 31.6, 26.3, "water", reach=(80, 84)), Label("Atbara", 35.9, 16.0, "water", narrow="", reach=(60, 56)), Label("Sobat", 32.7, 8.4, "water", narrow="", reach=(60, 42)),
        Label("Lake Victoria", 33.0, -1.2, "water", reach=(40, 56)), Label("Lake Tana", 37.6, 12.7, "water", narrow="", reach=(80, 56)), Label("Lake Nasser", 31.2, 22.6, "water", narrow="", reach=(100, 56)),
        Label("Halaib triangle, claimed by Egypt and Sudan", 37.9, 23.6, "quiet", 250, narrow="", reach=(200, 84)), Label("Abyei, claimed by Sudan and South Sudan", 27.2, 10.9, "quiet", 250, narrow="", reach=(140, 84)),
    ),
)

ERITREA = Map(
    "eritrea-ethiopia-boundary-commission",
    "The boundary the Commission drew",
    "Map of the boundary between Eritrea and Ethiopia in three sectors, with Badme in the west, which the Boundary Commission placed in Eritrea "
    "in 2002 and 2003 and which Ethiopia then held." + NOTE,
    (35.8, 11.6, 43.8, 17.6), height=1000,
    names={"Eritrea": "Eritrea", "Ethiopia": "Ethiopia", "Sudan": "Sudan", "Djibouti": "Djibouti", "Yemen": "Yemen"}, minor_names=frozenset({"Djibouti"}),
    focus=frozenset({"Eritrea", "Ethiopia"}), deep=frozenset({"Eritrea"}),
    rivers={"Setit": "river", "Tekeze": "river"}, borders=((frozenset({"Eritrea", "Ethiopia"}), None, "strong"),),
    points=(
        Point_(37.80, 14.73, "Badme", "mark", "key", "nw"), Point_(38.93, 15.34, "Asmara", side="n"), Point_(39.45, 15.61, "Massawa", side="e"), Point_(42.74, 13.01, "Assab", side="ne"), Point_(39.47, 13.50, "Mekelle", side="s"),
        Point_(39.46, 14.28, "Adigrat", minor=True, side="s"), Point_(39.39, 14.53, "Zalambessa", minor=True, side="e"), Point_(39.19, 14.62, "Tsorona", minor=True, side="nw"), Point_(42.28, 12.63, "Bure", minor=True, side="w"),
    ),
    labels=(
        Label("RED SEA", 41.0, 16.2), Label("Mereb", 38.35, 14.75, "water", narrow="", reach=(80, 56)), Label("Setit (Tekeze)", 37.1, 14.05, "water", narrow="", reach=(100, 42)),
        Label("Western sector", 37.0, 14.55, "head", narrow="West", reach=(120, 56)), Label("Central sector", 39.9, 14.85, "head", narrow="Centre", reach=(140, 84)), Label("Eastern sector: a line 60 km inland from the coast (treaty of 1908)", 41.0, 13.35, "head", 320, narrow="East", reach=(160, 84)),
        Label("placed in Eritrea by the Boundary Commission (2002–03); held by Ethiopia at the time", 36.9, 15.35, "note", 300, narrow="", reach=(120, 70)),
    ),
)

BAKASSI = Map(
    "bakassi-handover",
    "Bakassi, between Nigeria and Cameroon",
    "Map of the Bakassi peninsula, tinted, at the landward end of the Gulf of Guinea. The land boundary reaches the sea at the Akwayafe. The International "
    "Court of Justice held in 2002 that Bakassi belongs to Cameroon; it was transferred in 2006 to 2008. An inset shows the whole boundary up to Lake Chad." + NOTE,
    (7.4, 3.4, 10.6, 6.4), height=1000,
    names={"Nigeria": "Nigeria", "Cameroon": "Cameroon", "Eq. Guinea": "Equatorial\nGuinea"}, focus=frozenset({"Nigeria", "Cameroon"}),
    minor_names=frozenset({"Eq. Guinea"}),
    rivers={"Cross": "river"},
    borders=((frozenset({"Cameroon", "Nigeria"}), None, "strong"),),
    areas=(Area("tint", places=((8.50, 4.80), (8.50, 4.40), (8.72, 4.40), (8.78, 4.62), (8.74, 4.75), (8.66, 4.83), (8.58, 4.88)), on="focus"),),
    strokes=(
        Stroke(((8.1, 6.1), (8.06, 5.9), (8.0, 5.72), (8.12, 5.45), (8.25, 5.2), (8.33, 4.95), (8.3, 4.7)), "river", "Cross River", at=0.35),
    ),
    points=(
        Point_(8.62, 4.65, "Bakassi", "mark", "none", "se"), Point_(8.32, 4.96, "Calabar", side="w"), Point_(9.21, 4.02, "Limbe", side="s"), Point_(9.24, 4.15, "Buea", minor=True, side="n"), Point_(9.70, 4.05, "Douala"), Point_(8.78, 3.75, "Malabo", side="n"),
    ),
    labels=(
        Label("GULF OF GUINEA\n(Bight of Biafra)", 7.9, 3.85, "sea", narrow="GULF OF\nGUINEA"),
        Label("Akwayafe\n(Akpa Yafe)", 8.75, 5.15, "water", narrow="", reach=(120, 84)),
        Label("Held by the International Court of Justice in 2002 to be Cameroon’s; transferred in 2006–08", 9.6, 4.75, "note", 300, narrow="", reach=(160, 84)),
    ),
    inset=Inset(Map("", "", "", (8.0, 2.0, 16.5, 14.0), scale="50m", names={"Nigeria": "Nigeria", "Cameroon": "Cameroon"}, focus=frozenset({"Nigeria", "Cameroon"}), borders=((frozenset({"Cameroon", "Nigeria"}), None, "strong"),), points=(Point_(14.0, 13.0, "Lake Chad", "water", "none", "w"), Point_(8.62, 4.65, "", mark="key"))), 40, 40, 390, 470),
)

INDUS_COURSE = ((80.3, 32.5), (78.9, 33.3), (77.55, 34.15), (76.2, 34.75), (75.6, 35.3), (74.65, 35.75), (74.0, 35.45), (72.9, 35.0), (72.70, 34.09), (72.25, 33.9), (71.5, 32.6), (70.95, 31.8), (70.85, 30.0), (70.37, 28.95), (68.87, 27.70), (68.0, 26.4), (68.33, 25.39), (67.6, 24.1))
INDUS = Map(
    "indus-waters-treaty",
    "Six rivers, divided three and three",
    "Map of the six rivers of the Indus basin. The western rivers, Indus, Jhelum and Chenab, which the treaty of 1960 gives to Pakistan, are drawn in one "
    "colour; the eastern rivers, Ravi, Beas and Sutlej, given to India, in another. The Line of Control in Kashmir and "
    "the edge of Aksai Chin are dashed: Kashmir is claimed by India and by Pakistan in whole or part, Aksai Chin is held by China and claimed by India.",
    (66.0, 23.0, 82.0, 37.0), height=1200, scale="50m",
    names={"Pakistan": "Pakistan", "India": "India", "Afghanistan": "Afghanistan", "China": "China"}, focus=frozenset({"Pakistan", "India"}),
    areas=(Area("hatched", "Aksai Chin"),),
    rivers={"Indus": "stream", "Jhelum": "stream", "Chenab": "stream", "Ravi": "second-line", "Beas": "second-line", "Sutlej": "second-line"},
    strokes=(
        Stroke(INDUS_COURSE, "unseen", "Indus", "mark", at=0.72, minor=False),
        Stroke(((75.2, 33.55), (74.80, 34.08), (74.35, 34.37), (74.10, 34.10), (73.47, 34.37), (73.65, 33.15), (73.4, 32.6), (72.4, 32.3), (72.15, 31.15)), "unseen", "Jhelum", "mark", at=0.78, minor=False),
        Stroke(((77.0, 32.6), (76.3, 33.0), (75.75, 33.3), (75.3, 33.15), (74.75, 32.9), (74.45, 32.65), (73.7, 32.3), (73.1, 31.9), (72.15, 31.15), (71.8, 30.6), (71.05, 29.35), (70.37, 28.95)), "unseen", "Chenab", "mark", at=0.55, minor=False),
        Stroke(((76.6, 32.5), (75.60, 32.37), (74.8, 31.9), (74.3, 31.6), (73.2, 30.9), (71.8, 30.6)), "unseen", "Ravi", "second", at=0.75, minor=False),
        Stroke(((77.2, 32.35), (76.9, 31.8), (76.0, 31.95), (75.5, 31.7), (74.95, 31.14)), "unseen", "Beas", "second", at=0.3, minor=False),
        Stroke(((79.8, 31.4), (78.7, 31.7), (77.6, 31.45), (76.43, 31.41), (76.0, 31.0), (74.95, 31.14), (74.55, 30.93), (73.5, 30.3), (71.7, 29.4), (71.05, 29.35)), "unseen", "Sutlej", "second", at=0.75, minor=False),
    ),
    points=(
        Point_(73.06, 33.69, "Islamabad", side="w"), Point_(74.34, 31.55, "Lahore", minor=True, side="se"), Point_(67.01, 24.86, "Karachi", side="w"), Point_(68.37, 25.39, "Hyderabad", minor=True, side="e"), Point_(74.80, 34.08, "Srinagar", minor=True, side="e"),
        Point_(74.87, 31.63, "Amritsar", minor=True, side="e"), Point_(77.21, 28.61, "Delhi"),
        Point_(73.65, 33.15, "Mangla", "area", "square", "e", minor=True), Point_(72.70, 34.09, "Tarbela", "area", "square", "w", minor=True), Point_(76.43, 31.41, "Bhakra", "area", "square", "se", minor=True), Point_(75.33, 33.16, "Baglihar", "area", "square", "ne", minor=True), Point_(74.75, 34.65, "Kishanganga", "area", "square", "n", minor=True),
    ),
    labels=(
        Label("Western rivers:\nto Pakistan", 68.2, 32.2, "mark", narrow="to Pakistan", reach=(160, 84)), Label("Eastern rivers:\nto India", 77.5, 30.0, "second", narrow="to India", reach=(160, 84)),
        Label("ARABIAN SEA", 66.3, 23.4, "sea", reach=(160, 84)), Label("Aksai Chin", 79.2, 35.4, "area", narrow="", reach=(80, 56)),
        Label("Line of Control", 75.6, 35.05, "quiet", narrow="", reach=(140, 56)),
    ),
)

SIMLA = Map(
    "simla-line-of-control",
    "The Line of Control of 1972",
    "Map of Kashmir with the Line of Control of 1972 from the Chenab valley to the point NJ9842 and, dotted, the actual ground position line "
    "on the Siachen Glacier. Gilgit-Baltistan and Azad Kashmir are under Pakistan's control, the Kashmir Valley, Jammu and Ladakh under "
    "India's, Aksai Chin under China's. Pakistan and India each claim what the other holds. The ground position line is schematic.",
    (72.0, 30.8, 80.5, 37.2), height=1050,
    names={"Pakistan": "Pakistan", "India": "India", "China": "China", "Afghanistan": "Afghanistan"}, minor_names=frozenset({"Afghanistan"}), focus=frozenset({"Pakistan", "India"}),
    areas=(Area("open", "Aksai Chin"), Area("hatched", "Shaksam Valley")),
    borders=((frozenset({"India", "Pakistan"}), (73.0, 32.6, 77.5, 35.4), "alert-line"),),
    strokes=(
        Stroke(((77.01, 35.01), (76.85, 35.55)), "alert-dots", curved=False),
    ),
    points=(
        Point_(77.01, 35.01, "NJ9842, end of\nthe agreed line", "alert", "key", "e", short="NJ9842"),
        Point_(77.17, 31.10, "Simla (today Shimla)", "town", "dot", "e", short="Simla"), Point_(74.80, 34.08, "Srinagar"), Point_(74.87, 32.73, "Jammu", side="e"), Point_(77.58, 34.16, "Leh"), Point_(76.13, 34.56, "Kargil", minor=True, side="s"),
        Point_(73.47, 34.37, "Muzaffarabad", minor=True, side="w"), Point_(75.63, 35.30, "Skardu", side="n"), Point_(74.31, 35.92, "Gilgit", side="n"), Point_(74.03, 34.09, "Uri", minor=True, side="e"), Point_(74.10, 33.77, "Poonch", minor=True, side="e"),
    ),
    labels=(
        Label("Line of Control, 1972", 75.2, 34.8, "alert", narrow="Line of Control", reach=(200, 70)), Label("Actual ground position\nline (Siachen)", 77.6, 35.55, "alert", narrow="", reach=(80, 84)),
        Label("Gilgit-Baltistan", 74.9, 35.7, "area", reach=(160, 70), narrow=""), Label("Azad Kashmir", 73.6, 33.6, "area", narrow="", reach=(80, 84)), Label("Kashmir Valley", 74.9, 33.75, "area", narrow="", reach=(120, 56)), Label("Ladakh", 77.3, 33.6, "area"),
        Label("Aksai Chin", 79.3, 35.3, "area", reach=(80, 56)), Label("Shaksgam valley", 76.6, 36.35, "area", narrow="", reach=(120, 56)), Label("Siachen Glacier", 78.0, 35.2, "area", narrow="", reach=(60, 42)),
    ),
)

LANE = ((95.5, 6.2), (97.5, 5.5), (99.8, 4.0), (101.0, 2.88), (102.0, 2.0), (103.4, 1.2), (103.75, 1.12), (104.3, 1.28), (105.0, 1.4))
MALACCA = Map(
    "malacca-patrols",
    "The Strait of Malacca",
    "Map of the Strait of Malacca between Sumatra and the Malay Peninsula, with the shipping lane as one thin line past One Fathom Bank and "
    "through the Phillip Channel to Singapore." + NOTE,
    (94.0, -0.5, 106.0, 8.5), height=1000,
    names={"Indonesia": "Indonesia", "Malaysia": "Malaysia", "Thailand": "Thailand"}, focus=frozenset({"Indonesia", "Malaysia", "Singapore", "Thailand"}),
    areas=(Area("band", places=((100.85, 3.0), (101.1, 2.75), (102.0, 1.8), (103.4, 1.08), (103.9, 1.06), (104.3, 1.2), (104.25, 1.33), (103.8, 1.23), (103.45, 1.32), (102.1, 2.12), (101.25, 2.9))),),
    strokes=(Stroke(LANE, "fine"),),
    points=(
        Point_(103.85, 1.29, "Singapore", "mark", "key", "ne"), Point_(101.40, 3.00, "Port Klang", minor=True, side="w"), Point_(100.33, 5.41, "Penang", side="w"), Point_(98.68, 3.78, "Belawan", side="s"), Point_(104.03, 1.08, "Batam", minor=True, side="se"),
        Point_(95.32, 5.89, "Sabang", side="w"), Point_(98.39, 7.88, "Phuket", side="w"), Point_(101.69, 3.14, "Kuala Lumpur", side="ne"), Point_(101.00, 2.88, "One Fathom Bank", "note", "square", "sw", minor=True), Point_(103.75, 1.08, "Phillip Channel", "note", "square", "s", minor=True),
    ),
    labels=(Label("ANDAMAN SEA", 95.6, 7.6), Label("STRAIT OF MALACCA", 99.4, 4.6, "sea", angle=38, narrow="MALACCA STRAIT", reach=(100, 84)), Label("SOUTH CHINA SEA", 105.2, 5.2, "sea", narrow="SOUTH\nCHINA SEA")),
)

SHANGHAI = Map(
    "shanghai-communique",
    "The week of February 1972",
    "Map of eastern China with the route of February 1972: Shanghai, Beijing, Hangzhou and back to Shanghai, where the communiqué was issued. Taiwan is "
    "shown without a line in the strait; Beijing claims Taiwan and does not govern it." + NOTE,
    (108.0, 20.0, 127.0, 43.0), height=1200, scale="50m",
    names={"China": "China", "Taiwan": "Taiwan", "South Korea": "South Korea", "North Korea": "North Korea"}, focus=frozenset({"China"}), minor_names=frozenset({"North Korea"}),
    strokes=(
        Stroke(((121.47, 31.23), (119.4, 35.6), (116.6, 39.6)), "route"),
        Stroke(((116.40, 39.90), (117.6, 35.0), (120.0, 30.5)), "route"),
        Stroke(((120.17, 30.25), (120.9, 30.6), (121.4, 31.1)), "route"),
    ),
    points=(
        Point_(116.40, 39.90, "Beijing\n21–26 February 1972", "mark", "key", "w", short="Beijing\n21–26 Feb 1972"), Point_(120.17, 30.25, "Hangzhou\n26–27 February", "mark", "key", "w", short="Hangzhou\n26–27 Feb"),
        Point_(121.47, 31.23, "Shanghai\n27–28 February, communiqué", "mark", "key", "e", short="Shanghai\n27–28 Feb"), Point_(121.56, 25.03, "Taipei", side="e"),
    ),
    labels=(Label("YELLOW SEA", 123.2, 35.6), Label("EAST CHINA SEA", 125.0, 28.6), Label("Taiwan Strait", 119.2, 24.1, "water", narrow="", angle=-52, reach=(60, 56))),
)

JAPAN = Map(
    "us-japan-treaty-article-six",
    "Bases under Article VI",
    "Map of Japan with the bases of United States forces at Misawa, Yokota, Yokosuka, Iwakuni, Sasebo, Kadena and Futenma, and an inset of Okinawa. Dashed rings mark "
    "disputed islands: Senkaku or Diaoyu, Takeshima or Dokdo, and the southern Kurils or Northern Territories." + NOTE,
    (122.0, 23.0, 149.0, 46.0), height=1200, scale="50m",
    names={"Japan": "Japan", "South Korea": "South Korea", "North Korea": "North Korea", "China": "China", "Russia": "Russia", "Taiwan": "Taiwan"}, minor_names=frozenset({"North Korea", "Taiwan"}),
    focus=frozenset({"Japan"}),
    points=(
        Point_(139.77, 35.68, "Tokyo", side="ne"), Point_(141.37, 40.70, "Misawa", "mark", "square", "e"), Point_(139.35, 35.75, "Yokota", "mark", "square", "w", minor=True), Point_(139.67, 35.29, "Yokosuka", "mark", "square", "se"),
        Point_(132.24, 34.14, "Iwakuni", "mark", "square", "n", minor=True), Point_(129.72, 33.16, "Sasebo", "mark", "square", "sw"), Point_(127.77, 26.36, "Okinawa", "mark", "square", "e"),
        Point_(123.47, 25.75, "Senkaku / Diaoyu: administered by\nJapan, claimed by China and Taiwan", "quiet", "ring", "nw", short="Senkaku / Diaoyu"),
        Point_(131.87, 37.24, "Takeshima / Dokdo: held by\nSouth Korea, claimed by Japan", "quiet", "ring", "ne", short="Takeshima / Dokdo"),
        Point_(146.5, 44.0, "Southern Kurils / Northern Territories:\nheld by Russia, claimed by Japan", "quiet", "ring", "se", short="Southern Kurils"),
    ),
    labels=(Label("SEA OF JAPAN", 135.4, 39.8), Label("EAST CHINA SEA", 125.0, 29.6, "sea", narrow="EAST\nCHINA SEA"), Label("PACIFIC OCEAN", 143.6, 31.0, "sea", narrow="PACIFIC")),
    inset=Inset(
        Map("", "", "", (127.4, 26.0, 128.45, 26.95), names={}, focus=frozenset({"Japan"}), points=(Point_(127.77, 26.36, "Kadena", "mark", "square", "w"), Point_(127.76, 26.27, "Futenma", "mark", "square", "e"), Point_(128.04, 26.52, "Henoko", "mark", "square", "e"), Point_(127.68, 26.21, "Naha", side="s")), labels=(Label("Okinawa", 128.15, 26.85, "head", reach=(100, 70)),)),
        1130, 740, 430, 420,
    ),
)

CANAL = ((-79.92, 9.40), (-79.92, 9.31), (-79.923, 9.272), (-79.90, 9.20), (-79.80, 9.17), (-79.71, 9.12), (-79.69, 9.11), (-79.64, 9.05), (-79.613, 9.017), (-79.592, 8.997), (-79.57, 8.95), (-79.52, 8.88))
ZONE = ((-79.847, 9.40), (-79.847, 9.27), (-79.83, 9.245), (-79.77, 9.235), (-79.66, 9.18), (-79.635, 9.16), (-79.58, 9.095), (-79.545, 9.05), (-79.50, 8.985), (-79.45, 8.91), (-79.59, 8.85), (-79.64, 8.92), (-79.665, 8.965), (-79.69, 9.01), (-79.745, 9.06), (-79.83, 9.105), (-79.945, 9.135), (-79.99, 9.23), (-79.995, 9.40))
PANAMA = Map(
    "panama-canal-treaties",
    "The canal and the former zone",
    "Map of the Panama Canal from the Caribbean Sea through Gatun Lake to the Gulf of Panama, with its locks, and a band, schematic, for the Canal Zone of 1904 to "
    "1979, five statute miles on each side of the canal. The cities of Colón and Panama City were not part of it." + NOTE,
    (-80.35, 8.75, -79.25, 9.50),
    names={}, focus=frozenset({"Panama"}),
    areas=(Area("zone", places=ZONE),), strokes=(Stroke(CANAL, "strong"),),
    points=(
        Point_(-79.90, 9.36, "Colón", side="ne"), Point_(-79.52, 8.98, "Panama City", side="e"), Point_(-79.566, 8.95, "Balboa", minor=True, side="w"), Point_(-79.70, 9.117, "Gamboa", side="ne", minor=True),
        Point_(-79.923, 9.272, "Gatun locks", "note", "square", "w", minor=True), Point_(-79.613, 9.017, "Pedro Miguel locks", "note", "square", "w", minor=True), Point_(-79.592, 8.997, "Miraflores locks", "note", "square", "w", minor=True),
    ),
    labels=(Label("CARIBBEAN SEA", -80.3, 9.43, "sea", narrow="CARIBBEAN", reach=(260, 84)), Label("GULF OF PANAMA\n(Pacific Ocean)", -79.25, 8.83, "sea", narrow="PACIFIC", reach=(260, 112)), Label("Panama", -79.38, 9.36, "country"), Label("Gatun Lake", -79.88, 9.17, "water", reach=(120, 70)), Label("Canal Zone, 1904–1979", -79.45, 9.18, "mark", narrow="Canal Zone", reach=(160, 84))),
    inset=Inset(Map("", "", "", (-92.0, 5.0, -75.0, 18.0), scale="50m", names={}, deep=frozenset(), points=(Point_(-79.7, 9.1, "Panama", "mark", "key", "n"),), lakes=False, focus=frozenset({"Panama"}), smallest=5), 40, 560, 400, 300),
)

BEAGLE = Map(
    "beagle-channel-mediation",
    "The line of 1984",
    "Map of the eastern mouth of the Beagle Channel with the islands of Picton, Nueva and Lennox, and the maritime boundary of the treaty of 1984 "
    "from point A to point E and on towards the south. An inset shows southern South America." + NOTE,
    (-69.6, -56.6, -64.4, -54.3), height=1000,
    names={"Argentina": "Argentina", "Chile": "Chile"}, focus=frozenset({"Argentina", "Chile"}), deep=frozenset({"Chile"}),
    picked=((-66.95, -55.03), (-66.56, -55.24), (-66.90, -55.28)),
    strokes=(Stroke(((-66.417, -55.122), (-66.078, -55.183), (-65.727, -55.382), (-65.727, -56.380), (-67.267, -56.380), (-67.267, -56.72)), "route", curved=False),),
    points=(
        Point_(-66.95, -54.99, "Picton", "mark", "none", "n"), Point_(-66.56, -55.27, "Nueva", "mark", "none", "se"), Point_(-66.90, -55.34, "Lennox", "mark", "none", "s"), Point_(-67.28, -55.96, "Hornos (Cape Horn)", "town", "dot", "sw", short="Cape Horn"),
        Point_(-68.30, -54.80, "Ushuaia", side="n"), Point_(-67.61, -54.93, "Puerto Williams", side="sw", minor=True),
        Point_(-66.417, -55.122, "A", "note", "square", "n", minor=True), Point_(-66.078, -55.183, "B", "note", "square", "n", minor=True), Point_(-65.727, -55.382, "C", "note", "square", "e", minor=True), Point_(-65.727, -56.380, "D", "note", "square", "e", minor=True), Point_(-67.267, -56.380, "E", "note", "square", "w", minor=True),
    ),
    labels=(Label("Navarino", -67.75, -55.13, "area", narrow="", reach=(80, 56)), Label("Beagle Channel", -67.0, -54.88, "water", narrow="", reach=(160, 30)), Label("ATLANTIC OCEAN", -65.0, -55.2, "sea", narrow="ATLANTIC"), Label("DRAKE PASSAGE", -68.9, -56.35), Label("Maritime boundary, 1984", -66.5, -56.2, "mark", narrow="Boundary of 1984", reach=(120, 70))),
    inset=Inset(Map("", "", "", (-78.0, -58.0, -58.0, -45.0), scale="50m", names={"Argentina": "Argentina", "Chile": "Chile"}, minor_names=frozenset({"Argentina", "Chile"}), focus=frozenset({"Argentina", "Chile"}), deep=frozenset({"Chile"}), points=(Point_(-66.8, -55.2, "", mark="key"),), smallest=5, lakes=False), 1190, 40, 370, 330),
)

SVALBARD = Map(
    "svalbard-treaty",
    "The area of the 1920 treaty",
    "Map of Svalbard between Norway and the Arctic Ocean. An outline shows the area of the treaty of 1920: the islands between 10 and 35 degrees east and 74 and 81 "
    "degrees north. Norway regards the treaty as ending with the territorial sea; other parties, among them Russia and Iceland, dispute its rights beyond." + NOTE,
    (0.0, 69.0, 42.0, 82.0), height=1150, scale="50m",
    names={"Norway": "Norway", "Russia": "Russia"}, focus=frozenset({"Norway"}),
    areas=(Area("zone", places=tuple((10 + i, 74.0) for i in range(0, 26)) + tuple((35 - i, 81.0) for i in range(0, 26))),),
    points=(
        Point_(15.65, 78.22, "Longyearbyen", "mark", "key", "e"), Point_(14.22, 78.06, "Barentsburg", side="sw", minor=True), Point_(16.33, 78.65, "Pyramiden", minor=True), Point_(11.93, 78.92, "Ny-Ålesund", side="w", minor=True),
        Point_(19.05, 74.43, "Bear Island", side="n"), Point_(25.01, 76.51, "Hopen", side="e"), Point_(18.96, 69.65, "Tromsø", side="w"),
    ),
    labels=(Label("BARENTS SEA", 42.0, 73.6), Label("GREENLAND SEA", -3.0, 76.6, "sea", narrow="GREENLAND\nSEA"), Label("NORWEGIAN SEA", 4.0, 71.5, "sea", narrow="NORWEGIAN\nSEA"), Label("ARCTIC OCEAN", 30.0, 82.0, "sea", reach=(300, 84)), Label("Svalbard", 20.5, 79.2, "head", reach=(140, 84)), Label("Area of the 1920 treaty", 28.5, 75.0, "mark", narrow="Treaty area", reach=(160, 98))),
)

HORMUZ_LANE = Stroke(((56.8, 25.6), (56.75, 26.3), (56.5, 26.55), (56.0, 26.4), (55.5, 26.2)), "strong")
GULF_DISPUTED = (Point_(55.03, 25.87, "Abu Musa", "quiet", "ring", "sw", short="Abu Musa"), Point_(55.25, 26.25, "Greater and Lesser Tunb", "quiet", "ring", "w", short="Tunbs"))
HORMUZ = Map(
    "hormuz-tanker-war",
    "The tanker war, 1987–88",
    "Map of the Persian Gulf, called the Arabian Gulf by the Arab states, with three events of 1987 and 1988 and the traffic lane through the Strait of Hormuz; "
    "an inset shows the strait. Abu Musa and the Tunbs, held by Iran and claimed by the United Arab Emirates, have dashed rings." + NOTE,
    (47.3, 23.3, 60.0, 30.8), height=1000,
    names={"Iran": "Iran", "Iraq": "Iraq", "Kuwait": "Kuwait", "Saudi Arabia": "Saudi Arabia", "Bahrain": "Bahrain", "Qatar": "Qatar", "United Arab Emirates": "United Arab\nEmirates", "Oman": "Oman"},
    minor_names=frozenset({"Iraq", "Kuwait", "Bahrain", "Qatar"}), focus=frozenset({"Iran"}),
    strokes=(HORMUZ_LANE,),
    points=(
        Point_(49.83, 27.97, "24 July 1987: Bridgeton\nstrikes a mine", "note", "number", "w", number="1", short=""), Point_(52.30, 26.38, "14 April 1988: Samuel B.\nRoberts strikes a mine", "note", "number", "n", number="2", short=""), Point_(56.03, 26.67, "3 July 1988: Iran Air\n655 shot down", "note", "number", "n", number="3", short=""),
        Point_(56.28, 27.18, "Bandar Abbas", side="n"), Point_(50.31, 29.24, "Kharg Island", side="sw"), Point_(47.98, 29.37, "Kuwait City", side="s", minor=True), Point_(50.16, 26.64, "Ras Tanura", side="w", minor=True), Point_(55.27, 25.20, "Dubai", side="sw"),
        Point_(56.35, 25.12, "Fujairah", side="e"), Point_(50.17, 27.99, "Farsi Island", "town", "dot", "e", minor=True), Point_(54.53, 25.91, "Sirri Island", "town", "dot", "w", minor=True), Point_(55.1, 26.0, "", mark="ring"),
    ),
    labels=(Label("PERSIAN GULF", 53.4, 25.35, "sea", reach=(160, 112)), Label("GULF OF OMAN", 58.6, 24.9, "sea", narrow="GULF OF OMAN"), Label("Strait of Hormuz", 57.75, 26.3, "mark", narrow="Hormuz", reach=(140, 56))),
    inset=Inset(
        Map("", "", "", (54.3, 25.2, 57.2, 27.4), names={"Iran": "Iran"}, focus=frozenset({"Iran"}), strokes=(HORMUZ_LANE,), points=(*GULF_DISPUTED, Point_(56.36, 26.86, "Larak", side="e", minor=True), Point_(56.25, 26.18, "Khasab", side="s", minor=True), Point_(56.28, 27.18, "Bandar Abbas", side="n"), Point_(56.03, 26.67, "", mark="number", number="3", minor=True)), labels=(Label("Musandam (Oman)", 56.35, 25.85, "quiet", narrow="", reach=(60, 42)), Label("held by Iran, claimed by the UAE", 54.9, 25.6, "quiet", 220, narrow="", reach=(100, 56)))),
        1080, 30, 490, 400,
    ),
)

MAPS = (MONTREUX, ALAND, DANUBE, CASPIAN, FERGANA, CAMP_DAVID, SUEZ, JORDAN, NILE, ERITREA, BAKASSI, INDUS, SIMLA, MALACCA, SHANGHAI, JAPAN, PANAMA, BEAGLE, SVALBARD, HORMUZ)
