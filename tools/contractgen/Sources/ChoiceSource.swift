/// Generates the closed sets of strings: enums, and the country codes as bits.
enum ChoiceSource {
    static func source(_ schema: Schema, _ choices: [String]) -> Source {
        let isCodes = choices.count > 64 && choices.allSatisfy { $0.utf8.count == 2 }
        return isCodes ? codes(schema, choices) : enumeration(schema, choices)
    }

    private static func enumeration(_ schema: Schema, _ choices: [String]) -> Source {
        var source = Source(imports: ["JSON"])
        source.doc(schema.description)
        source.block("public enum \(schema.name): UInt8, ContractChoice, CaseIterable") { source in
            for choice in choices {
                source.doc("`\(choice)`")
                source.line("case \(choice.camelCased.declared)")
            }
        }
        source.line()
        source.block("extension \(schema.name)") { source in
            source.doc("What a fault says.")
            source.line("public static let expectation: StaticString =")
            source.indented { $0.line("\"one of \(choices.joined(separator: ", "))\"") }
            source.line()
            source.doc("The word that the contract has for it.")
            source.block("public var name: StaticString") { source in
                source.line("switch self {")
                for choice in choices {
                    source.line("case .\(choice.camelCased): \(choice.literal)")
                }
                source.line("}")
            }
            source.line()
            source.doc("The choice of that name.")
            source.block("public init?(_ text: JSONString)") { source in
                source.block("for choice in Self.allCases where text.matches(choice.name)") {
                    $0.line("self = choice")
                    $0.line("return")
                }
                source.line("return nil")
            }
            source.line()
            source.doc("Writes the name.")
            source.block("public func write(to writer: inout JSONWriter)") {
                $0.line("writer.value(name)")
            }
        }
        return source
    }

    /// Two upper-case letters: a row of 26 bits for each first letter.
    private static func codes(_ schema: Schema, _ codes: [String]) -> Source {
        var source = Source(imports: ["JSON"])
        source.doc(schema.description)
        source.block("public struct \(schema.name): ContractChoice, Hashable") { source in
            source.comment("The two letters.")
            source.line("private let first: UInt8")
            source.line("private let second: UInt8")
            source.line()
            source.doc("What a fault says.")
            source.line("public static let expectation: StaticString =")
            source.indented { $0.line("\"\(schema.description.expectation)\"") }
            source.line()
            source.doc("The code of those two letters, if it is assigned.")
            source.block("public init?(_ text: JSONString)") { source in
                source.line("guard text.count == 2 else { return nil }")
                source.line("self.init(text.bytes[0], text.bytes[1])")
            }
            source.line()
            source.doc("The code of those two letters, if it is assigned.")
            source.block("public init?(_ text: String)") { source in
                source.line("let letters = Array(text.utf8)")
                source.line("guard letters.count == 2 else { return nil }")
                source.line("self.init(letters[0], letters[1])")
            }
            source.line()
            source.block("private init?(_ first: UInt8, _ second: UInt8)") { source in
                source.line("let column = second &- UInt8(ascii: \"A\")")
                source.line("guard column < 26, Self.row(first) >> column & 1 == 1")
                source.line("else { return nil }")
                source.line("self.first = first")
                source.line("self.second = second")
            }
            source.line()
            source.doc("Writes the code.")
            source.block("public func write(to writer: inout JSONWriter)") {
                $0.line("writer.value(String(self))")
            }
            source.line()
            rows(&source, codes)
        }
        source.line()
        source.block("extension String") { source in
            source.doc("The two letters.")
            source.block("public init(_ code: \(schema.name))") { source in
                source.line("self = code.text")
            }
        }
        source.line()
        source.block("extension \(schema.name)") { source in
            source.block("fileprivate var text: String") { source in
                source.comment("Two bytes fit into the String itself: nothing is allocated.")
                source.line("String(unsafeUninitializedCapacity: 2) { letters in")
                source.indented {
                    $0.line("(letters[0], letters[1]) = (first, second)")
                    $0.line("return 2")
                }
                source.line("}")
            }
        }
        return source
    }

    private static func rows(_ source: inout Source, _ codes: [String]) {
        source.comment("A bit for each second letter, A lowest.")
        source.block("private static func row(_ first: UInt8) -> UInt32") { source in
            source.line("switch first {")
            for letter in Set(codes.map { $0.first! }).sorted() {
                let row = codes.filter { $0.first == letter }
                let bits = row.reduce(UInt32(0)) {
                    $0 | 1 << UInt32($1.utf8.last! - UInt8(ascii: "A"))
                }
                let digits = String(bits, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: 7 - digits.count)
                source.line("case UInt8(ascii: \"\(letter)\"):")
                source.indented { source in
                    source.comment(row.joined(separator: " "))
                    source.line("return 0x\(zeros)\(digits)")
                }
            }
            source.line("default: return 0")
            source.line("}")
        }
    }
}

extension String {
    /// `An officially … code.` as the object of `expected`.
    fileprivate var expectation: String {
        prefix(1).lowercased() + dropFirst().prefix { $0 != "." }
    }
}
