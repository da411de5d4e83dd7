import CAVFormat
import Glibc

/// One Matroska file of JPEG frames being written by libavformat, every frame in a cluster of its own.
///
/// A cluster is complete when `append` returns, so a file that is cut off after any frame opens in every player.
final class MatroskaMuxer {
  /// Where the next cluster will start.
  var endOffset: Int64 { sink.position }

  private let context: UnsafeMutablePointer<AVFormatContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private let sink: MuxerSink

  /// Writes the file's header.
  ///
  /// - Parameter created: RFC 3339, the instant of time 0.
  init(
    file: any RecordingFileHandle, width: UInt16, height: UInt16, created: String
  ) throws(DiskFailure) {
    sink = try MuxerSink(file: file)
    var made: UnsafeMutablePointer<AVFormatContext>?
    guard avformat_alloc_output_context2(&made, nil, "matroska", nil) >= 0, let made, let packet = av_packet_alloc()
    else { throw Self.libraryFailure }
    context = made
    self.packet = packet
    context.pointee.pb = sink.avio
    guard let stream = avformat_new_stream(context, nil) else { throw Self.libraryFailure }
    let parameters = stream.pointee.codecpar!
    parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
    parameters.pointee.codec_id = AV_CODEC_ID_MJPEG
    parameters.pointee.width = Int32(width)
    parameters.pointee.height = Int32(height)
    stream.pointee.time_base = AVRational(num: 1, den: 1000)
    av_dict_set(&context.pointee.metadata, "creation_time", created, 0)
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    // The index has its own checksums; these would cost a pass over every byte.
    av_dict_set(&options, "write_crc32", "0", 0)
    let result = avformat_write_header(context, &options)
    try sink.flush()
    guard result >= 0 else { throw Self.libraryFailure }
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
    context.pointee.pb = nil
    avformat_free_context(context)
  }

  /// Writes one frame as one complete cluster.
  func append(_ jpeg: UnsafeRawBufferPointer, timestampMilliseconds: Int64) throws(DiskFailure) {
    packet.pointee.data = UnsafeMutablePointer(mutating: jpeg.baseAddress?.assumingMemoryBound(to: UInt8.self))
    packet.pointee.size = Int32(jpeg.count)
    packet.pointee.pts = timestampMilliseconds
    packet.pointee.dts = timestampMilliseconds
    packet.pointee.stream_index = 0
    packet.pointee.flags = AV_PKT_FLAG_KEY
    let written = av_write_frame(context, packet)
    packet.pointee.data = nil
    packet.pointee.size = 0
    // A null packet ends the cluster.
    let ended = av_write_frame(context, nil)
    try sink.flush()
    guard written >= 0, ended >= 0 else { throw Self.libraryFailure }
  }

  /// Writes the seek index and the duration. The muxer must not be used afterwards.
  func finish() throws(DiskFailure) {
    let result = av_write_trailer(context)
    try sink.flush()
    guard result >= 0 else { throw Self.libraryFailure }
  }

  private static let libraryFailure = DiskFailure(operation: "libavformat", errno: EIO)
}

/// Takes libavformat's output and writes it with as few system calls as there are frames.
private final class MuxerSink {
  private(set) var avio: UnsafeMutablePointer<AVIOContext>!
  private(set) var position: Int64 = 0
  private let file: any RecordingFileHandle
  /// Small pieces that wait for the next large one; they end at `position`.
  private var pending: [UInt8] = []
  private var size: Int64 = 0
  private var failure: DiskFailure?

  private static let bufferSize: Int32 = 4096

  init(file: any RecordingFileHandle) throws(DiskFailure) {
    self.file = file
    avio = avio_alloc_context(
      av_malloc(Int(Self.bufferSize))?.assumingMemoryBound(to: UInt8.self), Self.bufferSize, 1,
      Unmanaged.passUnretained(self).toOpaque(), nil,
      { opaque, bytes, count in
        let sink = Unmanaged<MuxerSink>.fromOpaque(opaque!).takeUnretainedValue()
        return sink.take(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
          ? count : axolotl_averror_io()
      },
      { opaque, offset, whence in
        Unmanaged<MuxerSink>.fromOpaque(opaque!).takeUnretainedValue().seek(offset, whence)
      })
    guard avio != nil else { throw DiskFailure(operation: "libavformat", errno: ENOMEM) }
    // Clusters are handed over whole, not in pieces of the buffer's size.
    avio.pointee.direct = 1
  }

  deinit {
    guard let avio else { return }
    av_free(avio.pointee.buffer)
    avio_context_free(&self.avio)
  }

  /// Writes what is pending, and throws what went wrong since the last call.
  func flush() throws(DiskFailure) {
    writeOut(UnsafeRawBufferPointer(start: nil, count: 0))
    if let failure { throw failure }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if bytes.count < Self.bufferSize {
      pending.append(contentsOf: bytes)
      position += Int64(bytes.count)
    } else {
      writeOut(bytes)
      position += Int64(bytes.count)
    }
    size = max(size, position)
    return failure == nil
  }

  private func writeOut(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil, pending.count + bytes.count > 0 else { return }
    let start = position - Int64(pending.count)
    let lost = pending.withUnsafeBytes { waiting -> DiskFailure? in
      do throws(DiskFailure) {
        try file.write([waiting, bytes], at: start)
        return nil
      } catch {
        return error
      }
    }
    pending.removeAll(keepingCapacity: true)
    failure = lost
  }

  private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    if whence & AVSEEK_SIZE != 0 { return size }
    let target: Int64 =
      switch whence & ~AVSEEK_FORCE {
      case SEEK_CUR: position + offset
      case SEEK_END: size + offset
      default: offset
      }
    guard target >= 0 else { return -1 }
    writeOut(UnsafeRawBufferPointer(start: nil, count: 0))
    position = target
    return target
  }
}
