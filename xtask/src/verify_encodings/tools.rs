//! The other assemblers: where they are, how they are got, how they are asked.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::UNKNOWN;
use crate::setup;
use crate::sh::{self, Result};

/// Debian's packages; the versions that the lists of differences were made with are 19.1 and 2.40.
const PACKAGES: [&str; 2] = ["llvm-19", "binutils-aarch64-linux-gnu"];

/// All of Armv8.5 and the hints that LLVM names only on request.
const LLVM_FEATURES: &str = "-mattr=+v8.5a,+lse,+crc,+pauth,+bti,+ssbs,+spe";
const GNU_ARCH: &str = "-march=armv8.5-a+crc+profile+sme";

/// The programs.
pub(super) struct Tools {
    llvm_mc: PathBuf,
    gnu_as: PathBuf,
    gnu_objcopy: PathBuf,
    pub(super) llvm_version: String,
    pub(super) gnu_version: String,
}

/// What an assembler made of a line.
#[derive(Clone, Debug)]
pub(super) enum Assembled {
    Word(u32),
    Refused(String),
}

impl Assembled {
    pub(super) fn word(&self) -> Option<u32> {
        match self {
            Assembled::Word(word) => Some(*word),
            Assembled::Refused(_) => None,
        }
    }
}

/// What a program printed.
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Finds the programs; installs the packages if they are missing and this is root on Debian.
pub(super) fn find_or_install() -> Result<Tools> {
    if find().is_none() && sh::find_program("apt-get").is_some() {
        // A failure shows below, with what to do about it.
        let _ = setup::install(&PACKAGES);
    }
    let (llvm_mc, gnu_as, gnu_objcopy) = find().ok_or_else(|| {
        format!(
            "LLVM 19 or GNU as for ARM64 is missing; on Debian or Ubuntu: `apt-get install {}`",
            PACKAGES.join(" ")
        )
    })?;
    let version = |program: &PathBuf, line: usize| {
        let text = sh::output(sh::command(program, &["--version"]))?;
        Ok::<_, String>(text.lines().nth(line).unwrap_or_default().trim().to_owned())
    };
    let (llvm_version, gnu_version) = (version(&llvm_mc, 0)?, version(&gnu_as, 0)?);
    Ok(Tools { llvm_mc, gnu_as, gnu_objcopy, llvm_version, gnu_version })
}

fn find() -> Option<(PathBuf, PathBuf, PathBuf)> {
    let llvm_mc = sh::find_program("llvm-mc-19").or_else(|| {
        let own = PathBuf::from("/usr/lib/llvm-19/bin/llvm-mc");
        own.is_file().then_some(own)
    })?;
    Some((
        llvm_mc,
        sh::find_program("aarch64-linux-gnu-as")?,
        sh::find_program("aarch64-linux-gnu-objcopy")?,
    ))
}

/// Runs a program with this input. That it fails means only that it refused a part of the input.
pub(super) fn pipe(mut command: Command, input: &str) -> Result<Output> {
    let error = |e: std::io::Error| format!("cannot run a tool: {e}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(error)?;
    let mut stdin = child.stdin.take().ok_or("a tool has no input")?;
    // Both ends at once, or the pipes fill up.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that stops reading says why itself.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output()
    });
    let output = output.map_err(error)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output { stdout: text(output.stdout), stderr: text(output.stderr) })
}

impl Tools {
    fn llvm(&self, words: &[&str]) -> Command {
        let mut command = sh::command(&self.llvm_mc, &["-triple=aarch64", LLVM_FEATURES]);
        command.args(words);
        command
    }

    /// LLVM's text of each word.
    pub(super) fn disassemble(&self, words: &[u32], options: &[&str]) -> Result<Vec<String>> {
        let mut input = String::new();
        for word in words {
            let [a, b, c, d] = word.to_le_bytes();
            input.push_str(&format!("0x{a:02x} 0x{b:02x} 0x{c:02x} 0x{d:02x}\n"));
        }
        let mut llvm = self.llvm(&["--disassemble"]);
        llvm.args(options);
        let output = pipe(llvm, &input)?;
        let invalid = messages(&output.stderr, "warning: ");
        let mut texts = output
            .stdout
            .lines()
            .filter(|line| !line.trim_start().starts_with('.') && !line.trim().is_empty());
        let mut all = Vec::with_capacity(words.len());
        for line in 1..=words.len() {
            if invalid.get(&line).is_some_and(|message| message.contains("invalid instruction")) {
                all.push(UNKNOWN.to_owned());
            } else {
                let text = texts.next().ok_or("llvm-mc printed too few lines")?;
                let text = text.split("//").next().unwrap_or_default();
                all.push(text.trim().replace('\t', " "));
            }
        }
        if texts.next().is_some() {
            return Err("llvm-mc printed too many lines".to_owned());
        }
        Ok(all)
    }

