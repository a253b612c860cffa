import CivilTime
import RelayContract

/// Writes appointments as iCalendar (RFC 5545).
///
/// Times are floating (§3.3.5, form 1): as the clock on the wall shows them, which `X-WR-TIMEZONE` says is that
/// of Berlin.
public struct CalendarWriter {
    /// The bytes so far, in lines that end with CRLF.
    public private(set) var bytes: [UInt8] = []

    /// Nothing so far.
    public init() {}

    /// The calendar's beginning: what it is, and how clocks go in Berlin.
    public mutating func begin() {
        for line in Self.opening { self.line(line) }
    }

    /// The calendar's end.
    public mutating func end() { line("END:VCALENDAR") }

    // The rule is that of `Timestamp.berlinOffset`.
    private static let opening = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Relay//Appointments//EN", "CALSCALE:GREGORIAN",
        "X-WR-TIMEZONE:Europe/Berlin", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:DAYLIGHT",
        "DTSTART:19960331T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZNAME:CEST", "END:DAYLIGHT", "BEGIN:STANDARD",
        "DTSTART:19961027T030000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "TZNAME:CET", "END:STANDARD", "END:VTIMEZONE",
    ]

    /// An event.
    ///
    /// - Parameters:
    ///   - version: of its last change, which later ones exceed.
    ///   - changed: when that was; nil when it is not known any more.
    public mutating func event(
        _ appointment: Appointment, account: UInt32, version: UInt64, changed: Timestamp?,
        isCancelled: Bool
    ) {
        line("BEGIN:VEVENT")
        line("UID:appointment-\(appointment.id)@account-\(account).relay")
        let stamp = changed ?? Timestamp(milliseconds: 0)
        line("DTSTAMP:\(Self.compact(stamp.description))Z")
        // §3.3.8: an integer has 31 bits.
        line("SEQUENCE:\(min(version, UInt64(Int32.max)))")
        line("DTSTART:\(Self.compact(appointment.dateStart.description))")
        line("DTEND:\(Self.compact(appointment.dateEnd.description))")
        line("SUMMARY:\(Self.escaped(appointment.title))")
        if let description = appointment.description, !description.isEmpty {
            line("DESCRIPTION:\(Self.escaped(description))")
        }
        line("LOCATION:\(Self.escaped(appointment.location))")
        line("STATUS:\(isCancelled ? "CANCELLED" : "CONFIRMED")")
        line("END:VEVENT")
    }

    /// `2026-02-06 11:00:00`, also with a T and a fraction, as `20260206T110000`.
    private static func compact(_ time: String) -> String {
        let digits = time.filter(\.isNumber).prefix(14)
        return "\(digits.prefix(8))T\(digits.dropFirst(8))"
    }

    /// §3.3.11. Control characters may not stand in a text at all: a space takes their place.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",":
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
            case "\r": escaped += "\\n"
            case "\n": if !isAfterReturn { escaped += "\\n" }
            case "\t": escaped += "\t"
            case "\0"..."\u{1F}", "\u{7F}": escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
            isAfterReturn = scalar == "\r"
        }
        return escaped
    }

    /// §3.1: lines of at most 75 octets, folded between characters.
    private mutating func line(_ line: String) {
        var room = 75
        for scalar in line.unicodeScalars {
            let units = UTF8.encode(scalar)!
            if units.count > room {
                bytes += [0x0D, 0x0A, 0x20]
                room = 74
            }
            bytes += units
            room -= units.count
        }
        bytes += [0x0D, 0x0A]
    }
}
