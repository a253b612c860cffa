extension JSONWriter {
    /// A member with a string.
    public mutating func member(_ name: StaticString, _ string: String) {
        self.name(name)
        value(string)
    }

    /// A member with a boolean.
    public mutating func member(_ name: StaticString, _ boolean: Bool) {
        self.name(name)
        value(boolean)
    }

    /// A member with an integer.
    public mutating func member(_ name: StaticString, _ integer: Int) {
        self.name(name)
        value(integer)
    }

    /// A member with an integer.
    public mutating func member(_ name: StaticString, _ integer: UInt64) {
        self.name(name)
        value(integer)
    }

    /// A member with an integer written as a string of digits.
    public mutating func member(_ name: StaticString, digits integer: UInt64) {
        self.name(name)
        value(digits: integer)
    }

    /// A member with a number.
    public mutating func member(_ name: StaticString, _ double: Double) {
        self.name(name)
        value(double)
    }

    /// A member with a constant text.
    public mutating func member(_ name: StaticString, constant text: StaticString) {
        self.name(name)
        value(text)
    }
}
