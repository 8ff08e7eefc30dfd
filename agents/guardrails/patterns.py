"""Words of five languages that several guardrails look for, in folded text. Pure."""

import re

CURRENCY = r"(?:€|£|\$|\beur(?:o|os)?\b|\busd\b|\bdollars?\b|\bgbp\b|\bpounds?\b|\bchf\b|\bnok\b)"
_FIGURE = r"\d[\d.,']{0,12}"
AMOUNT = re.compile(
    rf"{CURRENCY}\s?{_FIGURE}|{_FIGURE}\s?{CURRENCY}"
    rf"|{_FIGURE}\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b|por ciento\b|procent\b)"
)

_DAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miercoles|jueves|viernes|sabado|domingo"
    r"|(?:maan|dins|woens|donder|vrij|zater|zon)dag"
)
_MONTH = (
    r"jan(?:uary|uar|vier|uari)?|feb(?:ruary|ruar|ruari)?|fevrier|mar(?:ch|s|zo)|marz|maerz"
    r"|maart|apr(?:il)?|avril|abril|may|mai|mayo|mei|june?|juni|juin|junio|july?|juli|juillet"
    r"|julio|aug(?:ust|ustus)?|aout|agosto|sept?(?:ember|embre|iembre)?|o[ck]t(?:ober|obre|ubre)?"
    r"|nov(?:ember|embre|iembre)?|de[cz](?:ember|embre)?|diciembre|enero|febrero"
)
_SOON = (
    r"today|tonight|tomorrow|heute|morgen(?! fruh war)|ubermorgen|aujourd'hui|demain|hoy|manana"
    r"|vandaag|overmorgen"
    r"|(?:this|next) (?:week|month)|(?:diese|nachste)[nr]? (?:woche|monat)"
    r"|cette semaine|la semaine prochaine|(?:esta|la proxima) semana|(?:deze|volgende) week"
)
_SPAN = (
    r"(?:within|in|innerhalb(?: von)?|binnen|in hochstens|dans(?: les)?|sous|d'ici|en|dentro de)"
    r" (?:the next |den nachsten |les prochain(?:e)?s |los proximos |de komende )?"
    r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|ten|a few|ein(?:er|em)?|zwei|drei|vier"
    r"|funf|une?|deux|trois|quatre|cinq|un|dos|tres|cuatro|cinco|een|twee|drie|vijf)"
    r"(?: (?:to|bis|a|tot|or|oder|ou|o|of) \d{1,3})? ?-?"
    r"(?:(?:working|business|werk) ?)?"
    r"(?:hours?|days?|weeks?|months?|stunden?|werktagen?|tagen?|wochen?|monaten?|heures?|jours?"
    r"|semaines?|mois|horas?|dias?|semanas?|mes(?:es)?|uur|uren|werkdagen|dagen|weken|maanden)\b"
)
DATE = re.compile(
    rf"\b(?:{_DAY})\b|\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:de |of )?(?:{_MONTH})\b"
    rf"|\b(?:{_MONTH})\.? \d{{1,2}}(?!\d)|\b\d{{4}}-\d\d-\d\d\b"
    rf"|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
    rf"|\b(?:{_SOON})\b|\b{_SPAN}"
)
DATE_WORD = re.compile(rf"\b(?:{_DAY}|{_SOON})\b")
