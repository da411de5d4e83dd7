import Messages

/// Estimates poses, one frame at a time: decodes the JPEG as coarsely as the models allow, looks for a person with the
/// detector unless the tracker knows where one is, and reads the landmarks off the region.
///
/// An engine holds the buffers and inference requests of one worker. It remembers nothing between frames, so it may
/// serve any camera in turn; what has to be remembered is in the camera's `PoseTracker`. Not Sendable: one thread at a
/// time.
public final class PoseEngine {
  private let decoder = JPEGDecoder()
  private let detectionDecoder = DetectionDecoder()
  private let detector: InferenceRequest
  private let landmarkModel: InferenceRequest
  private var detectorSampler = RegionSampler(side: PoseModels.detectorSide, range: -1...1, border: .black)
  /// Where the time of the latest frame went, for metrics.
  public private(set) var durations = StageDurations()
  private var landmarkSampler = RegionSampler(side: PoseModels.landmarkSide, range: 0...1, border: .edge)

  public init(models: PoseModels) throws(PoseError) {
    let anchors = detectionDecoder.anchors.count
    detector = try InferenceRequest(
      model: models.detector, inputCount: PoseModels.detectorSide * PoseModels.detectorSide * 3,
      outputCounts: [anchors * DetectionDecoder.valuesPerBox, anchors])
    landmarkModel = try InferenceRequest(
      model: models.landmarks, inputCount: PoseModels.landmarkSide * PoseModels.landmarkSide * 3,
      outputCounts: [
        LandmarkDecoder.pointCount * LandmarkDecoder.valuesPerPoint, 1,
        HeatmapRefinement.side * HeatmapRefinement.side * HeatmapRefinement.channels, LandmarkDecoder.pointCount * 3,
      ])
  }

  /// The pose in a frame, or nil when nobody is in view.
  ///
  /// - Parameters:
  ///   - jpeg: the frame as the camera sent it. EXIF rotation is not applied: landmarks refer to the stored pixels.
  ///   - time: when it was taken, on any clock that one camera's frames share.
  ///   - tracker: the camera's memory. Left as it was when an error is thrown.
  public func estimate(
    jpeg: UnsafeRawBufferPointer, atMicroseconds time: Int64, tracker: inout PoseTracker
  ) throws(PoseError) -> PoseEstimate? {
    durations = StageDurations()
    let header = try decoder.header(of: jpeg)
    let known = tracker.region(inFrameOf: header.width, header.height, atMicroseconds: time)
    let searched = known == nil ? try search(jpeg, header) : nil
    guard let region = known ?? searched else {
      tracker.lost()
      return nil
    }
    let reduction = Self.reduction(of: region, to: landmarkSampler)
    let image = try durations.measure(\.decode) { () throws(PoseError) in
      try decoder.decode(jpeg, header: header, reduction: reduction)
    }
    try durations.measure(\.draw) { landmarkSampler.draw(region, of: image, into: landmarkModel.input) }
    let read = try durations.measure(\.landmarks) { () throws(PoseError) in try readLandmarks(in: region) }
    guard let (score, result) = read else {
      tracker.lost()
      return nil
    }
    tracker.found(result.alignment, inFrameOf: header.width, header.height, atMicroseconds: time)
    return PoseEstimate(
      frameWidth: header.width, frameHeight: header.height, landmarks: result.landmarks,
      worldLandmarks: result.worldLandmarks, score: score, region: region, detectorRan: known == nil)
  }

  /// The same for a frame in an array.
  public func estimate(
    jpeg: [UInt8], atMicroseconds time: Int64, tracker: inout PoseTracker
  ) throws(PoseError) -> PoseEstimate? {
    var outcome: Result<PoseEstimate?, PoseError> = .success(nil)
    jpeg.withUnsafeBytes { bytes in
      outcome = Result { () throws(PoseError) in
        try estimate(jpeg: bytes, atMicroseconds: time, tracker: &tracker)
      }
    }
    return try outcome.get()
  }

  /// Looks for a person in the whole frame; nil when there is none.
  private func search(_ jpeg: UnsafeRawBufferPointer, _ header: JPEGHeader) throws(PoseError) -> SquareRegion? {
    let frame = SquareRegion(letterboxing: header.width, header.height)
    let reduction = Self.reduction(of: frame, to: detectorSampler)
    let image = try durations.measure(\.decode) { () throws(PoseError) in
      try decoder.decode(jpeg, header: header, reduction: reduction)
    }
    try durations.measure(\.draw) { detectorSampler.draw(frame, of: image, into: detector.input) }
    let detections = try durations.measure(\.detect) { () throws(PoseError) in
      try detector.run()
      return WeightedSuppression.merge(
        detectionDecoder.detections(boxes: detector.output(0), scores: detector.output(1)))
    }
    guard let best = detections.first else { return nil }
    let region = SquareRegion(around: best.alignment(in: frame))
    return region.isUsable ? region : nil
  }

  /// Runs the landmark model on its input; nil when it sees nobody there.
  private func readLandmarks(
    in region: SquareRegion
  ) throws(PoseError) -> (score: Float, result: LandmarkDecoder.Result)? {
    try landmarkModel.run()
    let score = landmarkModel.output(1)[0]
    guard score >= LandmarkDecoder.minimumScore else { return nil }
    let outputs = LandmarkDecoder.Outputs(
      points: landmarkModel.output(0), heatmap: landmarkModel.output(2), world: landmarkModel.output(3))
    return (score, LandmarkDecoder.decode(outputs, region: region))
  }

  /// By how much a frame may shrink while decoding, so that a region still has a pixel for every cell of the tensor.
  /// Decoding at half size costs half as much, and averages pixels that sampling alone would skip.
  static func reduction(of region: SquareRegion, to sampler: RegionSampler) -> Int {
    [8, 4, 2].first { region.side / Float($0) >= Float(sampler.side) } ?? 1
  }
}
