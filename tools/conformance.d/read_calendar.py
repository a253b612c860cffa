"""Has the calendar read by two parsers that nobody here wrote: icalendar and ics.

usage: read_calendar.py URL KEY
"""

import datetime
import json
import sys
import urllib.error
import urllib.request

import icalendar
import ics


def expect(condition, what):
    if not condition:
        sys.exit(f"calendar: {what}")


def call(url, key, method, path, body=None, **fields):
    """The answer to a request: its status, its fields and its body."""
    request = urllib.request.Request(
        url + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/json", **fields})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


# What has a meaning in iCalendar, what takes several octets, and what is longer than a line may be.
TITLE = "Ablesung; Heizung, \\ Wasser: \"alle\" – " + "Prüfung 🏠 " * 14
DESCRIPTION = "1. Zähler\n2. Ventile\n\tBitte: Zugang; Schlüssel, Hof"


def main(url, key):
    status, _, body = call(url, key, "POST", "/v1/customers", {"customer": {"name": "Kalender"}})
    expect(status == 201, body)
    customer = json.loads(body)["customer"]["id"]
    ids = []
    for hour in (9, 11, 13):
        status, _, body = call(url, key, "POST", "/v1/appointments", {
            "title": TITLE, "description": DESCRIPTION, "location": "Hof, Keller", "customerId": customer,
            "dateStart": f"2026-07-06 {hour:02}:00:00", "dateEnd": f"2026-07-06 {hour + 1:02}:30:00"})
        expect(status == 201, body)
        ids.append(json.loads(body)["id"])
    status, _, body = call(url, key, "DELETE", f"/v1/appointments/{ids[1]}")
    expect(status == 200, body)

    path = f"/v1/appointments.ics?customerId={customer}"
    status, fields, text = call(url, key, "GET", path)
    expect(status == 200 and fields["content-type"] == "text/calendar; charset=utf-8", f"{status} {fields}")
    expect(call(url, key, "GET", path, **{"if-none-match": fields["etag"]})[0] == 304, "no 304 for its own tag")
    expect(call(url, key, "HEAD", path)[1]["etag"] == fields["etag"], "HEAD has another tag")
    expect(all(len(line) <= 75 for line in text.split(b"\r\n")), "a line of more than 75 octets")

    calendar = icalendar.Calendar.from_ical(text)
    expect(calendar["X-WR-TIMEZONE"] == "Europe/Berlin", "X-WR-TIMEZONE")
    zone = calendar.walk("VTIMEZONE")[0].to_tz()
    for month, hours in ((1, 1), (7, 2)):
        offset = datetime.datetime(2026, month, 6, 9, tzinfo=zone).utcoffset()
        expect(offset == datetime.timedelta(hours=hours), f"the offset in month {month}: {offset}")
    events = {int(event["UID"].split("@")[0].split("-")[1]): event for event in calendar.walk("VEVENT")}
    expect(sorted(events) == ids, f"icalendar: {sorted(events)}")
    for number, event in events.items():
        expect(event["SUMMARY"] == TITLE, f"SUMMARY: {event['SUMMARY']}")
        expect(event["DESCRIPTION"] == DESCRIPTION and event["LOCATION"] == "Hof, Keller", "DESCRIPTION, LOCATION")
        expect(event["STATUS"] == ("CANCELLED" if number == ids[1] else "CONFIRMED"), f"STATUS of {number}")
        expect(not event.errors, f"icalendar: {event.errors}")
    start = events[ids[0]].decoded("DTSTART")
    expect(start == datetime.datetime(2026, 7, 6, 9) and start.tzinfo is None, f"DTSTART: {start}")
    expect(events[ids[1]]["SEQUENCE"] > 0 and events[ids[1]].decoded("DTSTAMP"), "SEQUENCE, DTSTAMP")

    others = {event.uid: event for event in ics.Calendar(text.decode()).events}
    expect(sorted(others) == sorted(event["UID"] for event in events.values()), f"ics: {sorted(others)}")
    for event in others.values():
        expect(event.name == TITLE and event.description == DESCRIPTION, f"ics: {event.name}, {event.description}")
        expect(event.duration == datetime.timedelta(hours=1, minutes=30), f"ics: {event.duration}")
    print("icalendar and ics read the calendar, and what was cancelled in it")


main(*sys.argv[1:])
