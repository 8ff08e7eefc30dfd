"""How the overview's pages write figures."""

from django import template

from review.overview import facts, words

register = template.Library()
register.filter("whole", words.whole)
register.filter("share", words.share)
register.filter("interval", words.interval)
register.filter("duration", words.duration)
register.filter("usd", words.usd)
register.filter("error_sentence", facts.error_sentence)
