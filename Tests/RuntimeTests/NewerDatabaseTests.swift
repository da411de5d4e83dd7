import Runtime
import Testing

@Suite struct NewerDatabaseTests {
  @Test func itStopsTheStartForGoodAndNamesFileAndReason() {
    let fault: any Error = NewerDatabase(path: "/state/tokens.db", reason: "storage_newer_schema: Restore a backup.")
    #expect(fault is any ConfigurationFault)
    #expect(String(describing: fault) == "/state/tokens.db: storage_newer_schema: Restore a backup.")
  }
}
