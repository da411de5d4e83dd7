import Messages
import Timing

/// Three aligned sets in a row: where joints are in the middle one, and how they move through it.
struct SetMotion {
  let from: AlignedSet
  let through: AlignedSet
  let to: AlignedSet

  var seconds: Double { Double(to.time - from.time) / 1e6 }

  /// A joint as all cameras of a rig saw it, in the order of the three sets.
  struct Triple {
    var before = Sightings()
    var middle = Sightings()
    var after = Sightings()
  }

  /// Cameras that are missing from one of the sets, or whose pictures changed size, are left out.
  ///
  /// - Parameter cameraOf: which of the rig's cameras a view is of; nil for none.
  func sightings(of joint: PoseLandmark, cameraOf: (AlignedView) -> Int?) -> Triple {
    var triple = Triple()
    for view in through.views {
      guard let before = from.views.first(where: { $0.device == view.device }),
        let after = to.views.first(where: { $0.device == view.device }), before.size == view.size,
        after.size == view.size, let camera = cameraOf(view)
      else { continue }
      triple.before[camera] = Sighting(before.joints[joint.rawValue])
      triple.middle[camera] = Sighting(view.joints[joint.rawValue])
      triple.after[camera] = Sighting(after.joints[joint.rawValue])
    }
    return triple
  }
}
