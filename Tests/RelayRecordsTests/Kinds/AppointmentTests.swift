import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@Suite("Appointments")
struct AppointmentTests {
    /// As many as make the classes of length meet: from a minute to years.
    private static let lengths: [UInt64] = [1, 60, 3_599, 3_600, 86_400, 600_000, 40_000_000]

    private func random(_ random: inout SplitMix) -> NewAppointment {
        let start = UInt64.random(in: 0..<300_000, using: &random) + 63_000_000_000
        let longest = Self.lengths.randomElement(using: &random)!
        let end = start + UInt64.random(in: 1...longest, using: &random)
        return NewAppointment(
            title: "t", dateStart: WallTime(seconds: start), dateEnd: WallTime(seconds: end),
            location: "", customerId: UInt64.random(in: 1...2, using: &random))
    }

    @Test("Every window, page and cursor agrees with a sorted array, through all changes.")
    func model() throws {
        let fixture = try RecordFixture()
        try fixture.customer()
        try fixture.customer("Süd")
        var source = SplitMix(state: 3)
        var model: [UInt64: Appointment] = [:]
        for round in 0..<900 {
            let new = random(&source)
            switch Int.random(in: 0..<10, using: &source) {
            case 0 where !model.isEmpty:
                let id = model.keys.sorted().randomElement(using: &source)!
                try fixture.must(DeleteAppointment(id, .none))
                model[id] = nil
            case 1...2 where !model.isEmpty:
                let id = model.keys.sorted().randomElement(using: &source)!
                let patch = AppointmentPatch(
                    dateStart: new.dateStart, dateEnd: new.dateEnd, customerId: new.customerId)
                try fixture.must(UpdateAppointment(id, patch, .none))
                model[id]!.dateStart = new.dateStart
                model[id]!.dateEnd = new.dateEnd
                model[id]!.customerId = new.customerId
            default:
                let id = try fixture.must(CreateAppointment(new)).createdID!
                model[id] = Appointment(
                    id: id, title: "t", dateStart: new.dateStart, dateEnd: new.dateEnd,
                    location: "", customerId: new.customerId)
            }
            if round % 150 == 149 { try compare(fixture, model, &source) }
        }
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
        #expect(try fixture.store.check().faults == [])
    }

    private func compare(
        _ fixture: RecordFixture, _ model: [UInt64: Appointment], _ source: inout SplitMix
    ) throws {
        let reader = try fixture.store.makeReader()
        let page = SelectedPage()
        let all = model.values.sorted { ($0.dateStart, $0.id) < ($1.dateStart, $1.id) }
        for _ in 0..<60 {
            let some = all.randomElement(using: &source)!
            // Edges of appointments, where one second more or less counts.
            let edges = [some.dateStart, some.dateEnd, random(&source).dateStart]
            let from = Bool.random(using: &source) ? edges.randomElement(using: &source) : nil
            let length = UInt64.random(in: 1...200_000, using: &source)
            let to =
                Bool.random(using: &source)
                ? WallTime(seconds: (from ?? some.dateStart).seconds + length) : nil
            let customer = Bool.random(using: &source) ? some.customerId : nil
            let wanted = all.filter {
                (from == nil || $0.dateEnd > from!) && (to == nil || $0.dateStart < to!)
                    && (customer == nil || $0.customerId == customer)
            }.map(\.id)
            let window = AppointmentWindow(account: 1, customer: customer, from: from, to: to)
            let offset = Int.random(in: 0...wanted.count + 2, using: &source)
            let limit = [1, 3, 10, 50, 1_000].randomElement(using: &source)!
            var start = SelectionStart(skip: UInt64(offset))
            var rest = wanted.dropFirst(offset)
            // From this page on to the end.
            while true {
                try window.fill(page, reader.view, from: start, limit: limit)
                #expect(page.total == UInt64(wanted.count))
                #expect(try ids(page, reader.view) == Array(rest.prefix(limit)))
                rest = rest.dropFirst(limit)
                #expect(page.isLast == rest.isEmpty)
                if page.isLast || rest.isEmpty { break }
                start = page.next
            }
        }
    }

    /// The records of a page: those that were found one by one, then the neighbours, as they are told by the
    /// ids in the bytes that are sent.
    private func ids(
        _ page: SelectedPage, _ view: borrowing StoreView
    ) throws(StoreError) -> [UInt64] {
        var ids = page.keys.map(\.recordID)
        guard let range = page.coveringRange else { return ids }
        let before = ids.count
        let result = try view.appendRuns(range, maxBytes: .max) { run in
            let text = String(decoding: run, as: UTF8.self)
            // {"id":12,"title":…
            for part in text.split(separator: "{\"id\":") {
                ids.append(UInt64(part.prefix { $0.isNumber }) ?? 0)
            }
        }
        #expect(result.documents == range.count && ids.count == before + range.count)
        #expect(result.lastKey?.recordID == ids.last && page.next.after == result.lastKey)
        return ids
    }

