//! What a random test leaves behind when it fails: the module in a file, and the command that makes it smaller.

use std::fmt::Write as _;

/// Writes a module of the text form that a test failed on to a file of the temporary folder, with the calls that show
/// it (`@f(1, -2)`, in the text form of values; none if it is not about a call). Returns what to tell: the place of the
/// file, how to make it smaller, and the module itself.
///
/// `test` and `seed` name the file: a run that fails again writes the same one.
#[must_use]
pub fn keep(test: &str, seed: u64, module: &str, calls: &[String]) -> String {
    let mut text = format!("; {test}, seed {seed}\n");
    for call in calls {
        let _ = writeln!(text, "; run: {call}");
    }
    text.push_str(module);
    let path = std::env::temp_dir().join(format!("jitsu-{test}-{seed}.ir"));
    let place = match std::fs::write(&path, &text) {
        Ok(()) => format!("cargo jitsu reduce {0}\ncargo jitsu bisect {0}", path.display()),
        Err(error) => format!("{} cannot be written: {error}", path.display()),
    };
    format!("{place}\n{text}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_where_the_command_says() {
        let told = super::keep("keep", 7, "fn @f() {\nblock0:\n  ret\n}\n", &["@f()".to_owned()]);
        let mut words = told.lines().next().unwrap().split(' ');
        assert_eq!(words.nth(2), Some("reduce"));
        let text = std::fs::read_to_string(words.next().unwrap()).unwrap();
        assert!(text.contains("; run: @f()\nfn @f()") && told.ends_with(&text), "{told}");
    }
}
