import Testing

@testable import relayctl

@Suite struct WorkClockTests {
    @Test("The axis begins on Monday, 4 January 2021, and ends on Friday, 27 December 2024.")
    func ends() {
        #expect(WorkClock.letterDate(WorkClock.start) == "Montag, 4. Januar")
        #expect(WorkClock.year(WorkClock.start) == 2021)
        #expect(WorkClock.letterDate(WorkClock.end) == "Freitag, 27. Dezember")
        #expect(WorkClock.year(WorkClock.end) == 2024)
    }

    @Test("Time passes only on weekdays and in working hours.")
    func workingTime() {
        for part in 0..<2000 {
            for time in [
                WorkClock.moment(part, of: 2000),
                WorkClock.later(than: WorkClock.moment(part, of: 2000), by: part * 77_777),
            ] {
                let day = time / WorkClock.millisecondsPerDay
                #expect((day + 3) % 7 < 5)
                let inDay = time % WorkClock.millisecondsPerDay - WorkClock.opens
                #expect((0..<WorkClock.hours).contains(inDay))
            }
        }
    }

    @Test("A working day later than Friday is Monday.")
    func weekend() {
        let friday = WorkClock.start + 4 * WorkClock.millisecondsPerDay
        #expect(WorkClock.letterDate(friday) == "Freitag, 8. Januar")
        let monday = WorkClock.later(than: friday, by: WorkClock.hours)
        #expect(WorkClock.letterDate(monday) == "Montag, 11. Januar")
    }

    @Test("The leap day is known.")
    func leapDay() {
        let day = 19_782 * WorkClock.millisecondsPerDay
        #expect(WorkClock.letterDate(day) == "Donnerstag, 29. Februar")
        #expect(WorkClock.year(day) == 2024)
    }
}
