"""Everyday synonyms and openings for the paraphrases of the card; the matcher itself knows none of them."""

from __future__ import annotations

OPENINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Write a python function to ", ("Implement a Python routine to ", "Create a Python method to ")),
    ("Write a function to ", ("Implement a routine to ", "Create a method that can ")),
    ("Write a ", ("Compose a ", "Draft a ")),
    ("What is the value of ", ("Compute ", "Determine ")),
    ("What is ", ("Tell me ", "State ")),
    ("Find ", ("Determine ", "Work out ")),
    ("Compute ", ("Evaluate ", "Work out ")),
    ("How can I ", ("In what way could I ", "What is a way to ")),
    ("How do I ", ("In what way can I ", "What is the way to ")),
    ("Can you ", ("Could you ", "Would you ")),
    ("I need ", ("I require ", "I am in need of ")),
)

_LINES = """
buy purchase | buys purchases | bought purchased | sell vend | sells vends | big large | large big | small little
begin start | starts begins | end finish | ends finishes | make create | makes produces | made produced
get obtain | gets obtains | got obtained | give hand | gives hands | gave handed | need require | needs requires
want wish | wants wishes | show display | shows displays | use employ | uses employs | using employing | help assist
kids children | children kids | child kid | house home | home house | car vehicle | store shop | shop store
money cash | job task | work labor | works labors | people persons | person individual | friend pal | friends pals
total overall | whole entire | entire whole | each every | every each | remaining leftover | left remaining
difference gap | length extent | list sequence | string text | array list | element item | elements items
check verify | return yield | returns yields | calculate compute | compute calculate | determine establish
finds locates | remove delete | removes deletes | convert transform | given supplied | following subsequent
quick fast | fast quick | rich wealthy | sad unhappy | happy glad | smart clever | hard difficult | difficult hard
easy simple | simple easy | important significant | wrong incorrect | correct right | below underneath | near close
also additionally | but however | because since | about approximately | often frequently | always invariably
many numerous | several various | enough sufficient | additional extra | extra additional | however nevertheless
statement claim | statements claims | likely probable | occurs happens | called termed | known recognized
describes depicts | explain clarify | include contain | includes contains | contains includes | containing including
reply response | response reply | article piece | story tale | essay composition | letter note | words terms
morning dawn | night evening | day date | week seven-day span | picks selects | eats consumes
eat consume | drinks sips
walks strolls | walk stroll | runs jogs | drives motors | pays spends | pay spend | costs runs | cost price
price cost
takes grabs | take grab | puts places | put place | box carton | boxes cartons | bag sack | bags sacks | garden yard
kill destroy | terminate stop | stop halt | execute run | method technique | way manner | process procedure
"""

SYNONYMS: dict[str, tuple[str, ...]] = {
    word: (other,)
    for line in _LINES.strip().splitlines()
    for word, _, other in (pair.strip().partition(" ") for pair in line.split("|"))
}