    @Test("When more candidates stand in the way than a request may look at, the cursor goes on.")
    func budget() throws {
        let fixture = try RecordFixture()
        try fixture.customer()
        let applier = RecordApplier()
        let base: UInt64 = 63_000_000_000
        // All of one class of length; only each hundredth still runs at the moment.
        try fixture.store.write { (transaction) throws(StoreError) in
            for index in UInt64(0)..<1_100 {
                let start = base + index
                let end = index % 100 == 0 ? start + 2_000 : start + 1_025
                let new = NewAppointment(
                    title: "t", dateStart: WallTime(seconds: start),
                    dateEnd: WallTime(seconds: end), location: "", customerId: 1)
                _ = try applier.apply(
                    CreateAppointment(new), account: 1, time: RecordFixture.time,
                    to: &transaction)
            }
        }
        let reader = try fixture.store.makeReader()
        var window = AppointmentWindow(
            account: 1, customer: nil, from: WallTime(seconds: base + 2_130), to: nil)
        window.scanBudget = 500
        let page = SelectedPage()
        try window.fill(page, reader.view, from: SelectionStart(skip: 8), limit: 50)
        #expect(page.total == 9 && page.keys.isEmpty && !page.isLast)
        var start = page.next
        var ids: [UInt64] = []
        repeat {
            try window.fill(page, reader.view, from: start, limit: 2)
            ids += try self.ids(page, reader.view)
            start = page.next
        } while !page.isLast
        #expect(ids == [1_001])
    }

    @Test("A store that fills up has all copies, and lets appointments be deleted and made again.")
    func fullStore() throws {
        let fixture = try RecordFixture(
            options: StoreOptions(
                mapBytes: 8 << 20, quotaBytes: 3 << 20, durability: .mayCorruptStore))
        try fixture.customer()
        var source = SplitMix(state: 5)
        var ids: [UInt64] = []
        // Full, then fuller by what grows, then emptied and full again, but for the change log.
        for _ in 0..<2 {
            for bytes in [6_000, 900, 10] {
                var new = random(&source)
                repeat {
                    new = random(&source)
                    new.customerId = 1
                    new.description = String(repeating: "d", count: bytes)
                } while try applyIfRoom(CreateAppointment(new), fixture, &ids)
            }
            var refused = 0
            for id in ids.shuffled(using: &source).prefix(300) {
                let start = random(&source).dateStart
                let patch = AppointmentPatch(
                    description: String(repeating: "e", count: Int(id * 37 % 3_000)),
                    dateStart: start, dateEnd: WallTime(seconds: start.seconds + 60))
                var none: [UInt64] = []
                if try !applyIfRoom(UpdateAppointment(id, patch, .none), fixture, &none) {
                    refused += 1
                }
            }
            #expect(refused > 0 && ids.count > 30, "\(refused) of \(ids.count)")
            try expectSound(fixture)
            for id in ids.shuffled(using: &source) {
                try fixture.must(DeleteAppointment(id, .none))
            }
            ids = []
            try expectSound(fixture)
        }
    }

    /// Applies a change; false when the store is full.
    private func applyIfRoom(
        _ change: any RecordChange, _ fixture: RecordFixture, _ ids: inout [UInt64]
    ) throws -> Bool {
        do {
            let answer = try fixture.apply(change)
            #expect(answer.problem == nil)
            if let id = answer.createdID { ids.append(id) }
            return true
        } catch StoreError.storeFull {
            return false
        }
    }

    private func expectSound(_ fixture: RecordFixture) throws {
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
        #expect(try fixture.store.check().faults == [])
    }

    @Test("A check finds a list that has lost all of its copies.")
    func lostEntries() throws {
        let fixture = try RecordFixture()
        try fixture.customer()
        var source = SplitMix(state: 6)
        var starts: [UInt64: UInt64] = [:]
        for _ in 0..<40 {
            var new = random(&source)
            new.customerId = 1
            starts[try fixture.must(CreateAppointment(new)).createdID!] = new.dateStart.seconds
        }
        let list = RecordList.appointmentsByStart.key(1)
        try fixture.store.write { (transaction) throws(StoreError) in
            for (id, start) in starts {
                try transaction.deleteCoveringEntry(
                    of: Resource.appointment.key(1, id), in: list, by: start)
            }
        }
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings.count == 40)
    }

    @Test("A load that moves appointments, some twice, leaves their copies where they belong.")
    func load() throws {
        let from = try RecordFixture()
        let into = try RecordFixture()
        try from.customer()
        var source = SplitMix(state: 8)
        var ids: [UInt64] = []
        for index in 0..<60 {
            var new = random(&source)
            new.customerId = 1
            new.description = String(repeating: "d", count: index * 113)
            ids.append(try from.must(CreateAppointment(new)).createdID!)
        }
        let first = try DumpedLines(from.store)
        #expect(try first.load(into: into).faults.isEmpty)
        for id in ids.prefix(40) {
            let start = random(&source).dateStart
            let patch = AppointmentPatch(
                description: id % 3 == 0 ? String(repeating: "m", count: 5_000) : "s",
                dateStart: start, dateEnd: WallTime(seconds: start.seconds + 60))
            try from.must(UpdateAppointment(id, patch, .none))
        }
        let second = try DumpedLines(from.store)
        // The new state, the old one and the new one again, in one file.
        let records = first.lines.dropFirst().dropLast()
        let both = DumpedLines(
            second.lines.dropLast() + records + second.lines.dropFirst())
        #expect(try both.load(into: into).faults.isEmpty)
        #expect(try DumpedLines(into.store).records == second.records)
        try expectSound(into)
    }
}
