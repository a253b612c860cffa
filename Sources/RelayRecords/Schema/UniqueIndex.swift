/// A text that names one record of an account. Raw values are part of the bytes on disk.
public enum UniqueIndex: UInt8, Sendable {
    case externalID = 1
    case internalID = 2
    /// A unit and a month, which name the unit's energy data.
    case eedMonth = 20
}
