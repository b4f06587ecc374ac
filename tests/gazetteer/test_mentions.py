"""Which countries sentences name: sixty and more of our own, written to mislead."""

from __future__ import annotations

import pytest

from broadsheet.gazetteer.mentions import MOST, find_countries

# Codes, a bar, the sentence.
SENTENCES = """
GE|Georgia and the European Union signed an association agreement in 2014.
GE|Police in Tbilisi, the capital of Georgia, dispersed the crowd.
|Georgia elected two senators, and Atlanta counted until midnight.
|The governor of Georgia vetoed the bill on school buses.
|Voters in Arizona, Georgia and Pennsylvania decided the election.
|The house has a Georgian front with sash windows.
GE|The Georgian parliament passed the law on foreign agents.
|South Georgia lies far out in the Atlantic.
JO|Jordan closed its airspace for six hours.
|Michael Jordan bought a share of the club.
|Professor Jordan Peterson spoke for an hour.
|Mr Jordan declined to comment.
IL JO|Israel and Jordan share the water of the Yarmouk.
|Pilgrims were baptised in the Jordan River.
TD|Chad has taken in refugees since 2003.
|Chad Wolf resigned from the department.
|Fishermen on Lake Chad lost their boats.
|Officials in Florida looked at each hanging Chad on the ballot.
TR|Turkey blocked the bid of two Nordic states.
|Turkey is served with cranberry at Thanksgiving.
|The turkey was dry.
NE|Niger expelled the ambassador.
NG|Nigeria devalued the naira.
|Oil spills foul the creeks of the Niger Delta.
NE NG|Niger depends on electricity from Nigeria.
NE|Nigerien soldiers left the base.
GN|Guinea exports bauxite.
GW|Guinea-Bissau held no vote.
GQ|Equatorial Guinea pumps less oil each year.
PG|Papua New Guinea signed a defence treaty.
|Pirates in the Gulf of Guinea took a tanker.
|The guinea pigs were lost in the post.
CD|The Democratic Republic of the Congo holds most of the cobalt.
CG|The Republic of the Congo lives on oil.
CD|Fighters took Goma in eastern DR Congo while Congolese troops fled.
CG|Brazzaville lies across the river, and the Congolese go over by ferry.
|The Congo River falls three hundred metres.
|Congo is a name of two states.
KP|North Korea fired two missiles.
KR|South Korea called an election, and Koreans queued.
KP KR|The Korean peninsula has been divided since 1945.
KP KR|North Korean and South Korean officers met.
IE|Ireland kept its neutrality.
GB|Northern Ireland has no ministers.
GB IE|The border between Ireland and Northern Ireland stays open.
IE|The Irish government wrote to the Commission.
|Ferries across the Irish Sea were late.
US|America has carried the burden for decades.
|Latin America grows slowly.
|The drought struck Central America first.
US|Washington wants the talks to go on.
|The Washington Post reported it first.
|George Washington warned of entanglement.
|Wildfires closed schools in Washington state.
|The Paris Agreement entered into force in 2016.
FR|Paris objects to the plan.
|Paris Hilton opened the shop.
|Firms look for oil in the Gulf of Mexico.
MX|Mexico raised the minimum wage.
|Los Alamos is in New Mexico.
US|The U.S. troops will stay; US officials say so.
|Tell us what they told us.
GB US|UK and US diplomats met.
CI|Côte d’Ivoire sells cocoa, as Cote d'Ivoire always has.
DO|The Dominican Republic built a wall.
DM|Dominica sells passports.
SD SS|South Sudan pumps its oil through Sudan.
CH|Swiss voters said no.
|Everyone has a Swiss Army knife.
CZ|The Czech Republic and the Czechs stayed out.
MM|Burma, as the army once called it, closed its border.
PS IL|Israeli forces entered Gaza, Palestinian officials said.
CN|Chinese ships passed.
|The South China Sea is crowded.
|She bought china and a cabinet.
IN PK|Indian and Pakistani troops met at Wagah.
|The Indian Ocean is warming.
BA|Bosnia and Herzegovina has three presidents.
TT|Trinidad and Tobago drills for gas.
US|THE United States and its allies
|The Treaty of Rome and the Vienna Convention are cited.
GB|England won.
|New England voted.
|The Uruguay Round opened farm trade, the Doha Round did not.
WS|Western Samoa held a vote.
MK WS|Macedonian and Samoan envoys met, American Samoan ones stayed away.
""".strip().splitlines()


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_names_these_countries(line: str) -> None:
    codes, _, sentence = line.partition("|")
    assert sorted(code for code, _ in find_countries("", sentence, "")) == sorted(codes.split())


def test_headline_or_dek_is_enough_and_the_text_alone_needs_three() -> None:
    twice = "France voted. Then France waited."
    assert find_countries("A vote in Peru", "", "") == [("PE", 10)]
    assert find_countries("A vote", "What Peru decided.", "") == [("PE", 5)]
    assert find_countries("A vote", "", twice) == []
    assert find_countries("A vote", "", f"{twice} French papers said so.") == [("FR", 3)]


def test_an_article_has_the_six_that_weigh_most() -> None:
    text = "Peru, Chile, Bolivia, Brazil, Ecuador, Guyana and Uruguay met. " * 3 + "Brazil and Chile signed."
    found = find_countries("", "", text)
    assert len(found) == MOST == 6
    assert found[0][1] == found[1][1] == 4 and {found[0][0], found[1][0]} == {"CL", "BR"}


def test_a_name_of_two_counts_for_the_one_that_the_article_names_elsewhere() -> None:
    assert find_countries("Cobalt from Kinshasa", "Congolese mines", "Congo digs. Congo sells. Congo waits.") == [("CD", 18)]
    assert find_countries("Kinshasa and Brazzaville", "", "Congo digs. Congo sells. Congo waits.") == [("CD", 10), ("CG", 10)]


def test_headlines_in_capitals_are_read_too() -> None:
    assert [code for code, _ in find_countries("Jordan Closes Its Airspace After Strikes", "", "")] == ["JO"]
    assert find_countries("TELL US WHY IT MATTERS", "", "") == []
