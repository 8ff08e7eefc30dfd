"""Threats and insults, in what customers write and in what would be sent to them. Pure."""

import re

from agents.guardrails.subject import Subject
from agents.guardrails.text import quoted

_PEOPLE = (
    r"(?:idiots?|morons?|imbeciles?|scum|bastards?|cunts?|arse ?holes?|ass ?holes?|wankers?"
    r"|dickheads?|retards?|pricks?|crooks and liars|parasites|pieces? of (?:shit|crap))"
)
_NAMES_DE = (
    r"(?:idioten?|vollidioten?|arschlocher|arschloch|wichser|schweine|versager|hurensohn\w{0,2}"
    r"|missgeburten?|drecksack|scheisshaufen|penner)"
)
_NAMES_FR = r"(?:cons|connards?|connasses?|salauds?|encules?|abrutis?|imbeciles|fils de pute)"
_NAMES_ES = r"(?:idiotas|imbeciles|gilipollas|cabrones|cabron|hijos? de puta|sinverguenzas|mierdas)"
_NAMES_NL = r"(?:idioten|klootzakken|klootzak|eikels|mongolen|sukkels|klerelijers|lul|hufters)"

INSULTS = re.compile(
    rf"\byou(?:'re| are|) (?:all |just |nothing but |really )?(?:a |an )?(?:bunch of |pack of "
    rf"|set of |load of )?(?:[a-z]{{3,12}}ing |useless |stupid |bloody |damn )?{_PEOPLE}\b"
    rf"|\bfuck (?:you|off|yourselves?)\b|\bgo to hell\b|\bscrew you\b|\bdrop dead\b"
    rf"|\b(?:du|ihr|sie)(?: seid| bist| sind|)"
    rf"(?: alle| doch| nur| echt| ein| eine| so){{0,3}}"
    rf" {_NAMES_DE}\b|\bfick(?:t)? (?:dich|euch)\b|\bverpiss(?:t)? (?:dich|euch)\b|\bleck mich\b"
    rf"|\bbande (?:de |d')(?:{_NAMES_FR}|voleurs|incapables)\b|\bva te faire (?:foutre|enculer)\b"
    rf"|\ballez vous faire foutre\b|\bespece[s]? (?:de |d'){_NAMES_FR}\b"
    rf"|\b(?:vous etes|tu es)(?: des| un| une| tous| vraiment){{0,3}} {_NAMES_FR}\b"
    rf"|\b(?:sois|son|eres)(?: todos| unos| unas| un| una){{0,2}} {_NAMES_ES}\b"
    rf"|\bhijos? de puta\b|\b(?:vete|idos|vayanse) a la mierda\b|\bque os den\b"
    rf"|\bstel(?:letje)? {_NAMES_NL}\b|\bkrijg (?:de |toch )?(?:kanker|tering|tyfus|klere)\b"
    rf"|\b(?:jullie|jij|u) (?:zijn|bent|is)(?: allemaal| een| echte){{0,2}} {_NAMES_NL}\b"
)
THREATS = re.compile(
    r"\b(?:i(?:'ll| will|'m going to| am going to|'m gonna)|we(?:'ll| will)"
    r"|someone (?:will|should))"
    r" (?:come (?:over )?(?:there )?and )?(?:kill|murder|shoot|stab|hurt|beat up|beat the \w{2,10}"
    r" out of|burn down|blow up|bomb|hunt (?:you|him|her) down)\b(?! time| for| myself| my )"
    r"|\bi know where (?:you|your \w{2,12}) (?:live|lives|work|works|park)\b"
    r"|\byou (?:will|are going to|'ll) (?:die|pay for this with|bleed)\b"
    r"|\b(?:watch your back|you(?:'d| had) better watch (?:out|your back))\b"
    r"|\b(?:burn|blow|smash) (?:down |up )?your (?:office|house|shop|building|car|warehouse)\b"
    r"|\bich (?:bringe|mache|schlage|steche|finde) (?:dich|euch|sie|ihn)(?: alle)?"
    r" (?:um|fertig|kalt|tot|zusammen|ab|und dann)\b"
    r"|\bich weiss,? wo (?:du|ihr|sie) (?:wohnst|wohnt|wohnen|arbeitest|arbeitet)\b"
    r"|\bich (?:zunde|sprenge|brenne)\b[^.\n]{0,30}\b(?:an|in die luft|nieder)\b"
    r"|\bje (?:vais|viens) (?:vous|te|tous vous) (?:tuer|frapper|buter|casser la gueule|bruler)\b"
    r"|\bje sais ou (?:vous|tu) (?:habite[sz]?|travaille[sz]?)\b"
    r"|\b(?:os|te|les|lo|la) voy a (?:matar|pegar|quemar|partir la cara|reventar)\b"
    r"|\bvoy a (?:mataros|matarte|matarlos|quemar|pegaros)\b"
    r"|\bse donde (?:vives|vivis|viven|trabajas|trabajais|trabajan)\b"
    r"|\bik (?:maak|sla|steek|schiet) (?:je|jullie|hem|haar|u)(?: allemaal)?"
    r" (?:dood|af|kapot|neer|in elkaar|verrot)\b"
    r"|\bik weet waar (?:je|jullie|u) (?:woont|wonen|werkt|werken)\b"
    r"|\bik steek\b[^.\n]{0,30}\bin (?:brand|de fik)\b"
)


def abuse(subject: Subject) -> str:
    """Say that the customer threatens or insults the people who answer.

    Catches threats of violence and insults aimed at the reader, in five languages. Lets through
    anger, swearing at a thing, bad reviews, lawyers and deadlines: those are complaints.
    """
    found = THREATS.search(subject.read)
    if found:
        return f"The customer's text threatens somebody: {quoted(found[0])}."
    found = INSULTS.search(subject.read)
    return f"The customer's text insults who reads it: {quoted(found[0])}." if found else ""


RUDE = re.compile(
    rf"\b(?:{_PEOPLE}|{_NAMES_DE}|connards?|salauds?|{_NAMES_ES}|klootzak(?:ken)?)\b"
    r"|\b(?:fuck\w{0,3}|shit|bullshit|bloody hell|damn you|stupid|dumb|scheisse|merde|mierda|kut)\b"
    r"|\bcalm down\b|\byour own (?:damn )?fault\b|\b(?:are you|is it) (?:that )?(?:blind|deaf)\b"
    r"|\bas i (?:have )?already told you\b|\bstop (?:whining|complaining|bothering)\b"
    r"|\bnobody cares\b|\bnot (?:my|our) problem\b|\bberuhigen sie sich\b|\bselbst schuld\b"
    r"|\bcalmez-vous\b|\bc'est (?:de )?votre faute\b|\bcalmese\b|\bes culpa suya\b"
    r"|\bdoe (?:eens )?rustig\b|\beigen schuld\b|\bdumm(?:e|er|es)?\b|\bestupid[oa]s?\b"
)


def tone(subject: Subject) -> str:
    """Say that the draft insults, swears or talks down to the customer.

    Catches insults, swear words and phrases such as "calm down", in five languages. Lets through
    coldness, irony and what is only impolite between the lines.
    """
    found = RUDE.search(subject.drafted)
    return f"The draft is rude: {quoted(found[0])}." if found else ""
