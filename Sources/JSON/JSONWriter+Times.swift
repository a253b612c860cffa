import CivilTime

extension JSONWriter {
    /// A member with a time.
    public mutating func member(_ name: StaticString, _ timestamp: Timestamp) {
        self.name(name)
        value(timestamp)
    }

    /// A member with a local time.
    public mutating func member(_ name: StaticString, _ time: WallTime) {
        self.name(name)
        value(time.description)
    }

    /// A member with a month.
    public mutating func member(_ name: StaticString, _ month: CalendarMonth) {
        self.name(name)
        value(month.description)
    }
}
