"""The report's first screen for a terminal: plain text, at most 25 lines."""

from daydream.report.document import Need, ReportDoc

MOST_LINES = 25


def first_screen(doc: ReportDoc) -> str:
    """Write the summary and the first three things that need a person, ending in a newline."""
    lines = [f"Daydream Report - {doc.date}", ""]
    for number, line in enumerate(doc.summary):
        lines.append(line)
        if number == 0:
            lines += [f"  {reason}" for reason in doc.incomplete]
    for number, need in enumerate(doc.needs[:3], start=1):
        lines += _need(number, need)
    return "\n".join(lines[:MOST_LINES]) + "\n"


def _need(number: int, need: Need) -> list[str]:
    place = f"{need.where} " if need.where else ""
    graded = f" ({need.severity})" if need.severity else ""
    action = f" - {need.action}" if need.action else ""
    others = f" {need.others}" if need.others else ""
    return [f"{number}. {place}{need.what}{graded}{action}", f"   {need.command}{others}"]
