import Runtime

extension PeerLinks.Configuration {
  init(_ settings: Settings) {
    self.init()
    peer.ports = settings[AppSettings.udpPorts]
    peer.stunServer = settings[AppSettings.stunServer]
  }
}
