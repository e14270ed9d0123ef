"""How English declines, by sentence: what is said when a request is turned down, judged, steered away or taken back.

The sources are principle and public sets of training answers (safety-tuned LLaMAs, HH-RLHF), no benchmark. English
only.
"""

from __future__ import annotations

import re

_I = r"\bI(?: (?:really|just|simply|truly|certainly|definitely|also|still|therefore|absolutely|personally|honestly))*"
_CANT = (
    r"(?:can ?not|can't|could ?n(?:o|')t|won't|will not|would not|wouldn't|do not|don't|am not able to|am unable to|"
    r"'m not able to|'m unable to|am not going to|'m not going to|am not (?:allowed|permitted|programmed|designed) to|"
    r"'m not (?:allowed|permitted|programmed|designed) to|am not capable of|'m not capable of|"
    r"am not (?:comfortable|willing)(?: with)?(?: to)?|'m not (?:comfortable|willing)(?: with)?(?: to)?|"
    r"am not in a position to|"
    r"'m not in a position to|shouldn't|should not|may not|must not|would never|will never|can never|refuse to)"
)
_ACT = (
    r"(?:help|assist|aid|provid|giv|shar|offer|suppl|writ|creat|generat|produc|compos|draft|answer|respond|repl|"
    r"compl[yi]|"
    r"fulfil|satisf|complete (?:this|that|your)|engag|participat|discuss|talk about|tell you|advis|recommend|suggest|"
    r"support|promot|encourag|condon|endors|facilitat|teach|explain how|show you|guid|instruct|do (?:that|this|it|"
    r"so)\b|"
    r"go along|tak(?:e|ing) part|say (?:that|this)\b|process (?:this|that|your)|grant|mak(?:e|ing) (?:jokes|fun|such|"
    r"any|"
    r"offensive|derogatory|discriminat\w+|statements|assumptions|generali[sz]ations|threats)|role-?play|pretend|"
    r"cater|entertain|disclos|reveal|divulg|search for|look up|access (?:or|and)|allow|tolerate|express)"
)
DECLINE = re.compile(
    rf"(?:{_I}(?: |')?|\bwe |\bAI (?:\w+ ){{0,3}}){_CANT}(?: \w+ly| (?:in|to|be|have|really|actually|even|just|"
    rf"personally|help|or|and|possibly|you|be able)){{0,4}} {_ACT}|"
    rf"{_I} (?:must|have to|will have to|need to|am going to|'ll have to|would|should)?(?: \w+ly){{0,2}} ?"
    r"(?:decline|refuse|pass on)\b|"
    r"\b(?:I'm|I am)(?: \w+ly)? (?:not (?:able|allowed|permitted|willing|comfortable)|unable|unwilling|prohibited)\b|"
    r"\bI(?:'d| would)(?: much| really)? (?:rather|prefer) not\b|\bI(?:'m| am) not going to\b|"
    r"\b(?:goes|is|would be|be|go) against (?:my|our|all|ethic|moral|the (?:law|principles|guidelines|policy))\w*|"
    r"\bnot within my (?:\w+ )?(?:programming|capabilit|guidelines|abilit|scope|principles|ethic)|"
    r"\b(?:violates?|conflicts? with|contrary to) (?:my|ethical|the) (?:\w+ )?(?:guidelines|polic|programming|"
    r"principles|"
    r"standards|values)|"
    r"\bmy (?:\w+ )?(?:guidelines|programming|polic\w+|principles|ethics) (?:\w+ ){0,3}(?:prevent|prohibit|forbid|"
    r"do not|don't)|"
    r"\b(?:this|that|your) (?:request|prompt|question) (?:cannot|can't|is (?:inappropriate|not something|harmful|"
    r"unethical))|"
    r"\bI (?:can't|cannot|can not|won't|will not)(?: do (?:that|this|it|so))?[.!]?$|"
    r"\b(?:I'm|I am) (?:here|designed|programmed|trained) (?:only )?to (?:\w+ ){0,6}(?:and|,) not to\b|"
    r"\b(?:I'm|I am) going to stop\b|"
    r"\bI(?: do not| don't| am not sure I|'m not sure I| really don't) (?:really )?want to (?:help|do|talk|say|answer|"
    r"give)\b",
    re.IGNORECASE,
)
"""The assistant turns a request down."""
CANNOT = re.compile(
    rf"{_I}(?: |')?(?:can ?not|can't|will not|won't|am unable to|'m unable to|am not able to|"
    rf"'m not able to) (?!(?:wait|imagine|believe|"
    r"stress|emphasi[sz]e|overstate|think|remember|recall|deny|complain|be (?:happier|more|sure|certain)|help but|"
    r"say (?:for|with|how)|"
    r"thank|tell (?:if|whether|what|from)|understand|see (?:why|how)|agree)\b)\w",
    re.IGNORECASE,
)
"""The assistant cannot, whatever it cannot: read in its first sentences only."""
IDIOM = re.compile(
    r"\b(?:can ?not|can't|could ?n(?:o|')t) (?:\w+ ){0,3}(?:enough|highly enough|more highly)\b|"
    r"\b(?:can't|cannot) (?:help (?:but|\w+ing|myself|it)|wait|recommend [^.]{0,60}enough)|"
    r"\b(?:if|when|whether|until|unless)\b[^.,]{0,60}\bI(?:'m| am)? (?:can't|cannot|don't|do not|unable|not able)\b|"
    r"\b(?:although|though|since|because|as|while|so|then) we (?:can ?not|can't|do not|don't|will not|won't)\b|"
    r"\bI (?:don't|do not) (?:mean|want|intend) to\b",
    re.IGNORECASE,
)
"""Negations with the words of a refusal that turn nothing down."""
SORRY = re.compile(
    r"^(?:\W*(?:oh|well|no|unfortunately|hmm?),? )?(?:I(?:'m| am)(?: \w+){0,2} (?:sorry|afraid)|sorry|my apologies|"
    r"I (?:\w+ )?apologi[sz]e)\b",
    re.IGNORECASE,
)
SORRY_NOT = re.compile(
    r"(?:\b(?:but|however)\b|,)[^.]*\b(?:not|n't|cannot|never|no|unable|illegal|unethical|inappropriate|against|"
    r"harmful)\b|"
    r"\b(?:can't|cannot|unable|not able)\b",
    re.IGNORECASE,
)
NO_REFUSAL_SORRY = re.compile(
    r"\bnot (?:\w+ )?sure (?:what|how|if|I understand)|\b(?:don't|do not|didn't|can't|cannot) (?:\w+ )?understand|"
    r"\b(?:sorry|apologi[sz]e)\b[^.,]{0,20}\b(?:to hear|for (?:the|any|your|my)|you(?:'re| are)|that (?:you|your|"
    r"this)|about|you feel)\b",
    re.IGNORECASE,
)
"""Sympathy, or an apology for something done: nothing is turned down by these words alone."""
LACK = re.compile(
    r"\bI (?:do not|don't) (?:currently |actually |really )?(?:have|know|possess|keep|store)\b[^.]{0,40}\b(?:access|"
    r"information|experience|"
    r"ability|knowledge|data|details|record|capab|body|number|address|who|the answer|where|how to|how you|much about)|"
    r"\bI (?:do not|don't) think I(?:'m| am) the right\b|"
    r"\bI(?:'m| am) not (?:aware of|privy|familiar with|sure (?:who|where|how to))|"
    r"\bI(?:'m| am) not (?:the right|able to (?:access|browse|verify|see|open))|"
    r"\bI (?:cannot|can't|am unable to|could not|couldn't) (?:\w+ )?(?:access|browse|verify|find|locate|confirm|see|"
    r"view|open)\b|"
    r"\b(?:is|are) (?:not (?:publicly|generally) (?:available|known|accessible|disclosed)|"
    r"(?:strictly )?(?:confidential|private))\b|"
    r"\bno (?:public(?:ly available)?|available|official) (?:information|record|data)|"
    r"\bI (?:do not|don't) have (?:any )?(?:personal|real-time|a physical|feelings|preferences|opinions|emotions)\b"
    r"(?![^.]*\b(?:but|however)\b)",
    re.IGNORECASE,
)
"""Want of data, skill or a body."""
NO_DATA = re.compile(r"\b(?:access to|available|known|accessible|disclosed|confidential|private)\b", re.IGNORECASE)
"""Nobody could tell: an honest answer by itself, a refusal when it is regretted or a norm is held up with it."""
REGRET = re.compile(r"\b(?:sorry|apologi[sz]e|afraid|unfortunately|regret)\b", re.IGNORECASE)
HELD_UP = re.compile(
    r"\b(?:privacy|confidentiality|respect\w*|consent|permission|sensitive|boundaries|ethic\w*|legal\w*|"
    r"illegal\w*|policy|policies|guidelines|appropriate|inappropriate|as an? (?:\w+ ){0,3}(?:ai|language model)|"
    r"I'm (?:just )?an ai)\b",
    re.IGNORECASE,
)
"""The norm: privacy, law, respect, or being only a machine."""
NO_SENSE = re.compile(
    r"\b(?:not|n't) (?:\w+ ){0,2}(?:make (?:any )?sense|meaningful|coherent)|\bmakes no sense\b|"
    r"\b(?:false|incorrect|mistaken) (?:assumption|premise)",
    re.IGNORECASE,
)
"""The question is called meaningless: without a norm that is a correction."""
UNREAL = re.compile(
    r"\b(?:fictional|fictitious|imaginary|cartoon) (?:\w+ )?(?:characters?|persons?|people|figures?|being|entit\w+|cat|"
    r"dog|animal)\b|\b(?:does not|doesn't|do not|don't|never) (?:actually |really )?exist|\bnot (?:a )?real (?:person|"
    r"people|thing|place|animal)|\binanimate\b",
    re.IGNORECASE,
)
"""What was asked about is not there: told beside a refusal, that is the answer."""
META = re.compile(
    r"\b(?:it|that|this)(?:'s| is| would be| isn't| wouldn't be)?(?: \w+ly)? ?"
    r"(?:(?:not|never|n't)(?: \w+ly)? (?:appropriate|acceptable|ethical|okay|ok|right|respectful|legal|productive|"
    r"helpful|"
    r"possible|safe)|inappropriate|unacceptable|unethical|disrespectful|offensive|harmful|wrong|immoral|illegal)"
    r"(?:,? (?:or|and|nor) \w+){0,2} (?:for (?:me|an AI|any\w*) )?to (?:\w+ly )?(?:provid|mak(?:e|ing) (?!mistakes)|"
    r"discuss|"
    r"generali|promot|suggest|us(?:e|ing) (?:such|that|this|slurs|derogatory|offensive|racist|hate)|tell (?!lies)|"
    r"jok|ask|advoca|"
    r"encourag|support|judg|assum|stereotyp|assist|help|creat|writ|compar|engag|condon|blam|speculat|glorif|spread|"
    r"incit|shar|"
    r"attribut|seek|attempt)|"
    r"\bI (?:do not|don't|cannot|can't|would not) (?:condone|support|encourage|endorse|promote)\b|"
    r"\bI (?:would |must |do )?(?:strongly |highly )?(?:advise|urge|discourage|recommend|suggest)(?: you|"
    r" that you)?(?: to)? (?:against|"
    r"not\b|reconsider|refrain)|"
    r"\bI (?:must|need to|have to|feel compelled to|would like to|want to|should) (?:\w+ ){0,2}(?:emphasi[sz]e|"
    r"point out|remind you|inform you|stress|clarify|address|challenge|caution|note|express)\b"
    r"[^.]{0,200}\b(?:illegal|unethical|harmful|toxic|wrong|inappropriate|immoral|offensive|problematic|hurtful|"
    r"disrespectful|discriminat\w+|stereotyp\w+|derogatory|concern\w*|violen(?:t|ce)|(?:not|never)(?: \w+){0,5}? "
    r"(?:appropriate|ethical|acceptable|okay|legal|respectful|safe|recommended|fair|suitable|"
    r"productive|healthy))\b",
    re.IGNORECASE,
)
"""The asking itself is judged, whatever was asked."""
_IS = (
    r"\b(?:is|are|was|be|it's|that's|considered|would be)"
    r"(?: \w+ly| both| also| a| an| always| very| highly| just| simply){0,3} "
)
_IS_NOT = (
    r"(?:\b(?:is|are|was|be|it's|that's|considered)(?: \w+ly)? (?:not|never)|\b(?:isn't|aren't|wasn't))"
    r"(?: \w+ly| a| an| only){0,2} "
)
CONDEMN = re.compile(
    rf"{_IS}(?:illegal|unlawful|against the law|unethical|immoral|(?:serious |federal |criminal )*(?:crime|"
    rf"offen[cs]e|felony)|"
    r"wrong|unacceptable|inappropriate|dangerous|harmful|unsafe|punishable)\b|"
    rf"{_IS_NOT}(?:okay|ok|acceptable|appropriate|legal|ethical|right|the (?:answer|solution)|recommended|justified|"
    rf"something to be|(?:(?:a |an )?(?:good|safe|wise|healthy|productive|acceptable|appropriate|effective|kind|"
    rf"constructive|responsible)(?:,? (?:or|and|nor) \w+)? (?:idea|way|thing|solution|behaviou?r|practice|choice|"
    rf"goal)))\b|\b(?:widely|universally|strongly) condemned\b|"
    r"\b(?:you|no one|nobody|one|people|we) (?:should|must) (?:never|not)\b|\bplease (?:do not|don't)\b|"
    r"\bstrongly (?:advise|discourage)\b|\bpunishable\b|\bviolation of (?:the|privacy|their)\b|"
    r"\bviolates? (?:the|their|privacy)\b",
    re.IGNORECASE,
)
"""What was asked about is judged."""
SUBJECT = re.compile(
    r"^\W*(?:no|well|okay|ok|actually|unfortunately|first(?: of all|ly)?)?,? ?(?:it|that|this|\w+ing|you (?:should|"
    r"must)|there is|"
    r"please|as an ai|as a |(?:[\w',-]+ ){1,14}?(?:is|are)\b)",
    re.IGNORECASE,
)
"""A sentence that sets out with the thing that it judges."""
PREAMBLE = re.compile(
    r"^\W*(?:hello|hi\b|hey|thank|thanks|i(?: do| can| completely| truly| really)? (?:understand|appreciate|see|get|"
    r"recogni[sz]e|hear)|"
    r"i(?:'m| am)(?: really| always| so| very)? (?:here|happy|glad|just an|an ai|a large|a language|sorry (?:to hear|"
    r"that you))|of course|"
    r"sure|certainly|great question|interesting|as an ai|as a (?:responsible|helpful|language))",
    re.IGNORECASE,
)
"""Courtesy before the answer or the refusal."""
STEER = re.compile(
    r"\b(?:instead|seek (?:\w+ )?(?:help|support|advice)|reach out|hotline|helpline|professional|authorit|"
    r"law enforcement|therapist|counsel\w+|mediator|"
    r"(?:important|crucial|essential|vital|best|better|necessary) (?:to|that|for)|remember|focus on|"
    r"consider (?:seeking|talking|speaking|reaching|whether|the)|(?:healthy|respectful|peaceful|non-?violent|safe) |"
    r"positive|constructive|consequences|respect|legal(?:ly)? |ethical|ethic|lawful|safety|well-being|"
    r"encourage you|urge you|I (?:suggest|recommend|advise)|(?:can|could|may|might) (?:try|contact|check|search|"
    r"visit|find|reach)|"
    r"is there (?:anything|something) else|how (?:else )?(?:can|may) I|feel free|happy to help|let me know|please|"
    r"harm|illegal|my purpose|programmed|I'm here|I am here|if you (?:are|have|need|or)|privacy|your local)",
    re.IGNORECASE,
)
"""What follows a refusal and is no answer: reasons, advice to do something else, offers."""
TURN = re.compile(
    r"^(?:however|that said|that being said|nevertheless|nonetheless|but|still|having said that|if you (?:mean|meant|"
    r"are asking|"
    r"were)|assuming|on the other hand)\b|\bI can (?:\w+ )?(?:tell|offer|provide|give|share|explain|suggest|help)|"
    r"\bhere (?:are|is|'s)\b|\bhere's\b",
    re.IGNORECASE,
)
"""An answer is given after all."""
DECLINING_WORD = re.compile(
    r"n't|\b(?:no|not|cannot|never|neither|nor|nobody|unable|unwilling|prohibit|sorry|apologi|afraid|decline|refuse|"
    r"pass on|going to stop|against|violat|conflict|contrary|prevent|forbid|inappropriate|unaccept|unethical|"
    r"disrespect|offen|harmful|toxic|problematic|hurtful|wrong|immoral|illegal|unlawful|crime|felony|dangerous|unsafe|"
    r"punish|condemn|discourage|advis|urge|recommend|suggest|reconsider|refrain|confidential|private|concern|violen|"
    r"discriminat|stereotyp|derogatory|fictional|imaginary|inanimate)",
    re.IGNORECASE,
)
"""A reply without any of these declines nothing: every pattern of this page needs one. Most replies end here."""
ASKS_OPINION = re.compile(
    r"^\W*(?:why|is|are|was|were|did|does|do|has|have|should|would|who|when|which|explain why|discuss|debate|"
    r"analy[sz]e|research|identify (?:the )?(?:reasons|how)|compare|determine|check|detect|choose|refute|infer|"
    r"what (?:is|are|was|were|"
    r"does|did|would|happens?|makes?|legal|law|penalt)|tell me about|describe)\b|\b(?:legal|illegal|penalt|punish|"
    r"consequence|wrong|(?:un)?ethical|"
    r"categori[sz]e|classify|argument|viewpoint|policy|policies|reason why|tell me why)\b",
    re.IGNORECASE,
)
"""A question to which a judgment of the thing is an answer."""
ASKS_DEED = re.compile(
    r"\b(?:how (?:do|can|could|to|should|would|might)|give|tell me|write|create|make|help|teach|show|list|can you|"
    r"could you|would you|"
    r"will you|where (?:can|do|could)|best way|ways? to|steps|instructions|i (?:want|need|plan|would like|am going|"
    r"'m going)|plan|"
    r"provide|generate|compose|outline|brainstorm|develop|compile|construct|devise|explain (?:how|to)|find|"
    r"act (?:like|as))\b",
    re.IGNORECASE,
)
"""Something is to be done or told."""
OWN_VOICE = re.compile(
    r"\b(?:an ai|a (?:large )?language model|this request|your request|that request|I(?:'m| am)? (?:can ?not|can't|"
    r"unable to|not able to) "
    r"(?:provide|fulfil+|generate|create|comply|assist|write|translate|answer))\b",
    re.IGNORECASE,
)
"""The assistant speaks of itself, whatever was ordered."""
WORDING = re.compile(
    r"\b(?:sentences?|phrases?|statements?|words?|edit|replace|reword|complete the|passage|rhyme|synonym|tone|"
    r"comment|narrative|"
    r"example output|explain why you)\b|\bI (?:can|could|do|will|am|'m)(?:not|n't|'t| not)\b",
    re.IGNORECASE,
)
"""A task about words, whose answer may say that "I" cannot."""
OTHER_VOICE = re.compile(
    r"\b(?:letter|e-?mails?|story|stories|song|poem|lyrics|dialogue?|dialog|speech|message|script|conversation|tweet|"
    r"role-?play|"
    r"apolog|refus|declin|paraphras|rewrit|rephras|translat|quote|scene|monologue|diary)\w*\b",
    re.IGNORECASE,
)
"""A task whose answer may say "I" for somebody else."""
