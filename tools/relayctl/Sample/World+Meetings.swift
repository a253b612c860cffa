import CivilTime
import JSON
import RelayContract

/// Appointments in the sample's houses: one for each property, in its id's order and not in that of
/// time, as they come to be made.
extension World {
    var appointmentCount: Int { properties.count }

    func appointment(_ id: Int) -> Appointment {
        precondition(id >= 1 && id <= appointmentCount, "no appointment \(id)")
        let property = properties[id - 1].property
        var random = Random(seed: seed, account: account, .appointment, UInt64(id))
        let day =
            WorkClock.firstDay + random.below(WorkClock.weeks) * 7 + random.below(5)
        let start = day * 86_400 + random.within(8...15) * 3_600 + random.below(4) * 900
        // Most take a part of a day; works on the house some days.
        let isLong = random.percent(10)
        let length = isLong ? random.within(2...9) * 86_400 : random.within(1...6) * 1_800
        let kinds =
            isLong
            ? ["Gerüst am Haus", "Strangsanierung", "Dacharbeiten"]
            : [
                "Ablesung der Zähler", "Wartung der Heizung", "Eigentümerversammlung",
                "Begehung mit dem Hausmeister", "Prüfung der Rauchmelder",
            ]
        let street = property.address?.streetAddress ?? property.name
        return Appointment(
            id: UInt64(id), title: random.pick(kinds),
            description: random.percent(40) ? "Bitte den Zugang zu allen Räumen sichern." : nil,
            dateStart: WallTime(day1970: start), dateEnd: WallTime(day1970: start + length),
            location: street, customerId: property.customerId)
    }
}

extension WallTime {
    /// A local time by its seconds since 1970-01-01 00:00:00.
    fileprivate init(day1970 seconds: Int) {
        let daysBefore1970 = 719_528
        self.init(seconds: UInt64(daysBefore1970 * 86_400 + seconds))
    }
}
