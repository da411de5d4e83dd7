import CLibWebSockets

/// Keeps a connection's further input waiting while a request of it is answered.
///
/// libwebsockets 4.1 does not read in that time, but is told of the input over and over, and so takes a whole core. To
/// pause its reading costs system calls, so that is done only once there is input: a watch in front of lws's tells.
final class InputHold {
  private unowned let server: WebServer
  private let wsi: OpaquePointer
  private lazy var watch = server.watch(lws_get_socket_fd(wsi), .readable, isFirst: true) { [unowned self] in
    noteInput()
  }
  private var isWatching = false
  private(set) var isPaused = false
  /// Whether the client has sent more, or closed its side, since `begin()`.
  private(set) var hasInput = false

  init(server: WebServer, wsi: OpaquePointer) {
    self.server = server
    self.wsi = wsi
  }

  /// From now on nothing is read.
  func begin() {
    guard !isPaused, !isWatching else { return }
    isWatching = true
    watch?.start()
  }

  /// There is input, perhaps in lws's own memory, of which no watch can tell.
  func noteInput() {
    hasInput = true
    pause()
  }

  func pause() {
    stop()
    guard !isPaused else { return }
    isPaused = true
    lws_rx_flow_control(wsi, 0)
  }

  /// Reading goes on.
  func end() {
    stop()
    hasInput = false
    guard isPaused else { return }
    isPaused = false
    lws_rx_flow_control(wsi, 1)
  }

  /// Nothing is watched any more; what is paused stays so.
  func stop() {
    guard isWatching else { return }
    isWatching = false
    watch?.stop()
  }
}
