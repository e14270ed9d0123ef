"""Does a request sound harmful? A wide list of words by kind of harm; which kind is not told.

The kinds are those of the common hazard taxonomies (violence, crime, sex, weapons, drugs, hate, self-harm, privacy,
fraud, intrusion, politics of fear). Words are read, not meaning: "kill a process" sounds harmful, and a cruel request
in mild words does not. It sorts refusals for a reader, and nothing is dropped by it. English only.
"""

from __future__ import annotations

_VIOLENCE = (
    r"kill|murder|assassin|massacre|genocide|slaughter|exterminat|eliminat\w* (?:a|my|your|his|her|people|some)|"
    r"strangl|chok(?:e|ing)|stab(?:s|bed|bing)?\b|shoot|gun(?:s|man)?\b|bomb|explo(?:d|siv)|weapon|ammo|grenade|"
    r"poison|tortur|maim|behead|beat(?:ing)? (?:up|my|your|his|her|a |some)|assault|attack (?:a|my|some|people)|"
    r"punch|hurt(?:s|ing)? (?:a|my|your|some|people|other)|injur|knock ?out|kidnap|hostage|threat|violen|arson|"
    r"set (?:\w+ ){1,3}on fire|burn(?:ing)? down|run(?:ning)? (?:over|\w+ off)|homicid|corpse|"
    r"dynamite|slap(?:s|ping)?\b|headlock|stalker|(?:cut|break)\w* (?:\w+ ){1,4}(?:neck|legs?|arms?|balls|bones?)\b|"
    r"(?:destroy|damage|ruin|wreck|scare|spike|trash)\w* (?:a|my|your|his|her|their|some\w*|other|people|"
    r"the local)\b|push\w* (?:\w+ ){1,3}off|abus|cruel|bull(?:y|ied)|"
    r"execut(?:e|ing) (?:a|my|some|people)|terroris|extremis|riot\b|blood loss|overpower|ambush|harm(?:s|ing|ful)?\b"
)
_CRIME = (
    r"embezzl|defraud|ransom|torrent|cook\w* the books|steal|stole|theft|rob(?:s|bed|bing|bery)?\b|burgl|shoplift|"
    r"pick ?pocket|pick(?:ing)? (?:a|the|some\w*) lock|"
    r"break(?:ing)? in(?:to)?\b|loot|hot ?wir|smuggl|traffick|launder|brib|blackmail|extort|fraud|scam|swindl|"
    r"forg(?:e|ing)\b|"
    r"counterfeit|fake (?:id|identity|passport|money|news|review)|pirat(?:ed|ing|e)|illegal|illicit|crime|criminal|"
    r"evad\w+ (?:tax|police|the law)|tax evasion|cheat|without (?:\w+ ){0,2}(?:consent|knowing|noticed|permission|"
    r"caught|paying|detect\w+|getting caught)|undetect|get away with|frame (?:some|a|my)|sabotag|vandal|underage|"
    r"black market|insider trading|nefarious|slave|sell (?:\w+ )?(?:organ|kidney|bab)|buy (?:a|some) (?:child|bab|"
    r"person)"
)
_DIGITAL = (
    r"hack|malware|ransomware|virus\b|phish|spyware|keylog|ddos|exploit|crack (?:a|the|some\w*) (?:password|account)|"
    r"password|dark ?web|dox+|credit card|social security|identity theft|stalk|spy(?:ing)? on|"
    r"track(?:ing)? (?:some|my|"
    r"a person)|deep ?fake|surveil"
)
_SUBSTANCE = (
    r"\bdrugs?\b|cocaine|heroin|meth(?:amphet\w*)?\b|fentanyl|opium|opioid|roofie|antifreeze|lsd\b|ecstasy|"
    r"marijuana|weed\b|overdos|"
    r"get (?:high|drunk|wasted)|alcohol|moonshine|smok(?:e|ing)|vap(?:e|ing)\b"
)
_HATE = (
    r"racis|racial|sexis|nazi|hitler|hate|hatred|insult|slur|offens|derogat|stereotyp|discriminat|degrad|humiliat|"
    r"embarrass|mock|ridicul|make fun|jokes? (?:about|on|that)|profan|swear|curse words|bitch|whore|slut|nigg|fag|"
    r"retard|"
    r"idiots?\b|stupid|ugly|inferior|superior|lazy|disgust|despise|dislike|burden|better than (?:women|men|black|"
    r"white)|"
    r"weaker than|supremac|homophob|islamophob|antisemit|harass|inciting|propaganda|conspirac|"
    r"nationalist|holocaust|overthrow"
)
_SEX = (
    r"porn|nude|naked|\bsex|erotic|explicit|prostitut|hooker|escort|turning tricks|strip(?:per|club)|orgasm|fuck|"
    r"rape|"
    r"molest|grop|\btits\b|\bass\b|pussy|dick\b|penis|underwear|masturbat|fetish|incest"
)
_SELF = r"suicid|self-?harm|kill (?:my|your)self|anorexi|starv|cut(?:ting)? (?:my|your)self"
_PRIVATE = (
    r"(?:ip|home|private|personal|e-?mail|residential|last known) address|phone number|address of|'s (?:address|"
    r"phone|salary|"
    r"medical|bank|ip|contact|ssn|password|criminal|sexual|religio|political)|social security|immigration status|"
    r"sexual orientation|date of birth|criminal (?:record|history)|medical (?:record|history)|browsing history"
)
HARMFUL = rf"(?i)(?-u:\b)(?:{'|'.join((_VIOLENCE, _CRIME, _DIGITAL, _SUBSTANCE, _HATE, _SEX, _SELF))})|{_PRIVATE}"
