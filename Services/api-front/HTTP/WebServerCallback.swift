import CLibWebSockets

/// The one function that lws calls, for every event of every connection. Nonzero closes the connection.
func webServerCallback(
  _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _: UnsafeMutableRawPointer?,
  _ input: UnsafeMutableRawPointer?, _ length: Int
) -> Int32 {
  guard let wsi, let context = lws_get_context(wsi), let user = lws_context_user(context) else { return 0 }
  let server = Unmanaged<WebServer>.fromOpaque(user).takeUnretainedValue()
  switch reason {
  case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
    return server.admitConnection(Int32(truncatingIfNeeded: Int(bitPattern: input))) ? 0 : -1
  case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
    let connection = HTTPConnection(
      server: server, wsi: wsi, countedAddress: server.countedAddress(lws_get_socket_fd(wsi)))
    attach(connection, to: wsi)
    server.connectionOpened(connection)
    return 0
  case LWS_CALLBACK_WSI_DESTROY:
    if let connection = detach(wsi) { server.connectionClosed(connection) }
    return 0
  case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return server.confirmUpgrade(wsi)
  case LWS_CALLBACK_RAW_RX: return server.refuseRaw(wsi)
  default: break
  }
  guard let connection = attached(to: wsi) else { return 0 }
  switch reason {
  case LWS_CALLBACK_HTTP: return connection.begin()
  case LWS_CALLBACK_HTTP_BODY:
    return connection.receiveBody(UnsafeRawBufferPointer(start: input, count: length))
  case LWS_CALLBACK_HTTP_BODY_COMPLETION: return connection.bodyComplete()
  case LWS_CALLBACK_HTTP_WRITEABLE: return connection.writable()
  case LWS_CALLBACK_CLOSED_HTTP:
    connection.closed()
    return 0
  case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return server.upgraded(connection)
  case LWS_CALLBACK_ESTABLISHED: connection.socket?.opened()
  case LWS_CALLBACK_RECEIVE: connection.socket?.received(UnsafeRawBufferPointer(start: input, count: length))
  case LWS_CALLBACK_SERVER_WRITEABLE: return connection.socket?.writable() ?? 0
  case LWS_CALLBACK_CLOSED: connection.socket?.closed()
  default: break
  }
  return 0
}

/// lws keeps the connection's object in its own; `detach` gives it back when lws frees that.
private func attach(_ connection: HTTPConnection, to wsi: OpaquePointer) {
  lws_set_opaque_user_data(wsi, Unmanaged.passRetained(connection).toOpaque())
}

private func attached(to wsi: OpaquePointer) -> HTTPConnection? {
  lws_get_opaque_user_data(wsi).map { Unmanaged<HTTPConnection>.fromOpaque($0).takeUnretainedValue() }
}

private func detach(_ wsi: OpaquePointer) -> HTTPConnection? {
  guard let pointer = lws_get_opaque_user_data(wsi) else { return nil }
  lws_set_opaque_user_data(wsi, nil)
  let connection = Unmanaged<HTTPConnection>.fromOpaque(pointer).takeRetainedValue()
  connection.socket?.closed()
  connection.closed()
  return connection
}
