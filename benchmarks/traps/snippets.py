"""Small functions to build code rows from, each with one place where one operator changes what it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """`{op}` marks the operator, `{noun}` the thing handled; `task` says in words what `first` and `second` do."""

    python: str
    script: str
    """The same function in JavaScript."""
    first: str
    second: str
    task: str


def _snippet(task: str, first: str, second: str, python: str, script: str) -> Snippet:
    return Snippet(python=python.strip("\n"), script=script.strip("\n"), first=first, second=second, task=task)


SNIPPETS = (
    _snippet(
        "count every {noun} whose weight passes the limit",
        "<",
        "<=",
        """
def count_light_{noun}s({noun}s, limit):
    total = 0
    for {noun} in {noun}s:
        if {noun}.weight {op} limit:
            total += 1
    return total
""",
        """
function countLight{noun}({noun}s, limit) {{
  return {noun}s.filter(({noun}) => {noun}.weight {op} limit).length;
}}
""",
    ),
    _snippet(
        "compute the running balance of a {noun} account",
        "+",
        "-",
        """
def {noun}_balance(opening, moves):
    balance = opening
    history = []
    for move in moves:
        balance = balance {op} move.amount
        history.append(balance)
    return history
""",
        """
function {noun}Balance(opening, moves) {{
  let balance = opening;
  return moves.map((move) => (balance = balance {op} move.amount));
}}
""",
    ),
    _snippet(
        "find the first {noun} that is old enough in a sorted list",
        ">=",
        ">",
        """
def first_old_{noun}(ages, wanted):
    low, high = 0, len(ages)
    while low < high:
        middle = (low + high) // 2
        if ages[middle] {op} wanted:
            high = middle
        else:
            low = middle + 1
    return low
""",
        """
function firstOld{noun}(ages, wanted) {{
  const at = ages.findIndex((age) => age {op} wanted);
  return at === -1 ? ages.length : at;
}}
""",
    ),
    _snippet(
        "decide whether a {noun} may be shipped today",
        "and",
        "or",
        """
def may_ship_{noun}({noun}, today):
    paid = {noun}.invoice is not None
    ready = {noun}.ready_on <= today
    return paid {op} ready
""",
        """
function mayShip{noun}({noun}, today) {{
  const words = {{ and: (a, b) => a && b, or: (a, b) => a || b }};
  return words["{op}"]({noun}.invoice !== null, {noun}.readyOn <= today);
}}
""",
    ),
    _snippet(
        "scale the price of each {noun} by a factor",
        "*",
        "/",
        """
def rescale_{noun}_prices(prices, factor):
    result = dict()
    for code, price in sorted(prices.items()):
        result[code] = round(price {op} factor, 2)
    return result
""",
        """
function rescale{noun}Prices(prices, factor) {{
  const pairs = Object.entries(prices).sort();
  return Object.fromEntries(pairs.map(([code, price]) => [code, price {op} factor]));
}}
""",
    ),
    _snippet(
        "compare two {noun} records",
        "==",
        "!=",
        """
def {noun}_changes(before, after):
    fields = set(before) & set(after)
    return [name for name in sorted(fields) if before[name] {op} after[name]]
""",
        """
function {noun}Changes(before, after) {{
  const names = Object.keys(before).filter((name) => name in after);
  return names.sort().filter((name) => before[name] {op} after[name]);
}}
""",
    ),
    _snippet(
        "split {noun} numbers by remainder",
        "//",
        "%",
        """
def {noun}_groups(numbers, size):
    groups = {{}}
    for number in numbers:
        key = number {op} size
        groups.setdefault(key, []).append(number)
    return groups
""",
        """
function {noun}Groups(numbers, size) {{
  const how = {{ "//": (n) => Math.floor(n / size), "%": (n) => n % size }}["{op}"];
  return Object.groupBy(numbers, how);
}}
""",
    ),
    _snippet(
        "combine the tags of two {noun} lists",
        "&",
        "|",
        """
def shared_{noun}_tags(left, right):
    here = set(left.tags)
    there = set(right.tags)
    return sorted(here {op} there)
""",
        """
function shared{noun}Tags(left, right) {{
  const join = {{ "&": "intersection", "|": "union" }}["{op}"];
  return [...new Set(left.tags)[join](new Set(right.tags))].sort();
}}
""",
    ),
    _snippet(
        "sort the {noun} queue by priority",
        "-",
        "+",
        """
def ordered_{noun}_queue(queue):
    def rank(job):
        return ({op}job.priority, job.created, job.name)

    waiting = [job for job in queue if not job.done]
    return sorted(waiting, key=rank)
""",
        """
function ordered{noun}Queue(queue) {{
  const waiting = queue.filter((job) => !job.done);
  return waiting.sort((a, b) => {op}(a.priority - b.priority));
}}
""",
    ),
    _snippet(
        "keep the longest run of {noun} readings",
        ">",
        "<",
        """
def extreme_{noun}(readings):
    best = readings[0]
    for reading in readings[1:]:
        if reading.value {op} best.value:
            best = reading
    return best.station, best.value
""",
        """
function extreme{noun}(readings) {{
  return readings.reduce((best, next) => (next.value {op} best.value ? next : best));
}}
""",
    ),
    _snippet(
        "check that a {noun} code is known",
        "in",
        "not in",
        """
def filter_{noun}_codes(codes, known):
    answer = []
    for code in codes:
        if code.strip().upper() {op} known:
            answer.append(code)
    return answer
""",
        """
function filter{noun}Codes(codes, known) {{
  const wanted = "{op}" === "in";
  return codes.filter((code) => known.has(code.trim().toUpperCase()) === wanted);
}}
""",
    ),
    _snippet(
        "grow the {noun} stock year by year",
        "**",
        "*",
        """
def {noun}_stock_after(start, rate, years):
    if years < 0:
        raise ValueError("years must not be negative")
    return start * (1 + rate) {op} years
""",
        """
function {noun}StockAfter(start, rate, years) {{
  if (years < 0) throw new RangeError("years must not be negative");
  return start * (1 + rate) {op} years;
}}
""",
    ),
)

NOUNS = (
    *("parcel", "ticket", "invoice", "sensor", "pallet", "loan", "voucher", "battery", "bottle", "engine", "parrot"),
    *("camera", "lesson", "tractor", "painting", "ferry", "recipe", "server", "turbine", "violin", "helmet", "lantern"),
)
