//! Running commands: each is shown, timed by its caller, and an error if it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a task returns: an error is a sentence for the person at the terminal.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A command that runs in the root of the workspace.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words).current_dir(root());
    command
}

/// `cargo` with these words.
pub(crate) fn cargo(words: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), words)
}

/// Shows the command, runs it, and fails if it fails.
pub(crate) fn run(mut command: Command) -> Result {
    let shown = show(&command);
    eprintln!("$ {shown}");
    let status = command.status().map_err(|e| format!("`{shown}` did not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

/// Runs the command and returns what it printed to standard output.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("`{shown}` did not start: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{shown}` failed ({})", output.status))
    }
}

/// The numbers that a task's words give to its options, or what stands beside each.
pub(crate) fn numbers<const N: usize>(
    words: &[String],
    options: [(&str, u64); N],
) -> Result<[u64; N]> {
    let (names, mut numbers) = (options.map(|(name, _)| name), options.map(|(_, number)| number));
    for pair in words.chunks(2) {
        let index = names.iter().position(|name| *name == pair[0]);
        let number = pair.get(1).and_then(|word| word.parse().ok());
        let (Some(index), Some(number)) = (index, number) else {
            return Err(format!("known are {}, each with a number", names.join(", ")));
        };
        numbers[index] = number;
    }
    Ok(numbers)
}

/// Makes a folder and those that it is in.
pub(crate) fn folder(path: &Path) -> Result {
    std::fs::create_dir_all(path).map_err(|e| format!("cannot create {}: {e}", path.display()))
}

/// Where a program of this name stands on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut shown = program.to_string_lossy().into_owned();
    for word in command.get_args() {
        shown.push(' ');
        shown.push_str(&word.to_string_lossy());
    }
    shown
}
