import JSON

/// One fault of a request, as a problem lists it.
public struct Fault: Equatable, Sendable {
    /// Where: a JSON Pointer into the body, or `?name` for a query parameter.
    public var pointer: String
    /// What kind.
    public var code: FaultCode
    /// What was expected, for people.
    public var detail: String

    /// A fault at that place.
    public init(pointer: String, code: FaultCode, detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }

    /// Writes the three members.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("pointer", pointer)
        writer.member("code", code)
        writer.member("detail", detail)
        writer.endObject()
    }
}

extension Fault: ContractModel {
    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        guard faults.expectObject(value) else { return nil }
        let pointer = faults.at("pointer") { faults in
            value["pointer"].flatMap { faults.string($0) }
        }
        let code: FaultCode? = faults.at("code") { faults in
            value["code"].flatMap { faults.choice($0) }
        }
        let detail = faults.at("detail") { faults in
            value["detail"].flatMap { faults.string($0) }
        }
        guard let pointer, let code, let detail else {
            faults.add(.required, "expected pointer, code and detail")
            return nil
        }
        self.init(pointer: pointer, code: code, detail: detail)
    }
}

/// The faults found so far, and the place in the body that is being looked at.
///
/// Decoding never stops at the first fault, because whoever sent the body wants to know them all. A place is
/// kept as a stack of constants and indices; its text is made only when there is a fault.
public struct Faults: @unchecked Sendable {
    // SAFETY: only `path` leads to memory of a parser, and it is empty when nothing is being decoded.
    /// One step of a JSON Pointer.
    private enum Step {
        case member(StaticString)
        case index(Int)
        /// A name that the client chose, in the document being decoded.
        case foreign(JSONString)
    }

    /// The faults, at most `Limits.listedFaults` of them.
    public private(set) var listed: [Fault] = []
    /// How many there are beyond those listed.
    public private(set) var unlisted = 0
    private var path: [Step] = []
    /// How many the parts had that were read apart.
    private var apart = 0

    /// None so far.
    public init() {}

    /// True as long as nothing is wrong.
    public var isEmpty: Bool { listed.isEmpty }

    /// How many there are.
    public var count: Int { listed.count + unlisted }

    // MARK: The place

    /// Steps into a member for as long as `read` runs.
    @inline(__always)
    public mutating func at<Result, Failure: Error>(
        _ member: StaticString, _ read: (inout Faults) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        path.append(.member(member))
        defer { path.removeLast() }
        return try read(&self)
    }

    /// Steps into an element for as long as `read` runs.
    @inline(__always)
    public mutating func at<Result, Failure: Error>(
        index: Int, _ read: (inout Faults) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        path.append(.index(index))
        defer { path.removeLast() }
        return try read(&self)
    }

    /// Steps into a member that is the client's own for as long as `read` runs.
    mutating func at(foreign name: JSONString, _ read: (inout Faults) -> Void) {
        path.append(.foreign(name))
        defer { path.removeLast() }
        read(&self)
    }

    /// Reads a part whose faults are its own affair: they are not listed here.
    ///
    /// - Returns: what `read` returns, and the part's faults: its first one at least, and as many as all
    ///   parts together may list.
    public mutating func apart<Result, Failure: Error>(
        _ read: (inout Faults) throws(Failure) -> Result
    ) throws(Failure) -> (result: Result, faults: [Fault]) {
        var own = Faults()
        own.path = path
        let result = try read(&own)
        let kept = own.listed.prefix(max(1, Limits.listedFaults - apart))
        apart += kept.count
        return (result, Array(kept))
    }

    private var pointer: String {
        var pointer = ""
        for step in path {
            switch step {
            case .member(let name): pointer += "/\(name)"
            case .index(let index): pointer += "/\(index)"
            case .foreign(let name): pointer += "/\(Self.escaped(name))"
            }
        }
        return pointer
    }

    /// `~` and `/` have a meaning in pointers (RFC 6901, 3); only names that others chose can hold them.
    private static func escaped(_ name: JSONString) -> String {
        // SAFETY: the name's bytes live in the document being decoded.
        let name = UnsafeRawBufferPointer(name.bytes).quoted()
        var escaped = ""
        for character in name.unicodeScalars {
            switch character {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    // MARK: Adding

    /// Adds a fault at the present place.
    public mutating func add(_ code: FaultCode, _ detail: @autoclosure () -> String) {
        guard hasRoom() else { return }
        listed.append(Fault(pointer: pointer, code: code, detail: detail()))
    }

    /// Adds a fault at a member of the present place.
    public mutating func add(
        _ code: FaultCode, member: StaticString, _ detail: @autoclosure () -> String
    ) {
        guard hasRoom() else { return }
        listed.append(Fault(pointer: "\(pointer)/\(member)", code: code, detail: detail()))
    }

    /// Adds a fault at a place that is known as a pointer.
    public mutating func add(
        _ code: FaultCode, pointer: String, _ detail: @autoclosure () -> String
    ) {
        guard hasRoom() else { return }
        listed.append(Fault(pointer: pointer, code: code, detail: detail()))
    }

    /// Adds faults that were found elsewhere.
    public mutating func add(_ faults: [Fault]) {
        for fault in faults where hasRoom() { listed.append(fault) }
    }

    /// Adds a fault of a query parameter.
    public mutating func add(
        _ code: FaultCode, parameter: String, _ detail: @autoclosure () -> String
    ) {
        guard hasRoom() else { return }
        listed.append(Fault(pointer: "?\(parameter)", code: code, detail: detail()))
    }

    /// A required member is not there.
    mutating func missing(_ member: StaticString) {
        add(.required, member: member, "\(member) is missing")
    }

    /// Lets a member pass that is known and comes for the first time.
    mutating func admit(_ name: JSONString, place: Int, seen: inout UInt32) -> Bool {
        if place < 0 {
            addNamed(
                .unknownMember, name, "the contract has no member of this name here: leave it out")
            return false
        }
        if seen & 1 << place != 0 {
            addNamed(.duplicateMember, name, "the member occurs more than once: send it once")
            return false
        }
        seen |= 1 << place
        return true
    }

    /// A name of a free-form object that is there twice.
    mutating func duplicate(_ name: JSONString) {
        addNamed(.duplicateMember, name, "the member occurs more than once: send it once")
    }

    private mutating func addNamed(_ code: FaultCode, _ name: JSONString, _ detail: String) {
        guard hasRoom() else { return }
        listed.append(
            Fault(pointer: "\(pointer)/\(Self.escaped(name))", code: code, detail: detail))
    }

    /// Lets a parameter pass that comes for the first time.
    mutating func admit(_ parameter: StaticString, place: Int, seen: inout UInt32) -> Bool {
        if seen & 1 << place != 0 {
            add(
                .duplicateParameter, parameter: "\(parameter)",
                "the parameter occurs more than once: send it once")
            return false
        }
        seen |= 1 << place
        return true
    }

    private mutating func hasRoom() -> Bool {
        if listed.count < Limits.listedFaults { return true }
        unlisted += 1
        return false
    }
}