    /// The word that LLVM makes of each line; lines that are no instruction are refused without asking.
    pub(super) fn assemble_llvm(&self, lines: &[&str]) -> Result<Vec<Assembled>> {
        let mut input = String::new();
        for line in lines {
            input.push_str(if *line == UNKNOWN { "" } else { line });
            input.push('\n');
        }
        let output = pipe(self.llvm(&["-show-encoding"]), &input)?;
        let refused = messages(&output.stderr, "error: ");
        let mut words = output.stdout.lines().filter_map(encoding);
        let mut all = Vec::with_capacity(lines.len());
        for (i, line) in lines.iter().enumerate() {
            all.push(match (*line, refused.get(&(i + 1))) {
                (UNKNOWN, _) => Assembled::Refused(String::new()),
                (_, Some(message)) => Assembled::Refused(message.clone()),
                (line, None) => {
                    Assembled::Word(words.next().ok_or_else(|| format!("no encoding of `{line}`"))?)
                }
            });
        }
        Ok(all)
    }

    /// The word that GNU as makes of each line; empty lines are refused without asking.
    pub(super) fn assemble_gnu(&self, lines: &[&str]) -> Result<Vec<Assembled>> {
        let dir = sh::root().join("target/verify-encodings");
        std::fs::create_dir_all(&dir)
            .map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
        let (object, binary) = (dir.join("gnu.o"), dir.join("gnu.bin"));
        let mut refused: BTreeMap<usize, String> = BTreeMap::new();
        // An error leaves no output at all: what was refused is left out the second time.
        for _ in 0..2 {
            let mut input = String::new();
            for (i, line) in lines.iter().enumerate() {
                let skip = line.is_empty() || *line == UNKNOWN || refused.contains_key(&(i + 1));
                input.push_str(if skip { ".inst 0" } else { line });
                input.push('\n');
            }
            let mut gnu = sh::command(&self.gnu_as, &[GNU_ARCH, "-o"]);
            gnu.arg(&object).arg("-");
            let output = pipe(gnu, &input)?;
            let errors = messages(&output.stderr, "Error: ");
            if errors.is_empty() {
                break;
            }
            refused.extend(errors);
        }
        let mut objcopy = sh::command(&self.gnu_objcopy, &["-O", "binary", "-j", ".text"]);
        objcopy.arg(&object).arg(&binary);
        sh::output(objcopy)?;
        let bytes =
            std::fs::read(&binary).map_err(|e| format!("cannot read {}: {e}", binary.display()))?;
        if bytes.len() != 4 * lines.len() {
            return Err(format!("GNU as made {} bytes of {} lines", bytes.len(), lines.len()));
        }
        let words = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok(words
            .enumerate()
            .map(|(i, word)| match refused.get(&(i + 1)) {
                Some(message) => Assembled::Refused(message.clone()),
                None => Assembled::Word(word),
            })
            .collect())
    }
}

/// The messages of a kind by line: `<stdin>:12:5: error: text`, `{standard input}:12: Error: text`.
fn messages(stderr: &str, kind: &str) -> BTreeMap<usize, String> {
    let mut all = BTreeMap::new();
    for line in stderr.lines() {
        let Some((place, message)) = line.split_once(kind) else { continue };
        let Some(number) = place.split(':').nth(1).and_then(|number| number.trim().parse().ok())
        else {
            continue;
        };
        all.entry(number).or_insert_with(|| message.to_owned());
    }
    all
}

/// The word in `… // encoding: [0x20,0x04,0x00,0x91]`.
fn encoding(line: &str) -> Option<u32> {
    let (_, bytes) = line.split_once("encoding: [")?;
    let mut word = 0;
    for (i, byte) in bytes.trim_end_matches(']').split(',').enumerate() {
        let byte = u32::from_str_radix(byte.trim().trim_start_matches("0x"), 16).ok()?;
        word |= byte << (8 * i);
    }
    Some(word)
}
