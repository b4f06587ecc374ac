"""English names of languages by their ISO 639 codes, as far as they are official somewhere."""

LANGUAGES = dict(
    pair.split(":") for pair in (
        "ar:Arabic az:Azerbaijani am:Amharic be:Belarusian bg:Bulgarian bn:Bengali bs:Bosnian ca:Catalan cs:Czech da:Danish de:German "
        "dv:Dhivehi dz:Dzongkha el:Greek en:English es:Spanish et:Estonian fa:Persian fi:Finnish fj:Fijian fr:French ga:Irish "
        "gil:Gilbertese gn:Guarani he:Hebrew hi:Hindi hr:Croatian ht:Haitian_Creole hu:Hungarian hy:Armenian id:Indonesian is:Icelandic "
        "it:Italian ja:Japanese ka:Georgian kk:Kazakh kl:Greenlandic km:Khmer ko:Korean ky:Kyrgyz la:Latin lb:Luxembourgish lo:Lao "
        "lt:Lithuanian lv:Latvian mg:Malagasy mh:Marshallese mi:Maori mk:Macedonian mn:Mongolian ms:Malay mt:Maltese my:Burmese "
        "na:Nauruan ne:Nepali nl:Dutch no:Norwegian ny:Chichewa pau:Palauan pl:Polish ps:Pashto pt:Portuguese rn:Kirundi ro:Romanian "
        "ru:Russian rw:Kinyarwanda sg:Sango si:Sinhala sk:Slovak sl:Slovene sm:Samoan so:Somali sq:Albanian sr:Serbian ss:Swazi st:Sotho "
        "sv:Swedish sw:Swahili ta:Tamil tet:Tetum tg:Tajik th:Thai ti:Tigrinya tk:Turkmen tl:Filipino tn:Tswana to:Tongan tpi:Tok_Pisin "
        "tr:Turkish tvl:Tuvaluan uk:Ukrainian ur:Urdu uz:Uzbek vi:Vietnamese zh:Chinese bi:Bislama crs:Seychellois_Creole"
    ).split()
)  # fmt: skip
LANGUAGES = {code: name.replace("_", " ") for code, name in LANGUAGES.items()}
