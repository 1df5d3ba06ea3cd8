"""What the parts of the benchmarks say: medians, ratios and tables in Markdown."""

import statistics
import sys


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(rounds, key, field):
    return statistics.median(getattr(measured[key], field) for measured in rounds)


def ratio(rounds, key, other, field):
    """Within each round; None without the other."""
    if other not in rounds[0]:
        return None
    return statistics.median(getattr(measured[key], field) / getattr(measured[other], field)
                             for measured in rounds)


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def number(value, digits):
    return f"{value:,.{digits}f}"


def measured_cells(rounds, key):
    return [number(median(rounds, key, "per_second"), 0), number(median(rounds, key, "cpu_us"), 1),
            number(median(rounds, key, "p50_ms"), 2), number(median(rounds, key, "p99_ms"), 2)]


def verdict(value, must, aim, more_is_better=False):
    if value is None:
        return "not measured"
    reached = (lambda bound: value >= bound) if more_is_better else (lambda bound: value <= bound)
    return "aim met" if reached(aim) else "met" if reached(must) else "**not met**"


def print_target(what, value, unit, must, aim, more_is_better=False):
    sign = "≥" if more_is_better else "≤"
    row(what, number(value, 2 if value < 10 else 1) + unit if value is not None else "",
        f"{sign} {must}{unit}", f"{sign} {aim}{unit}", verdict(value, must, aim, more_is_better))
