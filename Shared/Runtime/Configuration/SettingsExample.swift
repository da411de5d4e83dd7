extension AppSettings {
  /// The text of `.env.example`: every setting with its default and what it may be. `--print-settings` prints it.
  public static var exampleFile: String {
    let introduction = """
      # Axolotl's settings, each with its default. Copy to .env (or /etc/axolotl/axolotl.conf on an installed machine)
      # and uncomment what you change. The environment wins over the file; an unknown key or a bad value stops the start.

      # Where `make run` and `make demo` keep run-time and state folders, so that several copies can run at once.
      #AXOLOTL_HOME=.axolotl

      """
    return all.reduce(introduction) { text, key in
      let allowed = key.expectation == "text" ? "" : " (\(key.expectation))"
      return text + "\n# \(key.summary)\(allowed)\n#\(key.name)=\(key.defaultText)\n"
    }
  }
}
