//! `cargo run -p testkit --example matrix -- DIR` writes the matrix and the tests of bugs into a folder, to be
//! looked at or run by `jitsu test DIR`.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or("target/matrix".into()));
    std::fs::create_dir_all(&dir)?;
    let files = [testkit::matrix::files(), testkit::bugs::files()].concat();
    for file in &files {
        std::fs::write(dir.join(&file.name), &file.text)?;
    }
    let lines: usize = files.iter().map(|file| file.text.matches("; run:").count()).sum();
    println!("{}: {} files, {lines} run lines", dir.display(), files.len());
    Ok(())
}
