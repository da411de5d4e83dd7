/// What `/api/openapi.json` says of a route beyond its line in the table.
struct RouteDocumentation {
  struct Query {
    let name: String
    let isRequired: Bool
    let description: String
    var schema = Schema.text
  }

  /// What comes with one status: its media types and, for JSON, what is in it.
  struct Answer {
    var content: [(type: String, schema: Schema?)]
  }

  var query: [Query] = []
  /// Media types of the body, if it takes one.
  var requestTypes: [String] = []
  /// What a body in JSON must be.
  var requestSchema: Schema?
  /// Whether a request without a body is one with nothing in it.
  var isBodyOptional = false
  /// Media type of a success.
  var responseType = HTTPResponse.jsonType
  /// What a success in JSON is.
  var responseSchema: Schema?
  var successStatus = 200
  /// Answers besides the success that are no problem documents.
  var otherAnswers: [Int: Answer] = [:]
  /// Statuses besides the success, each a problem document.
  var problems: [Int] = []

  var answers: [Int: Answer] {
    let success = Answer(content: [(responseType, responseType == HTTPResponse.jsonType ? responseSchema : nil)])
    return otherAnswers.merging([successStatus: success]) { _, success in success }
  }
}
