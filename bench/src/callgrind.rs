//! Exact counts of host instructions: a program runs itself under valgrind's callgrind, with counting on in some of its
//! functions only.

use std::error::Error;
use std::fs;
use std::process::Command;

/// Runs this program again with `words` as its arguments. Returns what it printed, and the host instructions of each of
/// `functions`, which are never inlined, with all that they call.
///
/// # Errors
/// If valgrind cannot be started, or the program fails under it.
pub fn counts<const N: usize>(
    words: &[&str],
    functions: [&str; N],
) -> Result<(String, [u64; N]), Box<dyn Error>> {
    let file = std::env::temp_dir().join(format!("jitsu-callgrind-{}", std::process::id()));
    let output = Command::new("valgrind")
        .args(["-q", "--tool=callgrind", "--compress-strings=no"])
        .args(functions.map(|function| format!("--toggle-collect=*{function}*")))
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(words)
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        return Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let counts = inclusive(&fs::read_to_string(&file)?, functions);
    fs::remove_file(&file)?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), counts))
}

/// The inclusive counts of functions in a file of callgrind's. After a line `fn=` come the function's lines of place
/// and count: its own, and after each line `calls=` that of the calls, with all that they lead to.
fn inclusive<const N: usize>(text: &str, functions: [&str; N]) -> [u64; N] {
    let mut counts = [0; N];
    let mut current: Option<usize> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            current = functions.iter().position(|function| name.contains(function));
        } else if let Some(function) = current
            && line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c))
            && let Some(count) = line.split(' ').nth(1)
        {
            counts[function] += count.parse::<u64>().unwrap_or_default();
        }
    }
    counts
}
