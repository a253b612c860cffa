/// Why an operation does not get its input.
public enum InputRefusal: Error {
    /// The query has faults, or the body is not JSON: this is the answer.
    case problem(Problem)
    /// The body is JSON that its schema refuses. Which of its references name no record only the store
    /// can tell, and a problem lists all faults.
    case body(Faults, BodyReferences)
}
