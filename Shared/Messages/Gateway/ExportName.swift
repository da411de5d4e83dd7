extension ExportFormat {
  /// The name under which a session's poses are downloaded, and which the first line of a TRC gives:
  /// `<session>-poses.trc`, `<session>-poses-final.trc`.
  public func fileName(of session: SessionID, times: PoseTimes) -> String {
    "\(session.text)-poses\(times == .final ? "-final" : "").\(rawValue)"
  }
}
