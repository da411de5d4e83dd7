import CEV

/// Calls back, on the thread of one libev loop, when a descriptor can be read from or written to. Owns its `ev_io`.
///
/// libev merges all watchers of a descriptor: one beside lws's own, for the same event, costs no system call.
final class DescriptorWatch {
  enum Event: Int32 {
    case readable = 1
    case writable = 2
  }

  private let loop: OpaquePointer
  private let watcher = UnsafeMutablePointer<ev_io>.allocate(capacity: 1)
  private let body: () -> Void

  /// - Parameter isFirst: whether it is called before lws hears of the same event.
  init(loop: OpaquePointer, _ descriptor: Int32, _ event: Event, isFirst: Bool = false, _ body: @escaping () -> Void) {
    self.loop = loop
    self.body = body
    watcher.initialize(to: ev_io())
    axolotl_ev_io_init(
      watcher,
      { _, watcher, _ in
        guard let data = watcher?.pointee.data else { return }
        // The body may drop the last reference to it.
        withExtendedLifetime(Unmanaged<DescriptorWatch>.fromOpaque(data).takeUnretainedValue()) { $0.body() }
      }, descriptor, event.rawValue, isFirst ? 1 : 0, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    stop()
    watcher.deallocate()
  }

  func start() { ev_io_start(loop, watcher) }

  func stop() { ev_io_stop(loop, watcher) }
}
