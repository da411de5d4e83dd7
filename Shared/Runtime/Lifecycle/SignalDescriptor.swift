import CLinux
import Glibc

/// Signals as input of the loop (signalfd(2)). SIGPIPE is ignored: a write says so itself.
struct SignalDescriptor: ~Copyable {
  private let descriptor: OwnedDescriptor

  init(_ signals: [Int32]) throws(SystemError) {
    signal(SIGPIPE, SIG_IGN)
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    sigprocmask(SIG_BLOCK, &set, nil)
    descriptor = OwnedDescriptor(
      try systemCall("signalfd") { signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK)) })
  }

  var number: Int32 { descriptor.number }

  func consume() {
    var information = signalfd_siginfo()
    while read(number, &information, MemoryLayout<signalfd_siginfo>.size) > 0 {}
  }
}
