"""How opening hours are written in OpenStreetMap (`opening_hours`), as a pattern for RE2.

It reads the selectors of years, months, days, weeks, weekdays and times, and what stands behind them; it does not look
whether a day is in its month, or whether two rules contradict each other. Capitals do not count.
"""

EXAMPLE = "Mo-Fr 08:00-20:00; Sa 09:00-12:00"
_COMMA = r"\s*,\s*"
_MOMENT = r"(?:(?:[0-3]?\d|4[0-8]):[0-5]\d|dawn|sunrise|sunset|dusk|\((?:dawn|sunrise|sunset|dusk)[+-]\d{1,2}:[0-5]\d\))"
_EVERY = r"/(?:\d{1,2}:[0-5]\d|\d{1,3})"
_SPAN = rf"{_MOMENT}(?:\s*-\s*{_MOMENT}(?:\+|{_EVERY})?|\+)?"
_TIMES = rf"{_SPAN}(?:{_COMMA}{_SPAN})*"
_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_NTH = r"\[-?[1-5](?:[,-]-?[1-5])*\]"
_SHIFT = r"(?:\s[+-]\d{1,3}\sdays?)?"
_WEEKDAY = rf"(?:{_DAY}(?:\s*-\s*{_DAY}|{_NTH})?|PH|SH){_SHIFT}"
_WEEKDAYS = rf"{_WEEKDAY}(?:{_COMMA}{_WEEKDAY})*"
_HOLIDAYS = rf"(?:(?:PH|SH)(?:{_COMMA}(?:PH|SH))*\s+)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = rf"(?:(?:\d{{4}}\s)?(?:{_MONTH}(?:\s[0-3]?\d)?|easter{_SHIFT})|\d{{4}})"
_PERIOD = rf"{_DATE}(?:\s*-\s*(?:{_DATE}|[0-3]?\d))?\+?"
_PERIODS = rf"{_PERIOD}(?:{_COMMA}{_PERIOD})*"
_WEEK = r"[0-5]?\d(?:-[0-5]?\d(?:/\d{1,2})?)?"
_WEEKS = rf"week\s{_WEEK}(?:{_COMMA}{_WEEK})*"
_GAP = r"[\s:]+"
_DAYS_AND_TIMES = rf"(?:{_HOLIDAYS}{_WEEKDAYS}(?:[\s:]*{_TIMES})?|{_TIMES})"
_SEASON = rf"(?:{_PERIODS}(?:{_GAP}{_WEEKS})?|{_WEEKS})"
_SELECTOR = rf"(?:24/7|{_SEASON}(?:{_GAP}{_DAYS_AND_TIMES})?|{_DAYS_AND_TIMES})"
_STATE = r"(?:open|closed|off|unknown)"
_COMMENT = r'"[^"]*"'
_RULE = rf"(?:{_SELECTOR}(?:\s+{_STATE})?(?:\s*{_COMMENT})?|{_STATE}(?:\s*{_COMMENT})?|{_COMMENT})"
OPENING_HOURS = rf"(?i)\s*{_RULE}(?:\s*(?:;|,|\|\|)\s*{_RULE})*\s*;?\s*"
