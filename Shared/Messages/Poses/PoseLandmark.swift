/// The 33 body landmarks of BlazePose, in the order in which the landmark model, the observations on the bus and every
/// exported file list them. "Left" and "right" are the person's own sides.
///
/// Source: MediaPipe's pose landmark topology (`mediapipe/modules/pose_landmark/pose_landmark_topology.svg`).
public enum PoseLandmark: Int, CaseIterable, Sendable {
  case nose
  case leftEyeInner
  case leftEye
  case leftEyeOuter
  case rightEyeInner
  case rightEye
  case rightEyeOuter
  case leftEar
  case rightEar
  case mouthLeft
  case mouthRight
  case leftShoulder
  case rightShoulder
  case leftElbow
  case rightElbow
  case leftWrist
  case rightWrist
  case leftPinky
  case rightPinky
  case leftIndex
  case rightIndex
  case leftThumb
  case rightThumb
  case leftHip
  case rightHip
  case leftKnee
  case rightKnee
  case leftAnkle
  case rightAnkle
  case leftHeel
  case rightHeel
  case leftFootIndex
  case rightFootIndex

  /// How many landmarks a pose has.
  public static let count = 33

  /// MediaPipe's name for the landmark, in snake case: `left_foot_index`.
  public var name: String { Self.names[rawValue] }

  /// The landmark of that name, or nil if there is none.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name) else { return nil }
    self.init(rawValue: index)
  }

  private static let names = [
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb",
    "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot_index", "right_foot_index",
  ]
}
