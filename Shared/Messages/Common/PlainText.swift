/// Names and descriptions from outside: one line of what can be seen.
///
/// Refused are control characters and line breaks, and what is invisible or turns the text around it (U+202E and its
/// kind): a name could pass for another one, or change how the words beside it read.
public enum PlainText {
  public static func isPlain(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.allSatisfy { index in
      let scalar = scalars[index]
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: return false
      default: break
      }
      guard isInvisible(scalar) else { return true }
      return index > 0 && isAllowed(scalar, after: scalars[index - 1], before: scalars.dropFirst(index + 1).first)
    }
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    // U+FFF9 to U+FFFB annotate what is between them.
    return properties.isDefaultIgnorableCodePoint || properties.isBidiControl
      || (0xFFF9...0xFFFB).contains(scalar.value)
  }

  /// What is invisible and yet belongs to the writing: the joiners of emoji and of Arabic and Indic letters, and the
  /// selectors of a character's form.
  private static func isAllowed(
    _ scalar: Unicode.Scalar, after previous: Unicode.Scalar, before next: Unicode.Scalar?
  ) -> Bool {
    switch scalar.value {
    case 0x180B...0x180D, 0x180F, 0xFE00...0xFE0F, 0xE0100...0xE01EF: return !isInvisible(previous)
    case 0x200C, 0x200D: break
    default: return false
    }
    guard let next else { return false }
    if joins(previous), joins(next) { return true }
    return scalar.value == 0x200D && endsEmoji(previous) && isEmoji(next)
  }

  /// Of scripts that write with joiners: Arabic to Arabic Extended-A, Devanagari to Sinhala, Khmer.
  private static func joins(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0600...0x08FF, 0x0900...0x0DFF, 0x1780...0x17FF: !isInvisible(scalar)
    default: false
    }
  }

  private static func endsEmoji(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == 0xFE0F || scalar.properties.isEmojiModifier || isEmoji(scalar)
  }

  /// Digits, `#` and `*` count as emoji, too, but are joined to nothing.
  private static func isEmoji(_ scalar: Unicode.Scalar) -> Bool { scalar.value > 0xFF && scalar.properties.isEmoji }
}
